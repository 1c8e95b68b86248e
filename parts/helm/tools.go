//go:build tools

// Package helm pins the real helm, against which charts are compared.
package helm

import _ "helm.sh/helm/v4/cmd/helm"

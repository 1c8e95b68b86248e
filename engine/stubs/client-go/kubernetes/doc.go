// Package kubernetes is imported by Helm for its module's version alone, which tells the default Kubernetes version.
package kubernetes

//go:build tools

// Package registry names the command that parts/build.ts builds, so that go.mod and go.sum cover exactly its imports.
package registry

import _ "github.com/distribution/distribution/v3/cmd/registry"

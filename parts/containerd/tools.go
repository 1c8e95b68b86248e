//go:build tools

// Package containerd names the commands that parts/build.ts builds, so that go.mod and go.sum cover exactly their imports.
package containerd

import (
	_ "github.com/containerd/containerd/v2/cmd/containerd"
	_ "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"
	_ "github.com/containerd/containerd/v2/cmd/ctr"
)

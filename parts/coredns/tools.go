//go:build tools

// Package coredns names the command that parts/build.ts builds, so that go.mod and go.sum cover exactly its imports.
package coredns

import _ "github.com/coredns/coredns"

//go:build tools

// Package etcd names the command that parts/build.ts builds, so that go.mod and go.sum cover exactly its imports.
package etcd

import _ "go.etcd.io/etcd/server/v3"

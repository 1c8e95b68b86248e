//go:build tools

// Package etcdutl names the command that parts/build.ts builds, so that go.mod and go.sum cover exactly its imports.
package etcdutl

import _ "go.etcd.io/etcd/etcdutl/v3"

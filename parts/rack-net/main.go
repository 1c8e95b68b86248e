// Command rack-net is the pod network of a rack: the few duties of flannel's daemon and of its CNI plugin that simulated
// machines on one switch need. Which of the two it is follows from the name it is started by, as with busybox.
//
//	flanneld   routes to the other nodes' pods, masquerading, and what the CNI plugins read
//	flannel    the CNI plugin: hands over to bridge and host-local with this node's pod network
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Set when it is built: the version of flannel whose place it takes.
var version = "unknown"

func main() {
	if filepath.Base(os.Args[0]) == "flannel" {
		os.Exit(runPlugin(os.Stdin, os.Stdout, os.Getenv))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	options, err := parseOptions(os.Args[1:])
	if err != nil {
		os.Exit(2) // the flag package has said why
	}
	if options.version {
		fmt.Printf("rack-net in place of flannel %s\n", version)
		return
	}
	if err := runDaemon(ctx, options); err != nil && ctx.Err() == nil {
		say("%v", err)
		os.Exit(1)
	}
}

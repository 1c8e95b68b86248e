package main

import "runtime/debug"

// A request lasts milliseconds and leaves a few megabytes behind: collecting seldom is cheaper, up to where memory gets dear.
func init() {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(256 << 20)
}

// Package rest has the name of a connection that this engine never makes.
package rest

// Config stands for how to reach a cluster; there is none to reach from here.
type Config struct{}

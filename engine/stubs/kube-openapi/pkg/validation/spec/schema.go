// Package spec has the schema of one value as far as kyaml mentions it; the engine never gives it one.
package spec

// Schema of one value.
type Schema struct {
	Type   []string
	Format string
}

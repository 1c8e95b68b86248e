// Package v1 has the types that appear in the questions of a template's lookup.
package v1

// GetOptions has no options that a template can set.
type GetOptions struct{}

// ListOptions has no options that a template can set.
type ListOptions struct{}

// APIResource is a kind that a cluster serves.
type APIResource struct {
	Name, Group, Version, Kind string
	Namespaced                 bool
}

// APIResourceList holds the kinds of one API version.
type APIResourceList struct{ APIResources []APIResource }

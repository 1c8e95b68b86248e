// Package schema has the names of API versions and kinds.
package schema

import "strings"

// GroupVersion is an API version: "apps/v1", or "v1" where the group is empty.
type GroupVersion struct{ Group, Version string }

func (gv GroupVersion) String() string {
	if gv.Group == "" {
		return gv.Version
	}
	return gv.Group + "/" + gv.Version
}

// GroupVersionKind names a kind.
type GroupVersionKind struct{ Group, Version, Kind string }

// GroupVersion of the kind.
func (gvk GroupVersionKind) GroupVersion() GroupVersion {
	return GroupVersion{Group: gvk.Group, Version: gvk.Version}
}

func (gvk GroupVersionKind) String() string {
	return gvk.Group + "/" + gvk.Version + ", Kind=" + gvk.Kind
}

// GroupVersionResource names a kind as it stands in addresses.
type GroupVersionResource struct{ Group, Version, Resource string }

// FromAPIVersionAndKind reads "apps/v1"; what has more than one slash has neither group nor version.
func FromAPIVersionAndKind(apiVersion, kind string) GroupVersionKind {
	group, version, found := strings.Cut(apiVersion, "/")
	switch {
	case !found:
		return GroupVersionKind{Version: apiVersion, Kind: kind}
	case strings.Contains(version, "/"), apiVersion == "/":
		return GroupVersionKind{Kind: kind}
	}
	return GroupVersionKind{Group: group, Version: version, Kind: kind}
}

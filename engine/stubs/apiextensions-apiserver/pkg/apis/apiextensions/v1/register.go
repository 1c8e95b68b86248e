// Package v1 adds the API version that CustomResourceDefinitions have.
package v1

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// AddToScheme registers the version; the types themselves are not needed to render.
func AddToScheme(registry *scheme.Registry) {
	registry.Add(schema.GroupVersion{Group: "apiextensions.k8s.io", Version: "v1"})
}

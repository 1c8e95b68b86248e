// Package dynamic has the two questions that templates ask a cluster: one object, and all objects.
package dynamic

import (
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// ResourceInterface answers for one kind, in one namespace or in all.
type ResourceInterface interface {
	Get(ctx context.Context, name string, options metav1.GetOptions, subresources ...string) (*unstructured.Unstructured, error)
	List(ctx context.Context, options metav1.ListOptions) (*unstructured.UnstructuredList, error)
}

// NamespaceableResourceInterface answers for one kind and can be narrowed to a namespace.
type NamespaceableResourceInterface interface {
	ResourceInterface
	Namespace(namespace string) ResourceInterface
}

// Client is what the engine's own client provider is used instead of.
type Client struct{}

// Resource would choose a kind.
func (*Client) Resource(schema.GroupVersionResource) NamespaceableResourceInterface { return nil }

// NewForConfig always fails: a cluster is asked by whoever runs the engine.
func NewForConfig(*rest.Config) (*Client, error) {
	return nil, errors.New("the engine has no connection to a cluster")
}

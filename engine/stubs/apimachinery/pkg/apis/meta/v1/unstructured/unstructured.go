// Package unstructured holds what a lookup found, as templates see it.
package unstructured

// Unstructured is one object.
type Unstructured struct{ Object map[string]any }

// UnstructuredContent is the object itself.
func (u *Unstructured) UnstructuredContent() map[string]any { return u.Object }

// UnstructuredList is a list as the cluster answers it, its items inside.
type UnstructuredList struct{ Object map[string]any }

// UnstructuredContent is the list itself.
func (u *UnstructuredList) UnstructuredContent() map[string]any { return u.Object }

package main

import (
	"encoding"
	"reflect"
	"slices"
	"strings"

	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/types/v1alpha1"
	"go.yaml.in/yaml/v4"
)

type fieldsRequest struct {
	// Kind of a document; empty for the one without a kind.
	Kind string `json:"kind"`
}

// field is one YAML path of a document kind; list items are "[]", keys of maps "*".
type field struct {
	Path string `json:"path"`
	// Merge says how a strategic merge treats it: scalar, bool, plain-bool, pointer-scalar, list, replaced, custom, map, struct.
	Merge string `json:"merge"`
}

// listFields walks the Go type that Talos registers for a kind.
func listFields(request fieldsRequest) (any, error) {
	var document any = &v1alpha1.Config{}

	if request.Kind != "" {
		provider, err := configloader.NewFromBytes([]byte("apiVersion: v1alpha1\nkind: " + request.Kind + "\n"))
		if err != nil {
			return nil, err
		}

		document = provider.Documents()[0]
	}

	fields := []field{}
	walk(reflect.TypeOf(document).Elem(), "", nil, func(path, merge string) {
		fields = append(fields, field{Path: path, Merge: merge})
	})

	return fields, nil
}

var (
	yamlMarshaler = reflect.TypeFor[yaml.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	merger        = reflect.TypeFor[interface{ Merge(other any) error }]()
	unstructured  = reflect.TypeFor[v1alpha1.Unstructured]()
)

func walk(structType reflect.Type, prefix string, seen []reflect.Type, visit func(path, merge string)) {
	if slices.Contains(seen, structType) {
		return
	}

	seen = append(slices.Clone(seen), structType)

	for i := range structType.NumField() {
		member := structType.Field(i)

		name, options, _ := strings.Cut(member.Tag.Get("yaml"), ",")
		if name == "-" || !member.IsExported() {
			continue
		}

		if name == "" && strings.Contains(options, "inline") {
			walk(pointee(member.Type), prefix, seen, visit)

			continue
		}

		if name == "" {
			name = strings.ToLower(member.Name)
		}

		isReplaced := strings.Contains(member.Tag.Get("merge"), "replace")
		walkType(member.Type, strings.TrimPrefix(prefix+"."+name, "."), isReplaced, seen, visit)
	}
}

func walkType(of reflect.Type, path string, isReplaced bool, seen []reflect.Type, visit func(path, merge string)) {
	inner := pointee(of)
	merge := mergeKind(of, inner, isReplaced)
	visit(path, merge)

	switch {
	case isScalar(inner) || inner == unstructured:
	case inner.Kind() == reflect.Struct:
		walk(inner, path, seen, visit)
	case inner.Kind() == reflect.Slice:
		walkType(inner.Elem(), path+".[]", false, seen, visit)
	case inner.Kind() == reflect.Map && inner.Elem().Kind() != reflect.Interface:
		walkType(inner.Elem(), path+".*", false, seen, visit)
	}
}

func mergeKind(of, inner reflect.Type, isReplaced bool) string {
	isPointer := of.Kind() == reflect.Pointer

	switch {
	case isReplaced:
		return "replaced"
	case reflect.PointerTo(inner).Implements(merger):
		return "custom"
	case inner.Kind() == reflect.Bool && !isPointer:
		return "plain-bool"
	case inner.Kind() == reflect.Bool:
		return "bool"
	case isScalar(inner) && isPointer && isBasic(inner):
		return "pointer-scalar"
	case isScalar(inner):
		return "scalar"
	case inner.Kind() == reflect.Slice:
		return "list"
	case inner.Kind() == reflect.Map || inner == unstructured:
		return "map"
	default:
		return "struct"
	}
}

// isScalar tells types that YAML shows as one value.
func isScalar(of reflect.Type) bool {
	if of == unstructured {
		return false
	}

	switch of.Kind() { //nolint:exhaustive
	case reflect.Struct:
		pointer := reflect.PointerTo(of)

		return pointer.Implements(textMarshaler) || pointer.Implements(yamlMarshaler) && !hasYAMLFields(of)
	case reflect.Slice:
		return of.Elem().Kind() == reflect.Uint8
	case reflect.Map:
		return false
	default:
		return true
	}
}

// isBasic tells numbers and texts that YAML shows as they are; of other types no text means zero.
func isBasic(of reflect.Type) bool {
	pointer := reflect.PointerTo(of)

	return of.Kind() != reflect.Struct && !pointer.Implements(textMarshaler) && !pointer.Implements(yamlMarshaler)
}

func hasYAMLFields(of reflect.Type) bool {
	for i := range of.NumField() {
		if of.Field(i).Tag.Get("yaml") != "" {
			return true
		}
	}

	return false
}

func pointee(of reflect.Type) reflect.Type {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}

	return of
}

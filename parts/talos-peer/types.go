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

// listTypes gives the Go type of every YAML path of a document kind, as Talos' decoder names it in its errors; types that read
// themselves have a "!" in front. List items are "[]", keys of maps "*"; the document itself is "".
func listTypes(request fieldsRequest) (any, error) {
	var document any = &v1alpha1.Config{}

	if request.Kind != "" {
		provider, err := configloader.NewFromBytes([]byte("apiVersion: v1alpha1\nkind: " + request.Kind + "\n"))
		if err != nil {
			return nil, err
		}

		document = provider.Documents()[0]
	}

	types := map[string]string{"": reflect.TypeOf(document).Elem().String()}
	typeFields(reflect.TypeOf(document).Elem(), "", nil, types)

	return types, nil
}

var (
	yamlUnmarshaler = reflect.TypeFor[yaml.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func typeFields(structType reflect.Type, prefix string, seen []reflect.Type, types map[string]string) {
	if slices.Contains(seen, structType) {
		return
	}

	seen = append(slices.Clone(seen), structType)

	for i := range structType.NumField() {
		member := structType.Field(i)

		name, options, _ := strings.Cut(member.Tag.Get("yaml"), ",")

		switch {
		case name == "-" || !member.IsExported():
		case strings.Contains(options, "inline") && pointee(member.Type).Kind() == reflect.Map:
			types[prefix+".*"] = pointee(member.Type).Elem().String()
		case name == "" && strings.Contains(options, "inline"):
			typeFields(pointee(member.Type), prefix, seen, types)
		default:
			if name == "" {
				name = strings.ToLower(member.Name)
			}

			typeOf(member.Type, strings.TrimPrefix(prefix+"."+name, "."), seen, types)
		}
	}
}

func typeOf(of reflect.Type, path string, seen []reflect.Type, types map[string]string) {
	inner := pointee(of)
	pointer := reflect.PointerTo(inner)

	if pointer.Implements(yamlUnmarshaler) || pointer.Implements(textUnmarshaler) {
		types[path] = "!" + inner.String()
	} else {
		types[path] = inner.String()
	}

	switch inner.Kind() {
	case reflect.Struct:
		typeFields(inner, path, seen, types)
	case reflect.Slice:
		if inner.Elem().Kind() != reflect.Uint8 {
			typeOf(inner.Elem(), path+".[]", seen, types)
		}
	case reflect.Map:
		if inner.Elem().Kind() != reflect.Interface {
			typeOf(inner.Elem(), path+".*", seen, types)
		}
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"text/template"

	"github.com/BurntSushi/toml"
	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
	yamlv3 "sigs.k8s.io/yaml/goyaml.v3"
)

type templateRequest struct {
	Name, Text string
	Data       json.RawMessage
	// A package's definition, for `.Pkg`; nil: templates have none.
	Package *zarfPackage
}

// runGoTemplate runs a template with the functions and the strictness of Zarf's.
func runGoTemplate(request templateRequest, _ attachment) (any, []byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(request.Data))
	decoder.UseNumber()
	var data map[string]any
	if err := decoder.Decode(&data); err != nil {
		return nil, nil, err
	}
	if request.Package != nil {
		data["Pkg"] = *request.Package
	}
	parsed, err := template.New(request.Name).Option("missingkey=error").Funcs(templateFunctions()).Parse(request.Text)
	if err != nil {
		return nil, nil, tell("template", err)
	}
	var out strings.Builder
	if err := parsed.Execute(&out, withWholeNumbers(data)); err != nil {
		return nil, nil, tell("template", err)
	}
	return out.String(), nil, nil
}

func templateFunctions() template.FuncMap {
	functions := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(functions, name)
	}
	maps.Copy(functions, template.FuncMap{
		"toYaml":       func(value any) string { return orEmpty(asYAML(value)) },
		"mustToYaml":   asYAML,
		"toYamlPretty": func(value any) string { return orEmpty(asPrettyYAML(value)) },
		"fromYaml": func(text string) map[string]any {
			return objectFrom(text, func(b []byte, v any) error { return yaml.Unmarshal(b, v) })
		},
		"fromYamlArray": func(text string) []any {
			return arrayFrom(text, func(b []byte, v any) error { return yaml.Unmarshal(b, v) })
		},
		"toJson":        func(value any) string { return orEmpty(asJSON(value)) },
		"mustToJson":    asJSON,
		"fromJson":      func(text string) map[string]any { return objectFrom(text, json.Unmarshal) },
		"fromJsonArray": func(text string) []any { return arrayFrom(text, json.Unmarshal) },
		"toToml":        asTOML,
		"fromToml":      func(text string) map[string]any { return objectFrom(text, toml.Unmarshal) },
	})
	return functions
}

func asYAML(value any) (string, error) {
	text, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(text), "\n"), err
}

func asPrettyYAML(value any) (string, error) {
	var text strings.Builder
	encoder := yamlv3.NewEncoder(&text)
	encoder.SetIndent(2)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

func asJSON(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}

// asTOML gives the error as text, as Helm's does.
func asTOML(value any) string {
	var text strings.Builder
	if err := toml.NewEncoder(&text).Encode(value); err != nil {
		return err.Error()
	}
	return text.String()
}

// orEmpty is for functions that never fail.
func orEmpty(text string, err error) string {
	if err != nil {
		return ""
	}
	return text
}

type unmarshal = func([]byte, any) error

// objectFrom puts an error into the object, under "Error".
func objectFrom(text string, read unmarshal) map[string]any {
	object := map[string]any{}
	if err := read([]byte(text), &object); err != nil {
		object["Error"] = err.Error()
	}
	return object
}

// arrayFrom puts an error into the array, as its only item.
func arrayFrom(text string, read unmarshal) []any {
	array := []any{}
	if err := read([]byte(text), &array); err != nil {
		return []any{err.Error()}
	}
	return array
}

type matchRequest struct{ Pattern, Value string }

func matchesPattern(request matchRequest, _ attachment) (any, []byte, error) {
	pattern, err := regexp.Compile(request.Pattern)
	if err != nil {
		return nil, nil, tell("pattern", err)
	}
	return pattern.MatchString(request.Value), nil, nil
}

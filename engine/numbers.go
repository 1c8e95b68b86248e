package main

import "encoding/json"

// withWholeNumbers replaces numbers in place: int64 where they have no fraction, as Kubernetes reads them, so that templates print
// 1000000 and not 1e+06.
func withWholeNumbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, item := range value {
			value[key] = withWholeNumbers(item)
		}
	case []any:
		for i, item := range value {
			value[i] = withWholeNumbers(item)
		}
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		fraction, _ := value.Float64()
		return fraction
	}
	return value
}

// Package version reads versions of Kubernetes as loosely as the real one does; tests hold it against the real helm.
package version

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is the numbers at the start of a version; what follows them ("-gke.1245000") is dropped.
type Version struct{ numbers []uint64 }

// ParseGeneric reads two or more numbers with dots between them, after an optional "v".
func ParseGeneric(text string) (*Version, error) {
	digits := strings.TrimPrefix(strings.TrimLeft(text, "\t\n\f\r "), "v")
	end := 0
	for end < len(digits) && (isDigit(digits[end]) || digits[end] == '.' && end > 0 && end+1 < len(digits) && isDigit(digits[end+1])) {
		end++
	}
	if end == 0 || strings.Contains(digits[end:], "\n") {
		return nil, fmt.Errorf("could not parse %q as version", text)
	}
	parts := strings.Split(digits[:end], ".")
	if len(parts) < 2 {
		return nil, fmt.Errorf("illegal version string %q", text)
	}
	if parts[0] != "0" && strings.HasPrefix(parts[0], "0") {
		return nil, fmt.Errorf("illegal zero-prefixed version component %q in %q", parts[0], text)
	}
	version := &Version{}
	for _, part := range parts {
		number, err := strconv.ParseUint(part, 10, 0)
		if err != nil {
			return nil, fmt.Errorf("illegal non-numeric version component %q in %q: %v", part, text, err)
		}
		version.numbers = append(version.numbers, number)
	}
	return version, nil
}

func isDigit(char byte) bool { return '0' <= char && char <= '9' }

// Major is the first number.
func (v *Version) Major() uint { return uint(v.numbers[0]) }

// Minor is the second number.
func (v *Version) Minor() uint { return uint(v.numbers[1]) }

// String joins the numbers with dots.
func (v *Version) String() string {
	parts := make([]string, len(v.numbers))
	for i, number := range v.numbers {
		parts[i] = strconv.FormatUint(number, 10)
	}
	return strings.Join(parts, ".")
}

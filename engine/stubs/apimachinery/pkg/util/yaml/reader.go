// Package yaml takes a stream of YAML documents apart as the real one does; tests hold it against the real helm.
package yaml

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// YAMLReader gives one document after the other.
type YAMLReader struct{ lines *bufio.Reader }

// NewYAMLReader reads documents from lines.
func NewYAMLReader(lines *bufio.Reader) *YAMLReader { return &YAMLReader{lines: lines} }

// Read gives the next document with line ends of one LF each, and io.EOF after the last. A document ends before the next
// line that starts with "---"; such a line at its own start belongs to it. Only a comment may follow on that line.
func (r *YAMLReader) Read() ([]byte, error) {
	var document bytes.Buffer
	for {
		line, err := r.lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		ended := err != nil
		line = withoutLineEnd(line)
		if rest, found := bytes.CutPrefix(line, []byte("---")); found {
			rest = bytes.TrimSpace(rest)
			if len(rest) > 0 && rest[0] != '#' {
				return nil, fmt.Errorf("invalid Yaml document separator: %s", rest)
			}
			if document.Len() > 0 {
				return document.Bytes(), nil
			}
		}
		if ended && len(line) == 0 {
			if document.Len() > 0 {
				return document.Bytes(), nil
			}
			return nil, io.EOF
		}
		document.Write(line)
		document.WriteByte('\n')
	}
}

func withoutLineEnd(line []byte) []byte {
	shorter, found := bytes.CutSuffix(line, []byte("\n"))
	if !found {
		return line
	}
	return bytes.TrimSuffix(shorter, []byte("\r"))
}

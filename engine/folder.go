package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/ignore"
)

// folder gives the files in the order in which Helm walks a folder, without what .helmignore names.
func (s chartSource) folder(attached attachment) ([]*archive.BufferedFile, error) {
	if len(s.Files) > maxEntries {
		return nil, tell("size", fmt.Errorf("the chart has more than %d files", maxEntries))
	}
	rules := ignore.Empty()
	files := make([]*archive.BufferedFile, 0, len(s.Files))
	var total int
	for _, file := range s.Files {
		if !fs.ValidPath(file.Name) || strings.Contains(file.Name, `\`) {
			return nil, tell("chart", fmt.Errorf("%q is not a path below the chart's folder", file.Name))
		}
		data, err := attached.cut(file.At)
		if err != nil {
			return nil, err
		}
		if total += len(data); total > maxUnpackedBytes {
			return nil, tell("size", fmt.Errorf("the chart is larger than %d MiB", maxUnpackedBytes>>20))
		}
		if file.Name == ignore.HelmIgnore {
			if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
				return nil, tell("chart", err)
			}
		}
		files = append(files, &archive.BufferedFile{Name: file.Name, Data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))})
	}
	if err := checkVersion(files); err != nil {
		return nil, tell("chart", err)
	}
	rules.AddDefaults()
	kept := slices.DeleteFunc(files, func(file *archive.BufferedFile) bool { return isIgnored(rules, file.Name) })
	slices.SortFunc(kept, func(a, b *archive.BufferedFile) int {
		return slices.Compare(strings.Split(a.Name, "/"), strings.Split(b.Name, "/"))
	})
	return kept, nil
}

// isIgnored asks for every folder above a file too, as a walk from the top does.
func isIgnored(rules *ignore.Rules, name string) bool {
	for i, char := range name {
		if char == '/' && rules.Ignore(name[:i], entry{name: path.Base(name[:i]), mode: fs.ModeDir}) {
			return true
		}
	}
	return rules.Ignore(name, entry{name: path.Base(name)})
}

// entry is what the rules want to know of a file.
type entry struct {
	name string
	mode fs.FileMode
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return 0 }
func (e entry) Mode() fs.FileMode  { return e.mode }
func (e entry) ModTime() time.Time { return time.Time{} }
func (e entry) IsDir() bool        { return e.mode.IsDir() }
func (e entry) Sys() any           { return nil }

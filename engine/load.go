package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"sigs.k8s.io/yaml"
)

const (
	// A chart must fit into a Secret of 1 MiB; fifty times as much, unpacked, is far from anything real.
	maxUnpackedBytes = 50 << 20
	maxEntries       = 10_000
)

func init() { archive.MaxDecompressedChartSize = maxUnpackedBytes }

// chartSource is an archive, or the files of a folder.
type chartSource struct {
	Archive *piece
	Files   []struct {
		Name string
		At   piece
	}
}

// load reads a chart as Helm reads an archive or a folder.
func (s chartSource) load(attached attachment) (*chart.Chart, error) {
	files, err := s.read(attached)
	if err != nil {
		return nil, err
	}
	loaded, err := loader.LoadFiles(files)
	return loaded, tell("chart", err)
}

func (s chartSource) read(attached attachment) ([]*archive.BufferedFile, error) {
	if s.Archive == nil {
		return s.folder(attached)
	}
	packed, err := attached.cut(*s.Archive)
	if err != nil {
		return nil, err
	}
	if err := checkArchive(packed); err != nil {
		return nil, err
	}
	files, err := archive.LoadArchiveFiles(bytes.NewReader(packed))
	if err != nil {
		return nil, tell("chart", fmt.Errorf("unable to load chart archive: %w", err))
	}
	return files, tell("chart", checkVersion(files))
}

// checkArchive looks at the entries alone. Helm reads a link as an empty file, which would render something else than meant.
func checkArchive(packed []byte) error {
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return tell("chart", fmt.Errorf("stream does not appear to be a valid chart file (details: %w)", err))
	}
	limited := &io.LimitedReader{R: unpacked, N: maxUnpackedBytes + maxEntries*2048}
	entries := tar.NewReader(limited)
	for count := 0; ; count++ {
		entry, err := entries.Next()
		if limited.N <= 0 {
			return tell("size", fmt.Errorf("the chart unpacks to more than %d MiB", maxUnpackedBytes>>20))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return tell("chart", fmt.Errorf("unable to load chart archive: %w", err))
		}
		if count >= maxEntries {
			return tell("size", fmt.Errorf("the chart has more than %d entries", maxEntries))
		}
		switch entry.Typeflag {
		case tar.TypeReg, tar.TypeDir, tar.TypeXGlobalHeader, tar.TypeXHeader:
		default:
			return tell("chart", fmt.Errorf("the chart's entry %q is neither a file nor a folder", entry.Name))
		}
	}
}

// checkVersion tells the charts that Helm 4 installs from those to come.
func checkVersion(files []*archive.BufferedFile) error {
	for _, file := range files {
		if file.Name != "Chart.yaml" {
			continue
		}
		var head struct {
			APIVersion string `json:"apiVersion"`
		}
		if err := yaml.Unmarshal(file.Data, &head); err != nil {
			return fmt.Errorf("cannot load Chart.yaml: %w", err)
		}
		switch head.APIVersion {
		case "", chart.APIVersionV1, chart.APIVersionV2:
			return nil
		case "v3":
			return errors.New("invalid chart apiVersion")
		}
		return errors.New("unsupported chart version")
	}
	return errors.New("unable to detect chart version, no Chart.yaml found")
}

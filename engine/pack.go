package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"sigs.k8s.io/yaml"
)

// gzipExtra and gzipComment mark the archives that Helm writes.
var gzipExtra = []byte("rr\x28\x00aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=")

const gzipComment = "Helm"

// packTime is every file's, so that the same files give the same bytes.
var packTime = time.Unix(0, 0).UTC()

type packRequest struct {
	Chart               chartSource
	Version, AppVersion string
}

// packChart gives the bytes that `helm package` writes when SOURCE_DATE_EPOCH is 0; subcharts come in the order of their names.
func packChart(request packRequest, attached attachment) (any, []byte, error) {
	loaded, err := request.Chart.load(attached)
	if err != nil {
		return nil, nil, err
	}
	if request.Version != "" {
		loaded.Metadata.Version = request.Version
	}
	if request.AppVersion != "" {
		loaded.Metadata.AppVersion = request.AppVersion
	}
	if _, err := semver.NewVersion(loaded.Metadata.Version); err != nil {
		return nil, nil, tell("chart", err)
	}
	loaded.StampModTimes(packTime)
	if err := checkDependencies(loaded); err != nil {
		return nil, nil, tell("chart", err)
	}
	if err := loaded.Validate(); err != nil {
		return nil, nil, tell("chart", fmt.Errorf("failed to save: chart validation: %w", err))
	}
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	zipped.Extra, zipped.Comment = gzipExtra, gzipComment
	files := tar.NewWriter(zipped)
	if err := writeChart(files, loaded, ""); err != nil {
		return nil, nil, tell("chart", fmt.Errorf("failed to save: %w", err))
	}
	if err := errors.Join(files.Close(), zipped.Close()); err != nil {
		return nil, nil, err
	}
	return describe(loaded), packed.Bytes(), nil
}

func writeChart(out *tar.Writer, one *chart.Chart, above string) error {
	if one.Name() != path.Base(one.Name()) {
		return common.ErrInvalidChartName{Name: one.Name()}
	}
	folder := path.Join(above, one.Name())
	head, err := chartYAML(*one.Metadata)
	if err != nil {
		return err
	}
	files := []*common.File{{Name: "Chart.yaml", Data: head}}
	if one.Metadata.APIVersion == chart.APIVersionV2 && one.Lock != nil {
		lock, err := yaml.Marshal(one.Lock)
		if err != nil {
			return err
		}
		files = append(files, &common.File{Name: "Chart.lock", Data: lock})
	}
	for _, file := range one.Raw {
		if file.Name == "values.yaml" {
			files = append(files, file)
		}
	}
	if one.Schema != nil {
		if !json.Valid(one.Schema) {
			return errors.New("invalid JSON in values.schema.json")
		}
		files = append(files, &common.File{Name: "values.schema.json", Data: one.Schema})
	}
	for _, file := range slices.Concat(files, one.Templates, one.Files) {
		if err := writeFile(out, path.Join(folder, file.Name), file.Data); err != nil {
			return err
		}
	}
	subcharts := slices.Clone(one.Dependencies())
	slices.SortFunc(subcharts, func(a, b *chart.Chart) int { return strings.Compare(a.Name(), b.Name()) })
	for _, subchart := range subcharts {
		if err := writeChart(out, subchart, path.Join(folder, "charts")); err != nil {
			return err
		}
	}
	return nil
}

// chartYAML leaves dependencies out of a chart of v1, which has them in requirements.yaml.
func chartYAML(meta chart.Metadata) ([]byte, error) {
	if meta.APIVersion == chart.APIVersionV1 {
		meta.Dependencies = nil
	}
	return yaml.Marshal(meta)
}

func writeFile(out *tar.Writer, name string, data []byte) error {
	header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), ModTime: packTime}
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	_, err := out.Write(data)
	return err
}

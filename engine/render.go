package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	chartapi "helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

type renderRequest struct {
	Chart       chartSource
	Values      map[string]any
	ValuesFiles []struct{ Name, Text string }
	Release     struct {
		Name, Namespace      string
		Revision             int
		IsInstall, IsUpgrade bool
	}
	Capabilities capabilitiesRequest
	// Nil: lookups find nothing and are not reported.
	Answers              []lookupAnswer
	HasLookup            bool
	PostRender           bool
	SkipSchemaValidation bool
}

type crd struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

type rendered struct {
	// What lookups asked beyond the answers given; when there is any, nothing else is told.
	Asked []query `json:"asked,omitempty"`
	// Documents for the post-renderer; Objects is then still to come.
	Merged  *string      `json:"merged,omitempty"`
	Objects *sortedFiles `json:"objects,omitempty"`
	CRDs    []crd        `json:"crds"`
	Notes   string       `json:"notes"`
	Info    chartInfo    `json:"info"`
	// The attachment holds the chart and then the values, as a release records them.
	ChartLength int `json:"chartLength"`
}

// render does what Helm's install and upgrade do before they meet the cluster, in their order and with their messages.
func render(request renderRequest, attached attachment) (any, []byte, error) {
	loaded, err := request.Chart.load(attached)
	if err != nil {
		return nil, nil, err
	}
	info := describe(loaded)
	values, err := request.userValues()
	if err != nil {
		return nil, nil, err
	}
	if err := checkInstallable(loaded); err != nil {
		return nil, nil, tell("chart", err)
	}
	if err := chartutil.ValidateReleaseName(request.Release.Name); err != nil {
		return nil, nil, tell("release", fmt.Errorf("release name check failed: release name %q: %w", request.Release.Name, err))
	}
	if err := chartutil.ProcessDependencies(loaded, values); err != nil {
		return nil, nil, tell("chart", fmt.Errorf("chart dependencies processing failed: %w", err))
	}
	files, asked, err := request.files(loaded, values)
	if err != nil || len(asked) > 0 {
		if told, ok := errors.AsType[*told](err); ok {
			told.asked = asked
		}
		return rendered{Asked: asked}, nil, err
	}
	out := rendered{Notes: takeNotes(loaded, files), Info: info, CRDs: []crd{}}
	for _, object := range loaded.CRDObjects() {
		out.CRDs = append(out.CRDs, crd{Name: object.Filename, Text: string(object.File.Data)})
	}
	if request.PostRender {
		merged, err := mergeForPostRender(files)
		if err != nil {
			return nil, nil, tell("manifest", fmt.Errorf("error merging manifests: %w", err))
		}
		out.Merged = &merged
	} else if out.Objects, err = sortFiles(files); err != nil {
		return nil, nil, err
	}
	chartText, err := json.Marshal(loaded)
	if err != nil {
		return nil, nil, err
	}
	out.ChartLength = len(chartText)
	valuesText, err := json.Marshal(values)
	return out, append(chartText, valuesText...), err
}

func (request renderRequest) userValues() (map[string]any, error) {
	values := map[string]any{}
	for _, file := range request.ValuesFiles {
		parsed, err := loader.LoadValues(strings.NewReader(file.Text))
		if err != nil {
			return nil, tell("values", fmt.Errorf("failed to parse %s: %w", file.Name, err))
		}
		values = loader.MergeMaps(values, parsed)
	}
	return loader.MergeMaps(values, request.Values), nil
}

// checkInstallable refuses libraries and charts whose dependencies are not inside.
func checkInstallable(loaded *chart.Chart) error {
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return fmt.Errorf("%s charts are not installable", kind)
	}
	if loaded.Metadata.Deprecated {
		hear("this chart is deprecated")
	}
	if err := checkDependencies(loaded); err != nil {
		return fmt.Errorf("an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies: %w", err)
	}
	return nil
}

func checkDependencies(loaded *chart.Chart) error {
	inside := map[string]bool{}
	for _, dependency := range loaded.Dependencies() {
		inside[dependency.Name()] = true
	}
	var missing []string
	for _, wanted := range loaded.Metadata.Dependencies {
		if !inside[wanted.Name] {
			missing = append(missing, wanted.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("found in Chart.yaml, but missing in charts/ directory: %s", strings.Join(missing, ", "))
	}
	return nil
}

// files renders every template; asked is what lookups wanted and no answer was given for.
func (request renderRequest) files(loaded *chart.Chart, values map[string]any) (map[string]string, []query, error) {
	capabilities, err := request.Capabilities.read()
	if err != nil {
		return nil, nil, err
	}
	options := common.ReleaseOptions{
		Name: request.Release.Name, Namespace: request.Release.Namespace, Revision: request.Release.Revision,
		IsInstall: request.Release.IsInstall, IsUpgrade: request.Release.IsUpgrade,
	}
	top, err := util.ToRenderValuesWithSchemaValidation(loaded, values, options, capabilities, request.SkipSchemaValidation)
	if err != nil {
		return nil, nil, tell("schema", err)
	}
	if wanted := loaded.Metadata.KubeVersion; wanted != "" && !chartutil.IsCompatibleRange(wanted, capabilities.KubeVersion.String()) {
		return nil, nil, tell("chart", fmt.Errorf("chart requires kubeVersion: %s which is incompatible with Kubernetes %s", wanted, capabilities.KubeVersion.Version))
	}
	if !request.HasLookup {
		files, err := engine.Render(loaded, top)
		return files, nil, tell("template", err)
	}
	desk := newLookupDesk(request.Answers)
	files, err := engine.RenderWithClientProvider(loaded, top, desk)
	return files, desk.asked, tell("template", err)
}

const notesName = "NOTES.txt"

// takeNotes removes all notes from files and gives those of the chart itself, not of its subcharts.
func takeNotes(loaded chartapi.Charter, files map[string]string) string {
	notes := ""
	for name, text := range files {
		if !strings.HasSuffix(name, notesName) {
			continue
		}
		if name == path.Join(loaded.(*chart.Chart).Name(), "templates", notesName) {
			notes = text
		}
		delete(files, name)
	}
	return notes
}

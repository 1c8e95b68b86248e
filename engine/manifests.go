package main

import (
	"fmt"
	"strings"

	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// sortedFiles is what a release records.
type sortedFiles struct {
	Manifest string          `json:"manifest"`
	Hooks    []*release.Hook `json:"hooks"`
}

func sortFiles(files map[string]string) (*sortedFiles, error) {
	hooks, objects, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, tell("manifest", err)
	}
	var manifest strings.Builder
	for _, object := range objects {
		fmt.Fprintf(&manifest, "---\n# Source: %s\n%s\n", object.Name, object.Content)
	}
	if hooks == nil {
		hooks = []*release.Hook{}
	}
	return &sortedFiles{Manifest: manifest.String(), Hooks: hooks}, nil
}

type finishRequest struct {
	// The documents as the post-renderer left them.
	Text string
}

func finishRender(request finishRequest, _ attachment) (any, []byte, error) {
	files, err := splitPostRendered(request.Text)
	if err != nil {
		return nil, nil, tell("manifest", fmt.Errorf("error while parsing post rendered output: %w", err))
	}
	sorted, err := sortFiles(files)
	return sorted, nil, err
}

type sortRequest struct {
	Manifest string
	Order    string
}

type sortedObject struct {
	Source     string `json:"source"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Text       string `json:"text"`
}

// sortManifest takes a recorded manifest apart as Helm does before it creates or deletes.
func sortManifest(request sortRequest, _ attachment) (any, []byte, error) {
	order := releaseutil.InstallOrder
	if request.Order == "uninstall" {
		order = releaseutil.UninstallOrder
	}
	_, objects, err := releaseutil.SortManifests(releaseutil.SplitManifests(request.Manifest), nil, order)
	if err != nil {
		return nil, nil, tell("manifest", err)
	}
	sorted := make([]sortedObject, 0, len(objects))
	for _, object := range objects {
		one := sortedObject{APIVersion: object.Head.Version, Kind: object.Head.Kind, Text: object.Content}
		if object.Head.Metadata != nil {
			one.Name = object.Head.Metadata.Name
		}
		if rest, found := strings.CutPrefix(object.Content, "# Source: "); found {
			one.Source, _, _ = strings.Cut(rest, "\n")
		}
		sorted = append(sorted, one)
	}
	return sorted, nil, nil
}

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

package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"sigs.k8s.io/kustomize/kyaml/kio"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// fileAnnotation carries a document's file through a post-renderer, in Helm as here.
const fileAnnotation = "postrenderer.helm.sh/postrender-filename"

// mergeForPostRender writes all documents into one stream, each with the name of its file, formatted as Helm formats it.
func mergeForPostRender(files map[string]string) (string, error) {
	var stream []*kyaml.RNode
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		documents := releaseutil.SplitManifests(files[name])
		order := slices.Collect(maps.Keys(documents))
		sort.Sort(releaseutil.BySplitManifestsOrder(order))
		for _, key := range order {
			nodes, err := kio.ParseAll(documents[key])
			if err != nil {
				return "", fmt.Errorf("parsing %s: %w", name, err)
			}
			for _, node := range nodes {
				if err := node.PipeE(kyaml.SetAnnotation(fileAnnotation, name)); err != nil {
					return "", fmt.Errorf("annotating %s: %w", name, err)
				}
			}
			stream = append(stream, nodes...)
		}
	}
	merged, err := kio.StringAll(stream)
	if err != nil {
		return "", fmt.Errorf("writing merged docs: %w", err)
	}
	return merged, nil
}

// splitPostRendered gives every document back to its file; one that lost its name gets a name by its place.
func splitPostRendered(stream string) (map[string]string, error) {
	nodes, err := kio.ParseAll(stream)
	if err != nil {
		return nil, fmt.Errorf("error parsing YAML: %w", err)
	}
	byFile := map[string][]*kyaml.RNode{}
	for place, node := range nodes {
		meta, err := node.GetMeta()
		if err != nil {
			return nil, fmt.Errorf("getting metadata: %w", err)
		}
		name := meta.Annotations[fileAnnotation]
		if name == "" {
			name = fmt.Sprintf("generated-by-postrender-%d.yaml", place)
		}
		if err := node.PipeE(kyaml.ClearAnnotation(fileAnnotation)); err != nil {
			return nil, fmt.Errorf("clearing filename annotation: %w", err)
		}
		byFile[name] = append(byFile[name], node)
	}
	files := make(map[string]string, len(byFile))
	for name, nodes := range byFile {
		if files[name], err = kio.StringAll(nodes); err != nil {
			return nil, fmt.Errorf("re-writing %s: %w", name, err)
		}
	}
	return files, nil
}

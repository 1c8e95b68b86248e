package main

import (
	"slices"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

type dependencyInfo struct {
	Name       string   `json:"name"`
	Version    string   `json:"version,omitempty"`
	Repository string   `json:"repository,omitempty"`
	Condition  string   `json:"condition,omitempty"`
	Tags       []string `json:"tags,omitempty"`
	Alias      string   `json:"alias,omitempty"`
}

type chartInfo struct {
	APIVersion   string            `json:"apiVersion"`
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	AppVersion   string            `json:"appVersion,omitempty"`
	Description  string            `json:"description,omitempty"`
	Icon         string            `json:"icon,omitempty"`
	Type         string            `json:"type"`
	KubeVersion  string            `json:"kubeVersion,omitempty"`
	Deprecated   bool              `json:"deprecated"`
	Annotations  map[string]string `json:"annotations"`
	Dependencies []dependencyInfo  `json:"dependencies"`
	Subcharts    []string          `json:"subcharts"`
	ValuesYAML   string            `json:"valuesYaml"`
	HasSchema    bool              `json:"hasSchema"`
}

type chartRequest struct{ Chart chartSource }

func inspectChart(request chartRequest, attached attachment) (any, []byte, error) {
	loaded, err := request.Chart.load(attached)
	if err != nil {
		return nil, nil, err
	}
	return describe(loaded), nil, nil
}

func describe(loaded *chart.Chart) chartInfo {
	meta := loaded.Metadata
	info := chartInfo{
		APIVersion: meta.APIVersion, Name: meta.Name, Version: meta.Version, AppVersion: meta.AppVersion,
		Description: meta.Description, Icon: meta.Icon, Type: meta.Type, KubeVersion: meta.KubeVersion,
		Deprecated: meta.Deprecated, Annotations: meta.Annotations, HasSchema: loaded.Schema != nil,
		Dependencies: []dependencyInfo{}, Subcharts: []string{},
	}
	if info.Type == "" {
		info.Type = "application"
	}
	if info.Annotations == nil {
		info.Annotations = map[string]string{}
	}
	for _, one := range meta.Dependencies {
		info.Dependencies = append(info.Dependencies, dependencyInfo{
			Name: one.Name, Version: one.Version, Repository: one.Repository,
			Condition: one.Condition, Tags: one.Tags, Alias: one.Alias,
		})
	}
	for _, one := range loaded.Dependencies() {
		info.Subcharts = append(info.Subcharts, one.Name())
	}
	slices.Sort(info.Subcharts)
	for _, file := range loaded.Raw {
		if file.Name == "values.yaml" {
			info.ValuesYAML = string(file.Data)
		}
	}
	return info
}

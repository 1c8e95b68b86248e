package main

import (
	"fmt"
	"slices"

	"helm.sh/helm/v4/pkg/chart/common"
)

type capabilitiesRequest struct {
	KubeVersion      string
	APIVersions      []string
	ExtraAPIVersions []string
}

// read starts from Helm's own defaults.
func (request capabilitiesRequest) read() (*common.Capabilities, error) {
	capabilities := common.DefaultCapabilities.Copy()
	if request.KubeVersion != "" {
		version, err := common.ParseKubeVersion(request.KubeVersion)
		if err != nil {
			return nil, tell("release", fmt.Errorf("invalid kube version '%s': %w", request.KubeVersion, err))
		}
		capabilities.KubeVersion = *version
	}
	if request.APIVersions != nil {
		capabilities.APIVersions = request.APIVersions
	}
	capabilities.APIVersions = append(slices.Clone(capabilities.APIVersions), request.ExtraAPIVersions...)
	return capabilities, nil
}

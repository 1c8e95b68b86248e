package main

import (
	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/types/v1alpha1"
)

type generateRequest struct {
	Secrets           string              `json:"secrets"`
	Contract          string              `json:"contract"`
	Role              string              `json:"role"`
	ClusterName       string              `json:"clusterName"`
	Endpoint          string              `json:"endpoint"`
	KubernetesVersion string              `json:"kubernetesVersion"`
	InstallDisk       string              `json:"installDisk"`
	InstallImage      string              `json:"installImage"`
	CertSANs          []string            `json:"certSANs"`
	DNSDomain         string              `json:"dnsDomain"`
	PodSubnets        []string            `json:"podSubnets"`
	ServiceSubnets    []string            `json:"serviceSubnets"`
	CNI               string              `json:"cni"`
	Discovery         bool                `json:"discovery"`
	Mirrors           map[string][]string `json:"mirrors"`
	RegistryCAs       map[string]string   `json:"registryCAs"`
}

type yamlAnswer struct {
	YAML string `json:"yaml"`
}

// generateConfig answers with what `talosctl gen config` would write for these inputs.
func generateConfig(request generateRequest) (any, error) {
	contract, err := config.ParseContractFromVersion(request.Contract)
	if err != nil {
		return nil, err
	}

	bundle, err := loadBundle(request.Secrets)
	if err != nil {
		return nil, err
	}

	options := []generate.Option{
		generate.WithVersionContract(contract),
		generate.WithSecretsBundle(bundle),
		generate.WithInstallDisk(request.InstallDisk),
		generate.WithInstallImage(request.InstallImage),
		generate.WithAdditionalSubjectAltNames(request.CertSANs),
		generate.WithClusterDiscovery(request.Discovery),
	}

	if request.DNSDomain != "" {
		options = append(options, generate.WithDNSDomain(request.DNSDomain))
	}

	if request.CNI != "" {
		options = append(options, generate.WithClusterCNIConfig(&v1alpha1.CNIConfig{CNIName: request.CNI}))
	}

	for host, endpoints := range request.Mirrors {
		options = append(options, generate.WithRegistryMirror(host, endpoints...))
	}

	for host, ca := range request.RegistryCAs {
		options = append(options, generate.WithRegistryCACert(host, ca))
	}

	input, err := generate.NewInput(request.ClusterName, request.Endpoint, request.KubernetesVersion, options...)
	if err != nil {
		return nil, err
	}

	if request.PodSubnets != nil {
		input.PodNet = request.PodSubnets
	}

	if request.ServiceSubnets != nil {
		input.ServiceNet = request.ServiceSubnets
	}

	machineType, err := machine.ParseType(request.Role)
	if err != nil {
		return nil, err
	}

	provider, err := input.Config(machineType)
	if err != nil {
		return nil, err
	}

	return encode(provider)
}

func encode(provider config.Provider) (any, error) {
	text, err := provider.EncodeBytes(encoder.WithComments(encoder.CommentsDisabled))
	if err != nil {
		return nil, err
	}

	return yamlAnswer{YAML: string(text)}, nil
}

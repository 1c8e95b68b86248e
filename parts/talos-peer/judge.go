package main

import (
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
)

type configRequest struct {
	Config  string   `json:"config"`
	Patches []string `json:"patches"`
}

type validateAnswer struct {
	// YAML is the config as Talos writes it after reading it: defaults in place, comments and order gone.
	YAML     string   `json:"yaml"`
	Warnings []string `json:"warnings"`
	// Invalid is what Talos' validator says; empty when it accepts.
	Invalid string `json:"invalid"`
}

// validateConfig loads strictly and validates for a machine that is to be installed.
func validateConfig(request configRequest) (any, error) {
	provider, err := configloader.NewFromBytes([]byte(request.Config))
	if err != nil {
		return nil, err
	}

	// A read-only provider would echo the bytes it was given.
	text, err := provider.Clone().EncodeBytes(encoder.WithComments(encoder.CommentsDisabled))
	if err != nil {
		return nil, err
	}

	answer := validateAnswer{YAML: string(text)}

	warnings, err := provider.Validate(metal{})
	if err != nil {
		answer.Invalid = err.Error()
	}

	answer.Warnings = append([]string{}, warnings...)

	return answer, nil
}

// patchConfig applies the patches in order, as `talosctl machineconfig patch` does.
func patchConfig(request configRequest) (any, error) {
	patches := make([]configpatcher.Patch, 0, len(request.Patches))

	for _, text := range request.Patches {
		patch, err := configpatcher.LoadPatch([]byte(text))
		if err != nil {
			return nil, err
		}

		patches = append(patches, patch)
	}

	output, err := configpatcher.Apply(configpatcher.WithBytes([]byte(request.Config)), patches)
	if err != nil {
		return nil, err
	}

	provider, err := output.Config()
	if err != nil {
		return nil, err
	}

	return encode(provider.Clone())
}

// redactConfig answers with Talos' own redaction.
func redactConfig(request configRequest) (any, error) {
	provider, err := configloader.NewFromBytes([]byte(request.Config))
	if err != nil {
		return nil, err
	}

	return encode(provider.RedactSecrets("REDACTED"))
}

type metal struct{}

func (metal) String() string        { return "metal" }
func (metal) RequiresInstall() bool { return true }
func (metal) InContainer() bool     { return false }

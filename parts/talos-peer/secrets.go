package main

import (
	"bytes"
	"strings"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/client/config"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"go.yaml.in/yaml/v4"
)

type secretsRequest struct {
	Secrets string `json:"secrets"`
	// Generate asks for a new bundle instead of the one in Secrets.
	Generate bool `json:"generate"`
}

// readSecrets loads a secrets bundle as talosctl does (or makes one), validates it and writes it again.
func readSecrets(request secretsRequest) (any, error) {
	var (
		bundle *secrets.Bundle
		err    error
	)

	if request.Generate {
		bundle, err = secrets.NewBundle(secrets.NewFixedClock(time.Now()), nil)
	} else {
		bundle, err = loadBundle(request.Secrets)
	}

	if err != nil {
		return nil, err
	}

	if err = bundle.Validate(); err != nil {
		return nil, err
	}

	text, err := yaml.Marshal(bundle)
	if err != nil {
		return nil, err
	}

	return yamlAnswer{YAML: string(text)}, nil
}

func loadBundle(text string) (*secrets.Bundle, error) {
	bundle := &secrets.Bundle{Clock: secrets.NewClock()}

	if err := yaml.NewDecoder(strings.NewReader(text)).Decode(bundle); err != nil {
		return nil, err
	}

	return bundle, nil
}

type talosconfigRequest struct {
	Talosconfig string `json:"talosconfig"`
}

// readTalosconfig loads a talosconfig as talosctl does and writes it again.
func readTalosconfig(request talosconfigRequest) (any, error) {
	loaded, err := config.ReadFrom(bytes.NewReader([]byte(request.Talosconfig)))
	if err != nil {
		return nil, err
	}

	text, err := loaded.Bytes()
	if err != nil {
		return nil, err
	}

	return yamlAnswer{YAML: string(text)}, nil
}

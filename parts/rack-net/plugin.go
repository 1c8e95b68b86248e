package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	maxConfigBytes = 1 << 20
	defaultDataDir = "/var/lib/cni/flannel"
	generalError   = 999 // codes from 100 are the plugin's own
)

type object = map[string]any

// runPlugin is the CNI plugin flannel. It writes the configuration of the plugin it delegates to, runs that one and hands
// its answer on. The configuration is kept until DEL, because subnet.env does not survive the node's reboot.
//
// https://www.cni.dev/docs/spec/
func runPlugin(input io.Reader, output io.Writer, environment func(string) string) int {
	config := object{}
	text, err := io.ReadAll(io.LimitReader(input, maxConfigBytes))
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if environment("CNI_COMMAND") == "VERSION" {
		return answer(output, object{"cniVersion": "1.0.0", "supportedVersions": []string{"0.3.0", "0.3.1", "0.4.0", "1.0.0"}}, 0)
	}
	if err == nil {
		err = delegate(config, output, environment)
	}
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return 1 // the other plugin has said why, on the same output
	default:
		return answer(output, object{"cniVersion": "1.0.0", "code": generalError, "msg": "flannel: " + err.Error()}, 1)
	}
}

func delegate(config object, output io.Writer, environment func(string) string) error {
	container := environment("CNI_CONTAINERID")
	if container == "" || strings.ContainsAny(container, "/.") {
		return errors.New("CNI_CONTAINERID is missing or no name")
	}
	saved := filepath.Join(stringOr(config["dataDir"], defaultDataDir), container)
	switch command := environment("CNI_COMMAND"); command {
	case "ADD":
		subnet, err := readSubnetEnv(stringOr(config["subnetFile"], "/run/flannel/subnet.env"))
		if err != nil {
			return err
		}
		delegated, err := json.Marshal(delegateConfig(config, subnet))
		if err != nil {
			return err
		}
		if err := writeWhole(saved, delegated); err != nil {
			return err
		}
		return run(delegated, output, environment)
	case "DEL":
		delegated, err := os.ReadFile(saved)
		if errors.Is(err, os.ErrNotExist) {
			return nil // never added, or deleted before: DEL may come twice
		} else if err != nil {
			return err
		}
		if err := run(delegated, output, environment); err != nil {
			return err
		}
		return os.Remove(saved)
	case "CHECK":
		delegated, err := os.ReadFile(saved)
		if err != nil {
			return err
		}
		kept := object{}
		if err := json.Unmarshal(delegated, &kept); err != nil {
			return err
		}
		kept["prevResult"] = config["prevResult"]
		if delegated, err = json.Marshal(kept); err != nil {
			return err
		}
		return run(delegated, output, environment)
	default:
		return fmt.Errorf("CNI_COMMAND %q is not supported", command)
	}
}

type subnet struct {
	network netip.Prefix
	pods    netip.Prefix
	mtu     int
	ipMasq  bool
}

func readSubnetEnv(file string) (subnet, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return subnet{}, fmt.Errorf("the pod network of this node is not known yet: %w", err)
	}
	values := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if name, value, found := strings.Cut(line, "="); found {
			values[name] = value
		}
	}
	network, networkError := netip.ParsePrefix(values["FLANNEL_NETWORK"])
	pods, podsError := netip.ParsePrefix(values["FLANNEL_SUBNET"])
	mtu, mtuError := strconv.Atoi(values["FLANNEL_MTU"])
	if err := errors.Join(networkError, podsError, mtuError); err != nil {
		return subnet{}, fmt.Errorf("%s: %w", file, err)
	}
	return subnet{network, pods.Masked(), mtu, values["FLANNEL_IPMASQ"] == "true"}, nil
}

// delegateConfig fills in what the configuration's `delegate` leaves open; its default is bridge.
func delegateConfig(config object, s subnet) object {
	delegated := object{"type": "bridge", "mtu": s.mtu, "ipMasq": !s.ipMasq}
	given, _ := config["delegate"].(object)
	for name, value := range given {
		delegated[name] = value
	}
	if _, set := delegated["isGateway"]; !set && delegated["type"] == "bridge" {
		delegated["isGateway"] = true
	}
	delegated["name"] = config["name"]
	delegated["cniVersion"] = config["cniVersion"]
	if runtimeConfig, set := config["runtimeConfig"]; set {
		delegated["runtimeConfig"] = runtimeConfig
	}
	delegated["ipam"] = object{
		"type":   "host-local",
		"ranges": [][]object{{{"subnet": s.pods.String()}}},
		"routes": []object{{"dst": s.network.String()}},
	}
	return delegated
}

// run starts the plugin that a configuration is for; it is found as the runtime would find it.
func run(config []byte, output io.Writer, environment func(string) string) error {
	var typed struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(config, &typed); err != nil {
		return err
	}
	if typed.Type == "" || strings.ContainsRune(typed.Type, filepath.Separator) {
		return fmt.Errorf("delegate: %q is no plugin", typed.Type)
	}
	for _, folder := range filepath.SplitList(environment("CNI_PATH")) {
		program := filepath.Join(folder, typed.Type)
		if info, err := os.Stat(program); err != nil || !info.Mode().IsRegular() {
			continue
		}
		command := exec.Command(program)
		command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(config), output, os.Stderr
		return command.Run()
	}
	return fmt.Errorf("no plugin %s in CNI_PATH", typed.Type)
}

func stringOr(value any, fallback string) string {
	if text, ok := value.(string); ok && text != "" {
		return text
	}
	return fallback
}

func answer(output io.Writer, value object, code int) int {
	if err := json.NewEncoder(output).Encode(value); err != nil {
		return 1
	}
	return code
}

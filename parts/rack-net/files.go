package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// subnetEnv is what the CNI plugin flannel reads: the subnet is given as its first address, the gateway of the pods.
func subnetEnv(network netip.Prefix, wanted plan, mtu int, ipMasq bool) []byte {
	gateway := netip.PrefixFrom(wanted.own.pods.Addr().Next(), wanted.own.pods.Bits())
	return fmt.Appendf(nil, "FLANNEL_NETWORK=%s\nFLANNEL_SUBNET=%s\nFLANNEL_MTU=%d\nFLANNEL_IPMASQ=%t\n", network, gateway, mtu, ipMasq)
}

// readNetwork takes the network of all pods from flannel's net-conf.json.
func readNetwork(file string) (netip.Prefix, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return netip.Prefix{}, err
	}
	var config struct{ Network string }
	if err := json.Unmarshal(text, &config); err != nil {
		return netip.Prefix{}, fmt.Errorf("%s: %w", file, err)
	}
	network, err := netip.ParsePrefix(config.Network)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%s: Network: %w", file, err)
	}
	return network, nil
}

// bridgeConfig is a CNI configuration of upstream's own plugins, with this node's pod network written into it.
func bridgeConfig(wanted plan, mtu int) ([]byte, error) {
	return json.MarshalIndent(object{
		"cniVersion": "1.0.0",
		"name":       "rack",
		"plugins": []object{
			{
				"type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "hairpinMode": true, "mtu": mtu,
				"ipam": object{"type": "host-local", "ranges": [][]object{{{"subnet": wanted.own.pods.String()}}}},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	}, "", "  ")
}

// writeWhole puts a file in its place at once: containerd and the plugins read these folders at any time.
func writeWhole(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temporary := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".tmp")
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}

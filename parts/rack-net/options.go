package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

// options are flannel's own flags, as far as they mean something on a rack, and one of ours.
type options struct {
	ipMasq         bool
	subnetFile     string
	netConfigPath  string
	healthzIP      string
	healthzPort    int
	writeCNIConfig string
	version        bool
}

// What Talos' `flannel.extraArgs` are used for: to choose the link of the tunnel, of which there is none here.
var unneeded = []string{"iface", "iface-can-reach", "iface-regex", "public-ip", "v"}

func parseOptions(arguments []string) (options, error) {
	var o options
	var kubeSubnetMgr bool
	flags := flag.NewFlagSet("flanneld", flag.ContinueOnError)
	flags.BoolVar(&o.ipMasq, "ip-masq", false, "masquerade what leaves the pod network")
	flags.BoolVar(&kubeSubnetMgr, "kube-subnet-mgr", false, "take the subnets from the nodes' podCIDR; there is no other way here")
	flags.StringVar(&o.subnetFile, "subnet-file", "/run/flannel/subnet.env", "written for the CNI plugin flannel")
	flags.StringVar(&o.netConfigPath, "net-config-path", "/etc/kube-flannel/net-conf.json", "has the network of all pods")
	flags.StringVar(&o.healthzIP, "healthz-ip", "0.0.0.0", "address of /healthz")
	flags.IntVar(&o.healthzPort, "healthz-port", 0, "port of /healthz; 0 is none")
	flags.StringVar(&o.writeCNIConfig, "write-cni-config", "", "instead of the subnet file, write this CNI configuration for bridge, host-local and portmap")
	for _, name := range unneeded {
		flags.Func(name, "accepted; means nothing where all nodes are on one switch", func(string) error { return nil })
	}
	flags.BoolVar(&o.version, "version", false, "print the version")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if !o.version && !kubeSubnetMgr {
		fmt.Fprintln(os.Stderr, "only --kube-subnet-mgr is supported: there is no etcd to ask for subnets")
		return o, errors.New("--kube-subnet-mgr is missing")
	}
	return o, nil
}

func say(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().UTC().Format(time.RFC3339)}, values...)...)
}

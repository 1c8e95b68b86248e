package main

import (
	"fmt"
	"net/netip"
	"sort"
)

type node struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		PodCIDR string `json:"podCIDR"`
	} `json:"spec"`
	Status struct {
		Addresses []struct {
			Type    string `json:"type"`
			Address string `json:"address"`
		} `json:"addresses"`
	} `json:"status"`
}

// place is where a node's pods are: their network, and the address that leads to it.
type place struct {
	pods    netip.Prefix
	address netip.Addr
}

// placeOf is false as long as the node has no podCIDR or no InternalIP. Only IPv4 counts.
func placeOf(n node) (place, bool) {
	pods, err := netip.ParsePrefix(n.Spec.PodCIDR)
	if err != nil || !pods.Addr().Is4() {
		return place{}, false
	}
	for _, candidate := range n.Status.Addresses {
		address, err := netip.ParseAddr(candidate.Address)
		if candidate.Type == "InternalIP" && err == nil && address.Is4() {
			return place{pods.Masked(), address}, true
		}
	}
	return place{}, false
}

// plan is what the kernel of one node should hold.
type plan struct {
	own place
	// Network of each other node's pods to the address of that node.
	routes map[netip.Prefix]netip.Addr
	// The networks of all nodes' pods, sorted: what is not to be masqueraded.
	pods []netip.Prefix
}

// planFor says why when this node has no pod network yet.
func planFor(name string, nodes map[string]node) (plan, error) {
	self, known := nodes[name]
	if !known {
		return plan{}, fmt.Errorf("there is no Node %s yet", name)
	}
	own, placed := placeOf(self)
	if !placed {
		return plan{}, fmt.Errorf("Node %s has no IPv4 podCIDR or InternalIP yet", name)
	}
	wanted := plan{own: own, routes: map[netip.Prefix]netip.Addr{}, pods: []netip.Prefix{own.pods}}
	for other, n := range nodes {
		there, placed := placeOf(n)
		if other == name || !placed || there.pods == own.pods || there.address == own.address {
			continue
		}
		wanted.routes[there.pods] = there.address
		wanted.pods = append(wanted.pods, there.pods)
	}
	sort.Slice(wanted.pods, func(a, b int) bool { return wanted.pods[a].Addr().Less(wanted.pods[b].Addr()) })
	return wanted, nil
}

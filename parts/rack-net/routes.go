package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// Marks our routes, so that nobody else's is ever touched. 83 is given to nobody (rt_protos of iproute2).
const ourProtocol netlink.RouteProtocol = 83

const mainTable = 254

// syncRoutes makes our routes in the kernel those that are wanted, and says what it changed.
func syncRoutes(wanted map[netip.Prefix]netip.Addr) (changes []string, problem error) {
	filter := netlink.Route{Protocol: ourProtocol, Table: mainTable}
	present, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &filter, netlink.RT_FILTER_PROTOCOL|netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, fmt.Errorf("routes cannot be read: %w", err)
	}
	have := map[netip.Prefix]netip.Addr{}
	for _, route := range present {
		network, gateway := fromRoute(route)
		if _, keep := wanted[network]; keep {
			have[network] = gateway
			continue
		}
		if err := netlink.RouteDel(&route); err != nil {
			problem = errors.Join(problem, fmt.Errorf("route to %s cannot be removed: %w", network, err))
			continue
		}
		changes = append(changes, fmt.Sprintf("no route to %s any more", network))
	}
	for network, gateway := range wanted {
		if have[network] == gateway {
			continue
		}
		route := netlink.Route{Dst: toNet(network), Gw: gateway.AsSlice(), Protocol: ourProtocol, Table: mainTable}
		if err := netlink.RouteReplace(&route); err != nil {
			problem = errors.Join(problem, fmt.Errorf("route to %s via %s: %w", network, gateway, err))
			continue
		}
		changes = append(changes, fmt.Sprintf("route to %s via %s", network, gateway))
	}
	return changes, problem
}

func fromRoute(route netlink.Route) (network netip.Prefix, gateway netip.Addr) {
	if route.Dst != nil {
		if address, ok := netip.AddrFromSlice(route.Dst.IP); ok {
			bits, _ := route.Dst.Mask.Size()
			network = netip.PrefixFrom(address.Unmap(), bits)
		}
	}
	address, _ := netip.AddrFromSlice(route.Gw)
	return network, address.Unmap()
}

func toNet(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), 32)}
}

// mtuOf is that of the link with the address: pods' packets travel on it as they are.
func mtuOf(address netip.Addr) (int, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
		if err != nil {
			return 0, err
		}
		for _, candidate := range addresses {
			if found, ok := netip.AddrFromSlice(candidate.IP); ok && found.Unmap() == address {
				return link.Attrs().MTU, nil
			}
		}
	}
	return 0, fmt.Errorf("no link has the address %s of this node", address)
}

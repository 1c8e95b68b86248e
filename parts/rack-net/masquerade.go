package main

import (
	"net"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

const (
	sourceOffset      = 12 // of the address in an IPv4 header
	destinationOffset = 16
)

var multicast = netip.MustParsePrefix("224.0.0.0/4")

// masquerade replaces our table in one transaction: what this node's pods send to addresses that no pod has leaves with
// the node's address.
func masquerade(wanted plan) error {
	connection, err := nftables.New()
	if err != nil {
		return err
	}
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: "rack-net"}
	connection.AddTable(table) // to have one to delete
	connection.DelTable(table)
	connection.AddTable(table)
	chain := connection.AddChain(&nftables.Chain{
		Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	fromOurs := matches(sourceOffset, wanted.own.pods)
	for _, network := range append([]netip.Prefix{multicast}, wanted.pods...) {
		rule := append(matches(destinationOffset, network), &expr.Verdict{Kind: expr.VerdictReturn})
		connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(fromOurs[:len(fromOurs):len(fromOurs)], rule...)})
	}
	connection.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(fromOurs[:len(fromOurs):len(fromOurs)], &expr.Masq{FullyRandom: true})})
	return connection.Flush()
}

// matches holds for packets whose address at offset lies in the network.
func matches(offset uint32, network netip.Prefix) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: unix.NFT_REG_1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Bitwise{
			SourceRegister: unix.NFT_REG_1, DestRegister: unix.NFT_REG_1, Len: 4,
			Mask: net.CIDRMask(network.Bits(), 32), Xor: make([]byte, 4),
		},
		&expr.Cmp{Op: expr.CmpOpEq, Register: unix.NFT_REG_1, Data: network.Addr().AsSlice()},
	}
}

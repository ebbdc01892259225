package notify

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// guard says which addresses may be dialled. Whoever writes an export request chooses targets, and so makes decant connect: without a guard
// to services that listen on this machine or in its network for nobody outside (server-side request forgery).
type guard []allowed

// allowed is an entry of allow_private: a network or a name, and maybe one port of it.
type allowed struct {
	prefix netip.Prefix
	name   string // lower case, without a final dot; "" where prefix stands
	port   uint16 // 0 is any
}

func parseAllowed(entry string) (allowed, error) {
	fault := fmt.Errorf("%q; allowed are addresses, networks and names, each also with a port: 127.0.0.1, 10.0.0.0/8, mail.plant.lan, [::1]:25", entry)
	var a allowed
	host := entry
	if h, p, err := net.SplitHostPort(entry); err == nil {
		port, err := strconv.ParseUint(p, 10, 16)
		if err != nil || port == 0 {
			return a, fault
		}
		host, a.port = h, uint16(port)
	}
	if p, err := netip.ParsePrefix(host); err == nil {
		a.prefix = p.Masked()
		return a, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		a.prefix = netip.PrefixFrom(ip, ip.BitLen())
		return a, nil
	}
	if !isName(host) {
		return a, fault
	}
	a.name = canonicalHost(host)
	return a, nil
}

// newGuard takes entries that parseAllowed accepts, and passes over others.
func newGuard(entries []string) guard {
	var g guard
	for _, e := range entries {
		if a, err := parseAllowed(e); err == nil {
			g = append(g, a)
		}
	}
	return g
}

// permits says whether an address may be dialled that a host's name, or the address itself, stood for.
func (g guard) permits(host string, to netip.AddrPort) bool {
	ip := to.Addr().WithZone("").Unmap()
	if isPublic(ip) {
		return true
	}
	host = canonicalHost(host)
	for _, a := range g {
		if a.port != 0 && a.port != to.Port() {
			continue
		}
		if a.name != "" && a.name == host || a.name == "" && a.prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// special are the networks that netip has no word for, of IANA's special-purpose address registries (RFC 6890): none of them leads to
// a host on the internet, or it does so through a translator that may reach inner networks.
var special = prefixes(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // carrier-grade NAT
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation, as the two below
	"198.51.100.0/24", //
	"203.0.113.0/24",  //
	"192.88.99.0/24",  // 6to4 relays
	"198.18.0.0/15",   // benchmarks
	"240.0.0.0/4",     // reserved, and broadcast
	"::/96",           // IPv4-compatible
	"::ffff:0:0:0/96", // IPv4-translated
	"64:ff9b::/96",    // IPv4 through NAT64, as the one below
	"64:ff9b:1::/48",  //
	"100::/64",        // discard
	"2001::/23",       // protocol assignments, Teredo among them
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4
	"3fff::/20",       // documentation
	"5f00::/16",       // segment routing
	"fec0::/10",       // site-local
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		all[i] = netip.MustParsePrefix(t)
	}
	return all
}

// isPublic says whether an address, without zone and unmapped, is one of a host on the internet.
func isPublic(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false // loopback, link-local, multicast, unspecified, broadcast; private and unique local
	}
	for _, p := range special {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

func canonicalHost(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func isName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for _, c := range host {
		if c != '-' && c != '.' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return strings.Trim(host, "0123456789.") != "" // 10.0.0 is a mistyped address
}

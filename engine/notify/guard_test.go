package notify

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestGuard(t *testing.T) {
	for _, c := range []struct {
		address string
		public  bool
	}{
		{"8.8.8.8", true}, {"1.1.1.1", true}, {"93.184.216.34", true}, {"100.63.255.255", true}, {"100.128.0.0", true}, {"172.15.0.1", true}, {"172.32.0.1", true},
		{"2606:4700::1111", true}, {"2a00:1450:4001::200e", true}, {"::ffff:8.8.8.8", true},
		{"127.0.0.1", false}, {"127.255.0.9", false}, {"0.0.0.0", false}, {"0.1.2.3", false},
		{"10.0.0.1", false}, {"172.16.0.1", false}, {"172.31.255.255", false}, {"192.168.1.1", false},
		{"169.254.169.254", false}, {"100.64.0.1", false}, {"100.127.255.255", false},
		{"192.0.0.8", false}, {"192.0.2.1", false}, {"198.18.0.1", false}, {"198.51.100.1", false}, {"203.0.113.1", false},
		{"224.0.0.1", false}, {"239.255.255.250", false}, {"240.0.0.1", false}, {"255.255.255.255", false},
		{"::", false}, {"::1", false}, {"fe80::1", false}, {"fe80::1%eth0", false}, {"fc00::1", false}, {"fd12:3456::1", false}, {"fec0::1", false},
		{"ff02::1", false}, {"::ffff:127.0.0.1", false}, {"::ffff:10.0.0.1", false}, {"::ffff:169.254.169.254", false}, {"::127.0.0.1", false},
		{"64:ff9b::7f00:1", false}, {"::ffff:0:7f00:1", false}, {"64:ff9b:1::1", false}, {"2002:7f00:1::", false}, {"2001::1", false}, {"2001:db8::1", false}, {"100::1", false},
	} {
		to := netip.AddrPortFrom(netip.MustParseAddr(c.address), 443)
		if got := (guard{}).permits("example.com", to); got != c.public {
			t.Errorf("%s: permitted %v", c.address, got)
		}
	}
}

func TestAllowPrivate(t *testing.T) {
	for _, c := range []struct {
		entry, host, to string
		want            bool
	}{
		{"127.0.0.1", "x", "127.0.0.1:80", true},
		{"127.0.0.1", "x", "127.0.0.2:80", false},
		{"127.0.0.1", "x", "[::ffff:127.0.0.1]:80", true},
		{"::ffff:127.0.0.1", "x", "127.0.0.1:80", true},
		{"127.0.0.1:25", "x", "127.0.0.1:25", true},
		{"127.0.0.1:25", "x", "127.0.0.1:80", false},
		{"[::1]:25", "x", "[::1]:25", true},
		{"::1", "x", "[::1]:25", true},
		{"10.0.0.0/8", "x", "10.255.0.1:443", true},
		{"10.0.0.0/8", "x", "11.0.0.1:443", true}, // public anyway
		{"10.0.0.0/8", "x", "192.168.0.1:443", false},
		{"10.1.2.3/8:25", "x", "10.9.9.9:25", true},
		{"10.1.2.3/8:25", "x", "10.9.9.9:443", false},
		{"fe80::/10", "x", "[fe80::1%eth0]:443", true},
		{"mail.plant.lan", "mail.plant.lan", "10.0.0.1:25", true},
		{"mail.plant.lan", "MAIL.plant.lan.", "10.0.0.1:25", true},
		{"mail.plant.lan", "other.plant.lan", "10.0.0.1:25", false},
		{"mail.plant.lan:25", "mail.plant.lan", "10.0.0.1:80", false},
	} {
		if _, err := parseAllowed(c.entry); err != nil {
			t.Errorf("%s: %v", c.entry, err)
		}
		if got := newGuard([]string{c.entry}).permits(c.host, netip.MustParseAddrPort(c.to)); got != c.want {
			t.Errorf("%s for %s at %s: %v", c.entry, c.host, c.to, got)
		}
	}
	for _, wrong := range []string{"", "10.0.0", "10.0.0.0/33", "http://x", "x:0", "x:99999", "x:smtp", "a b", "fe80::1%eth0", "*", "1.2.3.4.5"} {
		if a, err := parseAllowed(wrong); err == nil {
			t.Errorf("%q is taken as %v", wrong, a)
		}
	}
}

// nameServer answers every question for an IPv4 address with the next of its answers, the last for ever.
type nameServer struct {
	answers []string
	asked   atomic.Int32
}

func (n *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(theirs)
		return ours, nil
	}}
}

// serve speaks DNS as over TCP (RFC 1035 section 4.2.2): each message after its length.
func (n *nameServer) serve(c net.Conn) {
	defer c.Close()
	buffer := make([]byte, 1024)
	for {
		if _, err := c.Read(buffer[:2]); err != nil {
			return
		}
		q := buffer[:binary.BigEndian.Uint16(buffer)]
		if _, err := c.Read(q); err != nil {
			return
		}
		end := 12
		for q[end] != 0 {
			end += int(q[end]) + 1
		}
		question := q[12 : end+5]
		var answers []byte
		if binary.BigEndian.Uint16(question[len(question)-4:]) == 1 { // A
			i := min(int(n.asked.Add(1)), len(n.answers)) - 1
			answers = append([]byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4}, net.ParseIP(n.answers[i]).To4()...)
		}
		reply := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
		if answers != nil {
			reply[7] = 1
		}
		reply = append(reply, answers...)
		if _, err := c.Write(binary.BigEndian.AppendUint16(nil, uint16(len(reply)))); err != nil {
			return
		}
		if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

// A name that resolves to a public address when it is looked at, and to an inner one when it is dialled, gains nothing: what is looked at is the
// address that the socket is about to connect to.
func TestNamesThatChange(t *testing.T) {
	h := newHookServer(t, 200, "")
	_, port, err := net.SplitHostPort(h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	names := &nameServer{answers: []string{"93.184.216.34", "127.0.0.1"}}
	resolver := names.resolver()
	looked, err := resolver.LookupHost(t.Context(), "rebind.test")
	if err != nil || looked[0] != "93.184.216.34" {
		t.Fatalf("looked up %v, %v", looked, err)
	}
	d := dialer{resolver: resolver}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := d.dial(ctx, "tcp", "rebind.test:"+port)
	var blocked *blockedError
	if !errors.As(err, &blocked) {
		t.Fatalf("dialled %v, %v", c, err)
	}
	if blocked.to.Addr().String() != "127.0.0.1" {
		t.Errorf("blocked %v", blocked.to)
	}
	f := unreached("rebind.test", err)
	if !f.permanent || strings.Contains(f.text, "127.0.0.1") || !strings.Contains(f.cause.Error(), "127.0.0.1") {
		t.Errorf("told %q, logged %q", f.text, f.cause)
	}
	d.guard = newGuard([]string{"rebind.test:" + port})
	if c, err = d.dial(ctx, "tcp", "rebind.test:"+port); err != nil {
		t.Fatalf("dial what is allowed: %v", err)
	}
	c.Close()
	if h.targets.Load() != 0 {
		t.Error("a request came through")
	}
}

func TestDialUnknownName(t *testing.T) {
	d := dialer{resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }}}
	_, err := d.dial(t.Context(), "tcp", "nowhere.test:443")
	if f := unreached("nowhere.test", err); f.permanent || f.text != "nowhere.test can't be found" {
		t.Errorf("%v: %v", err, f)
	}
}

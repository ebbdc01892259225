package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes a certificate for 127.0.0.1 that vouches for itself, and its key, as PEM files.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: signed}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// With a certificate the service speaks TLS alone, and decant exports trusts it where it is told to.
func TestServiceOverTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	s := newLiveService(t, fmt.Sprintf("[service]\ncert = %q\nkey = %q\n", cert, key))
	p := s.start()
	p.await("url=https://"+s.addr, 1)
	token := filepath.Join(s.dir, "token")
	if err := os.WriteFile(token, []byte(s.token), 0o600); err != nil {
		t.Fatal(err)
	}
	list := func(scheme string, more ...string) (stderr string, code int) {
		_, stderr, code = decantOutput(t, append([]string{"exports", "list", "--server", scheme + "://" + s.addr, "--token-file", token}, more...)...)
		return stderr, code
	}
	if stderr, code := list("https", "--ca", cert); code != exitDone {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if stderr, code := list("https"); code != exitBroker || !strings.Contains(stderr, "certificate") {
		t.Errorf("a stranger's certificate: exit code %d: %s", code, stderr)
	}
	if stderr, code := list("http"); code == exitDone {
		t.Errorf("without TLS: %s", stderr)
	}
	if strings.Contains(p.stderr.String(), s.token) {
		t.Error("the token is in the log")
	}
	if code := p.stop(); code != exitDone {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}

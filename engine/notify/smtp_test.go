package notify

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// mailServer is an SMTP server (RFC 5321) with STARTTLS, AUTH PLAIN and what a test wants it to answer.
type mailServer struct {
	t        *testing.T
	listener net.Listener
	tls      *tls.Config
	implicit bool              // TLS from the first byte
	plain    bool              // offers no STARTTLS
	password string            // "" asks for none
	answers  map[string]string // by command: what to answer in place of yes
	once     map[string]string // the same, the first time only
	silent   bool              // accepts connections and says nothing

	mu   sync.Mutex
	got  []received
	wait sync.WaitGroup
	open map[net.Conn]bool
}

type received struct {
	from, to string
	data     string
	secure   bool
	login    bool
}

func (r received) message(t *testing.T) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(r.data))
	if err != nil {
		t.Fatalf("the server got no message: %v\n%s", err, r.data)
	}
	return m
}

func newMailServer(t *testing.T, set func(*mailServer)) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{t: t, listener: l, tls: serverTLS(t), answers: map[string]string{}, open: map[net.Conn]bool{}}
	if set != nil {
		set(s)
	}
	s.wait.Go(s.serve)
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for c := range s.open {
			c.Close()
		}
		s.mu.Unlock()
		s.wait.Wait()
	})
	return s
}

func (s *mailServer) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

func (s *mailServer) received() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

func (s *mailServer) serve() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[c] = true
		s.mu.Unlock()
		s.wait.Go(func() {
			s.talk(c)
			c.Close()
			s.mu.Lock()
			delete(s.open, c)
			s.mu.Unlock()
		})
	}
}

func (s *mailServer) talk(c net.Conn) {
	if s.silent {
		_, _ = c.Read(make([]byte, 1))
		return
	}
	secure := s.implicit
	if secure {
		c = tls.Server(c, s.tls)
	}
	text := textproto.NewConn(c)
	say := func(format string, args ...any) { _ = text.PrintfLine(format, args...) }
	say("220 test ESMTP")
	var m received
	login := false
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		if answer := s.instead(verb); answer != "" {
			say("%s", answer)
			continue
		}
		switch verb {
		case "EHLO":
			say("250-test")
			if !s.plain && !secure {
				say("250-STARTTLS")
			}
			if s.password != "" && secure {
				say("250-AUTH PLAIN")
			}
			say("250-ENHANCEDSTATUSCODES")
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go ahead")
			c = tls.Server(c, s.tls)
			text = textproto.NewConn(c)
			secure = true
		case "AUTH":
			_, token, _ := strings.Cut(rest, " ")
			plain, _ := base64.StdEncoding.DecodeString(token)
			if login = string(plain) == "\x00decant\x00"+s.password; login {
				say("235 2.7.0 welcome")
			} else {
				say("535 5.7.8 %s is wrong", plain)
			}
		case "MAIL":
			m = received{from: rest, secure: secure, login: login}
			say("250 2.1.0 ok")
		case "RCPT":
			m.to = rest
			say("250 2.1.5 ok")
		case "DATA":
			say("354 go ahead")
			lines, err := text.ReadDotBytes()
			if err != nil {
				return
			}
			if answer := s.instead("."); answer != "" {
				say("%s", answer)
				continue
			}
			m.data = string(lines)
			s.mu.Lock()
			s.got = append(s.got, m)
			s.mu.Unlock()
			say("250 2.0.0 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *mailServer) instead(verb string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer := s.once[verb]; answer != "" {
		delete(s.once, verb)
		return answer
	}
	return s.answers[verb]
}

var serverCertificate = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	c, err := serverCertificate()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{c}}
}

// authority is a file with the certificate of all test servers.
func authority(t *testing.T) string {
	t.Helper()
	c, err := serverCertificate()
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})))
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// header finds a header's line as it was sent, folded lines joined.
func header(t *testing.T, data, name string) string {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(data))
	found := ""
	for lines.Scan() && lines.Text() != "" {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, name+": "):
			if found != "" {
				t.Fatalf("two headers %s", name)
			}
			found = line
		case found != "" && strings.HasPrefix(line, " "):
			found += line
		case found != "":
			return found
		}
	}
	if found == "" {
		t.Fatalf("no header %s in\n%s", name, data)
	}
	return found
}

package mqtt_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"decant/ingest/ingesttest"
	"decant/ingest/mqtt"
)

// receives fails unless a source with this configuration gets what is published.
func receives(t *testing.T, broker *ingesttest.Broker, publisher ingesttest.Publisher, cfg mqtt.Config, log *logged) {
	t.Helper()
	r := start(t, cfg, nil, nil)
	subscribed(t, log, 1)
	publisher.Addr, publisher.QoS = broker.Addr(), 1
	if _, err := publisher.Publish(t.Context(), 5, func(n int) (string, []byte) { return "m/1", fmt.Append(nil, n) }); err != nil {
		t.Fatal(err)
	}
	r.waitFor(5)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	checkNumbers(t, 5, r.store)
}

func TestUserAndPassword(t *testing.T) {
	passwords := ingesttest.PasswordFile(t, map[string]string{"decant": "secret", "meter": "reading"})
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{Extra: "allow_anonymous false\npassword_file " + passwords})
	meter := ingesttest.Publisher{Username: "meter", Password: "reading"}

	t.Run("right", func(t *testing.T) {
		var log logged
		cfg := config(broker, &log)
		cfg.Username, cfg.Password = "decant", "secret"
		receives(t, broker, meter, cfg, &log)
	})
	t.Run("in the URL", func(t *testing.T) {
		var log logged
		cfg := config(broker, &log)
		cfg.URL = strings.Replace(cfg.URL, "tcp://", "mqtt://decant:secret@", 1)
		receives(t, broker, meter, cfg, &log)
		if strings.Contains(log.String(), "secret") {
			t.Errorf("the password is in the log:\n%s", &log)
		}
	})
	t.Run("wrong", func(t *testing.T) {
		for _, password := range []string{"wrong", ""} {
			var log logged
			cfg := config(broker, &log)
			cfg.Username, cfg.Password = "decant", password
			err := <-start(t, cfg, nil, nil).done
			var refused *mqtt.BrokerError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), "user name") || !strings.Contains(err.Error(), broker.URL()) {
				t.Errorf("password %q: %v", password, err)
			}
			if strings.Contains(log.String(), "trying again") {
				t.Errorf("tried again:\n%s", &log)
			}
		}
	})
	// Somebody changes the password while decant runs, and changes it back.
	t.Run("refused later", func(t *testing.T) {
		var log logged
		cfg := config(broker, &log)
		cfg.Username, cfg.Password = "decant", "secret"
		r := start(t, cfg, nil, nil)
		subscribed(t, &log, 1)
		right, err := os.ReadFile(passwords)
		if err != nil {
			t.Fatal(err)
		}
		wrong, err := os.ReadFile(ingesttest.PasswordFile(t, map[string]string{"decant": "other"}))
		if err != nil {
			t.Fatal(err)
		}
		broker.Stop()
		if err := os.WriteFile(passwords, wrong, 0o600); err != nil {
			t.Fatal(err)
		}
		broker.Start()
		waitUntil(t, "refused", func() bool { return strings.Contains(log.String(), "does not let us in") })
		broker.Stop()
		if err := os.WriteFile(passwords, right, 0o600); err != nil {
			t.Fatal(err)
		}
		broker.Start()
		subscribed(t, &log, 2)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTLSAndWebSocket(t *testing.T) {
	files, others := ingesttest.NewCertificates(t), ingesttest.NewCertificates(t)
	tlsPort, wsPort := ingesttest.FreePort(t), ingesttest.FreePort(t)
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{
		Extra: files.Listener(tlsPort) + fmt.Sprintf("\nlistener %d 127.0.0.1\nprotocol websockets", wsPort),
	})
	for _, scheme := range []string{"ssl", "mqtts"} {
		t.Run(scheme, func(t *testing.T) {
			var log logged
			cfg := config(broker, &log)
			cfg.URL = fmt.Sprintf("%s://127.0.0.1:%d", scheme, tlsPort)
			cfg.CA, cfg.Cert, cfg.Key = files.CA, files.ClientCert, files.ClientKey
			receives(t, broker, ingesttest.Publisher{}, cfg, &log)
		})
	}
	t.Run("unknown authority", func(t *testing.T) {
		var log logged
		cfg := config(broker, &log)
		cfg.URL = fmt.Sprintf("ssl://127.0.0.1:%d", tlsPort)
		cfg.CA, cfg.Cert, cfg.Key = others.CA, files.ClientCert, files.ClientKey
		err := <-start(t, cfg, nil, nil).done
		var refused *mqtt.BrokerError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "authority") {
			t.Errorf("%v", err)
		}
	})
	t.Run("ws", func(t *testing.T) {
		var log logged
		cfg := config(broker, &log)
		cfg.URL = fmt.Sprintf("ws://127.0.0.1:%d/mqtt", wsPort)
		receives(t, broker, ingesttest.Publisher{}, cfg, &log)
	})
}

// scripted is a broker that sends an answer for each packet it gets, and nothing once the answers are used up.
func scripted(t *testing.T, answers ...[]byte) (url string, got chan byte) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got = make(chan byte, 100) // types of the packets
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			header := make([]byte, 2) // the packets are shorter than 128 bytes
			if _, err := io.ReadFull(conn, header); err != nil {
				return
			}
			body := make([]byte, header[1])
			if _, err := io.ReadFull(conn, body); err != nil {
				return
			}
			got <- header[0] >> 4
			if len(answers) > 0 {
				conn.Write(answers[0])
				answers = answers[1:]
			}
		}
	}()
	return "tcp://" + l.Addr().String(), got
}

var connack = []byte{0x20, 2, 0, 0}

// A real broker with such a rule in a plugin answers like this; mosquitto's own rules are applied to messages.
func TestTopicThatTheBrokerForbids(t *testing.T) {
	url, _ := scripted(t, connack, []byte{0x90, 3, 0, 1, 0x80})
	var log logged
	err := <-start(t, scriptedConfig(url, &log), nil, nil).done
	var refused *mqtt.BrokerError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "refuses the subscription to m/#") {
		t.Errorf("%v", err)
	}
}

// An operator who stops decant while a broker takes the connection and then says nothing does not want to wait.
func TestStopWhileTheBrokerDoesNotAnswer(t *testing.T) {
	for name, answers := range map[string][][]byte{"to CONNECT": nil, "to SUBSCRIBE": {connack}} {
		t.Run(name, func(t *testing.T) {
			url, got := scripted(t, answers...)
			var log logged
			cfg := scriptedConfig(url, &log)
			cfg.ConnectTimeout = time.Hour
			r := start(t, cfg, nil, nil)
			for range len(answers) + 1 {
				<-got
			}
			if err := r.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func scriptedConfig(url string, log *logged) mqtt.Config {
	return mqtt.Config{URL: url, ClientID: "decant-test", Topics: []string{"m/#"}, QoS: 1, Log: slog.New(slog.NewTextHandler(log, nil))}
}

// A filter that can't be recorded must not be subscribed: nothing would ever unsubscribe it.
func TestFilterThatCannotBeRecordedEndsTheRun(t *testing.T) {
	broker := ingesttest.Mosquitto(t, ingesttest.MosquittoOptions{})
	var log logged
	cfg := config(broker, &log)
	full := errors.New("disk full")
	cfg.Record = func([]string) error { return full }
	if err := <-start(t, cfg, nil, nil).done; !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	cert := ingesttest.NewCertificates(t)
	good := mqtt.Config{URL: "tcp://localhost", ClientID: "x", Topics: []string{"a/+/#", "$share/g/a/+"}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*mqtt.Config)
		want   []string
	}{
		"nothing":    {func(c *mqtt.Config) { *c = mqtt.Config{} }, []string{"scheme and host", "client id: empty", "topics: none"}},
		"scheme":     {func(c *mqtt.Config) { c.URL = "http://localhost" }, []string{"schemes are"}},
		"no scheme":  {func(c *mqtt.Config) { c.URL = "localhost:1883" }, []string{"tcp://localhost:1883"}},
		"filters":    {func(c *mqtt.Config) { c.Topics = []string{"a#", "#/a", "a+/b", "", "$share/g"} }, []string{`"a#"`, `"#/a"`, `"a+/b"`, `""`, `"$share/g"`}},
		"qos":        {func(c *mqtt.Config) { c.QoS = 3 }, []string{"qos: 3"}},
		"password":   {func(c *mqtt.Config) { c.Password = "x" }, []string{"without a user name"}},
		"keep-alive": {func(c *mqtt.Config) { c.KeepAlive = time.Millisecond }, []string{"whole seconds"}},
		"pauses":     {func(c *mqtt.Config) { c.RetryMin = -1 }, []string{"negative"}},
		"plain CA":   {func(c *mqtt.Config) { c.CA = cert.CA }, []string{"tcp:// does not use them"}},
		"no CA":      {func(c *mqtt.Config) { c.URL, c.CA = "ssl://x", "/nowhere" }, []string{"read certificates to trust"}},
		"empty CA":   {func(c *mqtt.Config) { c.URL, c.CA = "ssl://x", cert.ClientKey }, []string{"holds none in PEM form"}},
		"half pair":  {func(c *mqtt.Config) { c.URL, c.Cert = "wss://x", cert.ClientCert }, []string{"both or neither"}},
		"wrong pair": {func(c *mqtt.Config) { c.URL, c.Cert, c.Key = "wss://x", cert.ClientCert, cert.ServerKey }, []string{"load own certificate"}},
	} {
		cfg := good
		cfg.Log = slog.Default()
		c.change(&cfg)
		_, err := mqtt.New(cfg)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %s", name, err, want)
			}
		}
	}
}

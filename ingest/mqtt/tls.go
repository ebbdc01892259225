package mqtt

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
)

// tlsConfig gives nil where the scheme does without TLS.
func (c Config) tlsConfig(u *url.URL) (*tls.Config, error) {
	secure := u.Scheme == "ssl" || u.Scheme == "mqtts" || u.Scheme == "wss"
	if !secure {
		if c.CA != "" || c.Cert != "" || c.Key != "" {
			return nil, fmt.Errorf("certificates are given, but %s:// does not use them: use ssl, mqtts or wss", u.Scheme)
		}
		return nil, nil
	}
	config := &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("read certificates to trust: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates to trust: %s holds none in PEM form", c.CA)
		}
	}
	if (c.Cert == "") != (c.Key == "") {
		return nil, errors.New("certificate and key: give both or neither")
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("load own certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

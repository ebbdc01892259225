package mqtt

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// BrokerError says that the broker, or the way to it, is why the source can't go on. Every error of Run but that of
// Config.Record is one.
type BrokerError struct {
	URL string // without its password
	Err error
}

func (e *BrokerError) Error() string { return fmt.Sprintf("broker %s: %v", e.URL, e.Err) }
func (e *BrokerError) Unwrap() error { return e.Err }

// refusal is an answer that the same question would get again: somebody has to change the configuration here or there.
type refusal struct {
	err  error
	hint string
}

func (r *refusal) Error() string { return fmt.Sprintf("%v: %s", r.err, r.hint) }
func (r *refusal) Unwrap() error { return r.err }

// explain turns a refused connection into a refusal with a hint, and leaves other errors alone.
func explain(err error) error {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword):
		return &refusal{errors.New("it refuses the user name or the password"), "check both, and that the broker knows the user"}
	case errors.Is(err, packets.ErrorRefusedNotAuthorised):
		return &refusal{errors.New("it does not let us in (not authorized)"), "give a user name and password, or have the client id allowed"}
	case errors.Is(err, packets.ErrorRefusedIDRejected):
		return &refusal{errors.New("it rejects the client id"), "choose another"}
	case errors.Is(err, packets.ErrorRefusedBadProtocolVersion):
		return &refusal{errors.New("it does not speak MQTT 3.1.1"), "enable that version there"}
	case errors.As(err, &certificate):
		return &refusal{err, "give the authority's certificate (CA), or the host name that the broker's certificate is for"}
	}
	return err
}

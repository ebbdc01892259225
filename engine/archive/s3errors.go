package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"

	"github.com/minio/minio-go/v7"
)

// errTaken is a conditional write whose condition did not hold.
var errTaken = errors.New("it was changed meanwhile")

func isTaken(err error) bool { return errors.Is(err, errTaken) }

// explain says of what a server answered, or did not, what was wrong, where, and what to do. A secret is in none of it.
func (b *bucket) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s in %s: %w", doing, b, err)
	}
	wrong := func(kind error, format string, args ...any) error {
		return &kindError{kind: kind, text: fmt.Sprintf("%s in %s: ", doing, b) + fmt.Sprintf(format, args...), cause: err}
	}
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == "NoSuchBucket":
		return wrong(ErrAccess, "there is no bucket %s at %s; make it, correct the name, or set AWS_ENDPOINT_URL to the server that has it", b.name, b.from)
	case answer.Code == "NoSuchKey" || answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s in %s: %w", doing, b, fs.ErrNotExist)
	case answer.Code == "PreconditionFailed" || answer.StatusCode == http.StatusPreconditionFailed || answer.Code == "ConditionalRequestConflict":
		return errTaken
	case answer.Code == "InvalidAccessKeyId" || answer.Code == "SignatureDoesNotMatch" || answer.Code == "InvalidToken" || answer.Code == "ExpiredToken":
		return wrong(ErrAccess, "%s refuses the credentials (%s); check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN", b.from, answer.Code)
	case answer.Code == "AccessDenied" || answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
		return wrong(ErrAccess, "%s denies access; the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or a profile) need s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket and s3:AbortMultipartUpload there", b.parent())
	case answer.Code == "BadDigest" || answer.Code == "InvalidDigest":
		return wrong(ErrUnreachable, "the bytes changed on their way (%s); run it again", answer.Code)
	case answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.Code == "SlowDown":
		return wrong(ErrUnreachable, "%s can't do it now (%d %s), and did not after several tries; run it again later: what was sent is not sent again", b.from, answer.StatusCode, answer.Code)
	case answer.StatusCode != 0:
		return wrong(ErrAccess, "%s answers %d %s: %s", b.from, answer.StatusCode, answer.Code, answer.Message)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return wrong(ErrUnreachable, "the connection to %s breaks again and again; check the network, and run it again", b.from)
	}
	if network := new(url.Error); errors.As(err, &network) {
		return wrong(ErrUnreachable, "%s does not answer: %v; check AWS_ENDPOINT_URL and the network", b.from, network.Err)
	}
	if network := net.Error(nil); errors.As(err, &network) {
		return wrong(ErrUnreachable, "%s does not answer: %v; check AWS_ENDPOINT_URL and the network", b.from, err)
	}
	return fmt.Errorf("%s in %s: %w", doing, b, err)
}

package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// Signer signs links to artifacts, so that who has the link needs no token, and nobody can make one.
type Signer struct{ secret []byte }

// NewSigner makes a Signer with a secret of 32 random bytes, which Store.Secret keeps.
func NewSigner(secret []byte) *Signer { return &Signer{append([]byte(nil), secret...)} }

// Sign gives the signature of a link to a file of a job that is good until expires (Unix seconds): base64url without padding. version is the
// job's Links: once it is counted up, all older signatures are wrong.
func (s *Signer) Sign(jobID, file string, version, expires int64) string {
	return base64.RawURLEncoding.EncodeToString(s.sum(jobID, file, version, expires))
}

// Verify says whether a signature is Sign's, to the letter. Whether the link has expired is for the caller to see. The time it takes tells
// nothing of the right one.
func (s *Signer) Verify(jobID, file string, version, expires int64, signature string) bool {
	return hmac.Equal([]byte(signature), []byte(s.Sign(jobID, file, version, expires)))
}

// sum is the HMAC-SHA-256 of
//
//	"decant link 1" | len(job) uint64 | job | len(file) uint64 | file | version int64 | expires int64
//
// big endian. The lengths keep two links from having one encoding.
func (s *Signer) sum(jobID, file string, version, expires int64) []byte {
	b := []byte("decant link 1")
	for _, text := range []string{jobID, file} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(version))
	b = binary.BigEndian.AppendUint64(b, uint64(expires))
	mac := hmac.New(sha256.New, s.secret)
	mac.Write(b)
	return mac.Sum(nil)
}

package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// prefix is what every token starts with, so that people and secret scanners know one when they see it.
const prefix = "decant_"

// secretBytes are the random bytes of a token: 256 bits, so that guessing needs no further defence and its hash needs no salt.
const secretBytes = 32

// NewToken makes a token: the text that its owner keeps and that is never seen again, and what is stored of it. channels are globs, nil is any
// channel; expires and now are ns, expires nil is never. What it is given has passed CheckOwner, ParseScopes and CheckChannels.
func NewToken(owner string, scopes []Scope, channels []string, expires *int64, now int64, note string) (text string, t Token) {
	text = prefix + randomHex(secretBytes)
	return text, Token{
		ID:        randomHex(8),
		Hash:      Hash(text),
		Owner:     owner,
		Scopes:    slices.Clone(scopes),
		Channels:  slices.Clone(channels),
		Note:      note,
		CreatedAt: now,
		ExpiresAt: expires,
	}
}

// Hash is what is stored of a token: its SHA-256 in hex.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Valid says whether a token may be used at a moment (ns).
func (t Token) Valid(now int64) bool {
	return t.RevokedAt == nil && (t.ExpiresAt == nil || now < *t.ExpiresAt)
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: it ends the program where the system has no randomness
	return hex.EncodeToString(b)
}

// looksLikeToken says whether a text has the form of a token. It saves the store a question, and tells nobody more than they read here.
func looksLikeToken(text string) bool {
	digits, ok := strings.CutPrefix(text, prefix)
	if !ok || len(digits) != 2*secretBytes {
		return false
	}
	for _, c := range []byte(digits) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// maxOwner is how many characters an owner's name may have.
const maxOwner = 64

// CheckOwner says what is wrong with an owner's name. Owners stand in listings, logs and queries, so their names are plain: letters, digits and
// . _ @ + -, the first a letter or a digit, at most 64 of them.
func CheckOwner(owner string) error {
	if owner == "" {
		return fmt.Errorf("the owner is empty; give a name such as alice or plant-3@example.com")
	}
	if len(owner) > maxOwner {
		return fmt.Errorf("owner %.20q… has %d characters; at most %d are allowed", owner, len(owner), maxOwner)
	}
	for i, c := range []byte(owner) {
		alphanumeric := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alphanumeric && (i == 0 || !strings.ContainsRune("._@+-", rune(c))) {
			return fmt.Errorf("owner %q: allowed are letters, digits and . _ @ + -, the first a letter or a digit", owner)
		}
	}
	return nil
}

// ParseScopes reads scopes: each text is one or several, separated by commas or blanks. A scope named twice is taken once; the result is in the
// order of Scopes. A scope may be named in short: create is exporter:exports:create, and metrics exporter:metrics:read.
func ParseScopes(texts ...string) ([]Scope, error) {
	named := map[Scope]bool{}
	for _, text := range texts {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
			scope, ok := parseScope(word)
			if !ok {
				return nil, fmt.Errorf("scope %q is not known; allowed are %s", word, join(Scopes))
			}
			named[scope] = true
		}
	}
	if len(named) == 0 {
		return nil, fmt.Errorf("no scope is named; a token without one may do nothing. Allowed are %s", join(Scopes))
	}
	return slices.DeleteFunc(slices.Clone(Scopes), func(s Scope) bool { return !named[s] }), nil
}

func parseScope(word string) (Scope, bool) {
	for _, s := range Scopes {
		if word == string(s) || word == s.short() {
			return s, true
		}
	}
	return "", false
}

// short is what people call a scope: what it allows to do with exports, or else what it is about.
func (s Scope) short() string {
	if s == Metrics {
		return "metrics"
	}
	return strings.TrimPrefix(string(s), "exporter:exports:")
}

// join prints scopes as RFC 6750 writes them in a sentence: separated by commas.
func join(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

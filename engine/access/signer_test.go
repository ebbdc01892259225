package access

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

var secret = bytes.Repeat([]byte{7}, 32)

// TestSign pins the signature: links that are in somebody's mail must stay good over an upgrade.
func TestSign(t *testing.T) {
	const want = "UV2KJjB_99WbS75PTkGAVZpuXCxLaic0B-ObsN2JVB4"
	got := NewSigner(secret).Sign("019a3f5e-0000-7000-8000-000000000001", "Zähler 1.csv", 3, 1_795_000_000)
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// link is what a signature covers.
type link struct {
	job, file        string
	version, expires int64
}

func drawLink(t *rapid.T, label string) link {
	// Few letters and lengths, so that two links are often close: one part's end is another's beginning.
	text := rapid.StringOfN(rapid.RuneFrom([]rune("a/\x00")), 0, 3, -1)
	return link{
		text.Draw(t, label+" job"), text.Draw(t, label+" file"),
		rapid.Int64Range(-1, 1).Draw(t, label+" version"), rapid.Int64Range(-1, 1).Draw(t, label+" expires"),
	}
}

func TestVerify(t *testing.T) {
	s, other := NewSigner(secret), NewSigner(bytes.Repeat([]byte{8}, 32))
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawLink(t, "a"), drawLink(t, "b")
		signature := s.Sign(a.job, a.file, a.version, a.expires)
		if !s.Verify(a.job, a.file, a.version, a.expires, signature) {
			t.Fatal("a signature isn't taken")
		}
		if got := s.Verify(b.job, b.file, b.version, b.expires, signature); got != (a == b) {
			t.Fatalf("the signature of %+v is taken for %+v: %v", a, b, got)
		}
		if other.Verify(a.job, a.file, a.version, a.expires, signature) {
			t.Fatal("a signature of another secret is taken")
		}
	})
}

// TestSignerKeepsItsSecret: who made the signer may overwrite the bytes.
func TestSignerKeepsItsSecret(t *testing.T) {
	mine := bytes.Clone(secret)
	s := NewSigner(mine)
	signature := s.Sign("j", "f", 0, 0)
	clear(mine)
	if s.Sign("j", "f", 0, 0) != signature {
		t.Error("the signer's secret changed")
	}
}

// FuzzVerify: a link has one signature, in one spelling.
func FuzzVerify(f *testing.F) {
	s := NewSigner(secret)
	right := s.Sign("job", "file.csv", 0, 100)
	for _, seed := range []string{right, right + "=", right + "\n", right[:42], "", "=", right[:42] + "_"} {
		f.Add("job", "file.csv", int64(0), int64(100), seed)
	}
	f.Fuzz(func(t *testing.T, job, file string, version, expires int64, signature string) {
		if got, want := s.Verify(job, file, version, expires, signature), signature == s.Sign(job, file, version, expires); got != want {
			t.Errorf("%q %q %d %d %q: %v", job, file, version, expires, signature, got)
		}
	})
}

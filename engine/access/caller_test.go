package access

import "testing"

func TestCallerMay(t *testing.T) {
	reader := Caller{Scopes: []Scope{Read, List}}
	admin := Caller{Scopes: []Scope{Admin}}
	for _, s := range Scopes {
		if got, want := reader.May(s), s == Read || s == List; got != want {
			t.Errorf("a reader may %s: %v", s, got)
		}
		if !admin.May(s) {
			t.Errorf("an administrator may not %s", s)
		}
		if (Caller{}).May(s) {
			t.Errorf("a caller without scopes may %s", s)
		}
	}
	if reader.Admin() || !admin.Admin() {
		t.Error("who is an administrator")
	}
}

func TestCallerSees(t *testing.T) {
	for _, c := range []struct {
		globs   []string
		channel string
		want    bool
	}{
		{nil, "any", true},
		{[]string{}, "any", false},
		{[]string{"plant-*"}, "plant-1/line/2", true},
		{[]string{"a", "b"}, "b", true},
		{[]string{"*"}, "", true},
		{[]string{`a\[`}, "a[", false},
		{[]string{`[\`}, `[\`, false},
	} {
		if got := (Caller{Scopes: []Scope{Admin}, Channels: c.globs}).Sees(c.channel); got != c.want {
			t.Errorf("%q sees %q: %v", c.globs, c.channel, got)
		}
	}
}

func TestCheckChannels(t *testing.T) {
	if err := CheckChannels([]string{"*", "a?", "[ab]", `\?\*\\`}); err != nil {
		t.Error(err)
	}
	for _, glob := range []string{"", `a\`, `\a`, `\[a`} {
		if err := CheckChannels([]string{"fine", glob}); err == nil {
			t.Errorf("%q is taken", glob)
		}
	}
}

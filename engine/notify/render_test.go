package notify

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files anew")

const signedLink = "https://decant.example.com/artifacts/0199/meter_2026.csv?expires=1790604800&signature=a_b-c"

// hostile are letters of which no medium may do what they say.
var hostile = []struct {
	name string
	letter
}{
	{"plain", letter{title: "{{filename}}: {{status}}", text: "{{rows}} rows from {{from}} to {{to}}.\n{{error}}\n{{downloadUrl}}",
		values: values{Filename: "meter_2026-09.csv", Status: "done", Rows: "4321", From: "2026-09-01T00:00:00+02:00", To: "2026-10-01T00:00:00+02:00", DownloadURL: signedLink}}},
	{"failed", letter{title: "{{filename}}: {{status}}", text: "{{error}} {{downloadUrl}}",
		values: values{Filename: "meter.csv", Status: "failed", Rows: "0", Error: "items[0].params.target: \"*\" matches nothing\nthere is: power"}}},
	{"mentions", letter{title: "@everyone {{filename}}", text: "<!channel> <!here> <@U123> @here <@&42> {{error}}",
		values: values{Filename: "@everyone", Error: "<!channel> <@U024BE7LH> <@&1234> <#C1> @channel @here"}}},
	{"markup", letter{title: "*b* _i_ {{filename}}", text: "**b** `c` ~~s~~ ||x|| # h\n> q\n- l\n<b>x</b> &amp; [a](https://evil.example) {{error}}",
		values: values{Filename: "*b*_i_`c`.csv", Error: "[click](https://evil.example) <https://evil.example|bank> <a href=\"https://evil.example\">x</a> &lt; \\*"}}},
	{"links", letter{title: "https://wiki.example.com/a_b", text: "see https://wiki.example.com/a_b?x=1&y=2, or (https://wiki.example.com/c). {{error}} {{downloadUrl}}",
		values: values{Error: "go to https://evil.example/a_b", DownloadURL: signedLink}}},
	{"lines", letter{title: "a\r\nBcc: x@example.com\n{{filename}}\u2028z", text: "a\r\nb\rc\vd\u2029e\x00f\x1b[31mg\u202egnp.exe\u202c {{error}}",
		values: values{Filename: "x\r\n\r\nSubject: y", Error: "tab\tand \x07bell\r\nand \u0085line"}}},
	{"templates in values", letter{title: "{{filename}} {{ filename }} {{file}} {{}} {{{status}}}", text: "{{error}} {{Error}} {{downloadurl}}",
		values: values{Filename: "{{error}}", Status: "{{downloadUrl}}", Error: "{{filename}}", DownloadURL: signedLink}}},
	{"invalid UTF-8", letter{title: "\xff\xfe {{filename}}", text: "a\x80b {{error}}\xc3", values: values{Filename: "x\xe2\x82.csv", Error: "\xf0\x9f"}}},
	{"link with markup", letter{title: "t", text: "{{downloadUrl}}", values: values{DownloadURL: "https://x.example/a|b>c<d e\"f\\`g\nh"}}},
	{"note", letter{title: "t", text: "the file:", note: linkNote("The file (12.0 MiB) is larger than what may be attached (10.0 MiB).", signedLink)}},
}

var markups = []struct {
	name string
	markup
}{{"email", emailMarkup}, {"slack", slackMarkup}, {"discord", discordMarkup}, {"telegram", telegramMarkup}, {"caption", captionMarkup}}

func TestRendering(t *testing.T) {
	for _, m := range markups {
		t.Run(m.name, func(t *testing.T) {
			var b strings.Builder
			for _, l := range hostile {
				fmt.Fprintf(&b, "== %s\n", l.name)
				if m.name == "email" {
					fmt.Fprintf(&b, "Subject: %s\n\n%s\n\n", m.titleOf(l.letter), m.textOf(l.letter, m.limit))
					continue
				}
				fmt.Fprintf(&b, "%s\n\n", m.messageOf(l.letter))
			}
			golden := filepath.Join("testdata", m.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("%s is not as before; -update writes it anew. Now:\n%s", golden, b.String())
			}
		})
	}
}

// Whatever is too long is cut: a value at its share, the whole at the medium's limit, neither inside a rune, an escape or a link.
func TestLength(t *testing.T) {
	for _, m := range markups {
		for _, unit := range []string{"x", "é", "𝄞", "&", "<*", "日本"} {
			long := strings.Repeat(unit, 70_000)
			l := letter{title: "{{filename}}", text: "{{error}} {{downloadUrl}}", values: values{Filename: long, Error: long, DownloadURL: signedLink}}
			got := m.messageOf(l)
			if n := units(got); n > m.limit || !utf8.ValidString(got) {
				t.Errorf("%s, %q: %d long", m.name, unit, n)
			}
			if link := m.link(signedLink); m.value*len(m.escape('&'))*2 < m.limit-500 && !strings.HasSuffix(got, link) {
				t.Errorf("%s, %q: the link is lost: …%s", m.name, unit, got[max(0, len(got)-150):])
			}
			if n := units(m.titleOf(l)); n > m.title {
				t.Errorf("%s, %q: the title is %d long", m.name, unit, n)
			}
			l = letter{text: long + " {{downloadUrl}}", values: l.values, note: linkNote("Why.", signedLink)}
			got = m.messageOf(l)
			if n := units(got); n > m.limit || n < m.limit*9/10 || !strings.HasSuffix(got, m.link(signedLink)) || !strings.Contains(got, ellipsis) {
				t.Errorf("%s, %q: %d long, ends with %s", m.name, unit, n, got[max(0, len(got)-150):])
			}
		}
	}
}

func FuzzRendering(f *testing.F) {
	for _, l := range hostile {
		f.Add(l.title, l.text, l.values.Filename, l.values.Error, l.values.DownloadURL)
	}
	f.Fuzz(func(t *testing.T, title, text, filename, problem, link string) {
		l := letter{title: title, text: text, values: values{Filename: filename, Error: problem, DownloadURL: link}}
		for _, m := range markups {
			got := m.messageOf(l)
			if n := units(got); n > m.limit {
				t.Errorf("%s: %d long", m.name, n)
			}
			if !utf8.ValidString(got) {
				t.Errorf("%s: invalid UTF-8: %q", m.name, got)
			}
			for _, r := range got {
				if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
					t.Errorf("%s: %q in %q", m.name, r, got)
				}
			}
			if strings.ContainsFunc(m.titleOf(l), func(r rune) bool { return r == '\n' || r == '\r' }) {
				t.Errorf("%s: a title of several lines: %q", m.name, m.titleOf(l))
			}
		}
		// Without links, a medium's special characters appear escaped only.
		l.values.DownloadURL = ""
		l.title, l.text = strings.ReplaceAll(title, "http", ""), strings.ReplaceAll(text, "http", "")
		if got := slackMarkup.messageOf(l); strings.ContainsAny(got, "<>") {
			t.Errorf("slack: %q", got)
		}
		if got := strings.ReplaceAll(strings.ReplaceAll(telegramMarkup.messageOf(l), "<b>", ""), "</b>", ""); strings.ContainsAny(got, "<>") {
			t.Errorf("telegram: %q", got)
		}
		got := discordMarkup.textOf(l, discordMarkup.limit)
		for i := 0; i < len(got); i++ {
			switch {
			case got[i] == '\\':
				i++
			case strings.IndexByte("*_~`|>#[]()<:@", got[i]) >= 0:
				t.Errorf("discord: %q at %d of %q", got[i], i, got)
			}
		}
	})
}

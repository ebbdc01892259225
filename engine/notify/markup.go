package notify

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// markup is how a medium writes text that shall appear as it is.
type markup struct {
	limit  int // of a message, in UTF-16 code units, markup included; a medium that counts otherwise counts fewer
	title  int // of its title
	value  int // of one value, in runes
	escape func(r rune) string
	link   func(address string) string
	bold   [2]string // stands around the title
}

var (
	// emailMarkup is plain text. The limit keeps a value from making a letter that no server takes.
	emailMarkup = markup{limit: 64 << 10, title: 200, value: 16 << 10, escape: plain, link: func(a string) string { return a }}
	// slackMarkup is mrkdwn, of which only & < > can be escaped, and need be: mentions, channels and links all begin with <. The message is sent verbatim, so
	// that Slack looks for no names and addresses in it. What remains is that * _ ~ ` may format.
	slackMarkup = markup{limit: 3000, title: 150, value: 600, escape: escapeHTML, bold: [2]string{"*", "*"},
		link: func(a string) string { return "<" + escapeText(a, escapeHTML) + ">" }}
	// discordMarkup is Discord's Markdown: a backslash takes its meaning from any punctuation. The colon is for addresses and emoji.
	discordMarkup = markup{limit: 2000, title: 200, value: 500, escape: escapeMarkdown, bold: [2]string{"**", "**"},
		link: func(a string) string { return "<" + a + ">" }}
	// telegramMarkup is Telegram's HTML, captionMarkup the same beside a file.
	telegramMarkup = markup{limit: 4096, title: 200, value: 1000, escape: escapeHTML, bold: [2]string{"<b>", "</b>"},
		link: func(a string) string { return escapeText(a, escapeHTML) }}
	captionMarkup = markup{limit: 1024, title: 200, value: 250, escape: escapeHTML, bold: telegramMarkup.bold, link: telegramMarkup.link}
)

func plain(r rune) string { return string(r) }

func escapeHTML(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return string(r)
}

func escapeMarkdown(r rune) string {
	if strings.ContainsRune("\\*_~`|>#-+[]()<:@", r) {
		return `\` + string(r)
	}
	return string(r)
}

func escapeText(s string, escape func(rune) string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteString(escape(r))
	}
	return b.String()
}

// titleOf writes a title by itself, without what stands around it.
func (m markup) titleOf(l letter) string {
	w := composer{markup: m, left: m.title}
	w.write(oneLine(fill(l.title, l.values, m.value)))
	return strings.TrimSpace(w.String())
}

// textOf writes the text, and after it what the notifier has to say itself, which is never cut.
func (m markup) textOf(l letter, limit int) string {
	var note string
	if len(l.note) > 0 {
		n := composer{markup: m, left: limit}
		n.write(l.note)
		note = "\n\n" + n.String()
	}
	w := composer{markup: m, left: limit - units(note)}
	w.write(fill(l.text, l.values, m.value))
	return strings.TrimSpace(w.String() + note)
}

// messageOf writes title and text as one.
func (m markup) messageOf(l letter) string {
	title := m.titleOf(l)
	if title == "" {
		return m.textOf(l, m.limit)
	}
	head := m.bold[0] + title + m.bold[1] + "\n\n"
	return strings.TrimSpace(head + m.textOf(l, m.limit-units(head)))
}

// composer writes pieces until they are too long. It cuts between runes, and neither an escape nor a link in two.
type composer struct {
	strings.Builder
	markup
	left int // UTF-16 code units
	full bool
}

func (w *composer) write(pieces []piece) {
	for _, p := range pieces {
		if p.link {
			if p.text != "" {
				w.put(w.link(asciiAddress(p.text)))
			}
			continue
		}
		for _, r := range p.text {
			w.put(w.escape(r))
		}
	}
}

// put writes s, or where it doesn't fit the ellipsis, for which there is always room left.
func (w *composer) put(s string) {
	switch n := units(s); {
	case w.full:
	case n+units(ellipsis) > w.left:
		w.WriteString(ellipsis)
		w.full = true
	default:
		w.WriteString(s)
		w.left -= n
	}
}

// units is the length of text in UTF-16 code units, which is how Telegram counts.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// asciiAddress is an address without characters that a medium could take for markup.
func asciiAddress(a string) string {
	var b strings.Builder
	for _, r := range a {
		if r > ' ' && r < 0x7f && !strings.ContainsRune("<>|\"`\\{}^", r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

package export

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"decant/engine/export/request"
)

const maxFileName = 200 // bytes, with the extension

// fileNames names the file of each item: safe on every file system, and no two alike where letters have no case.
func fileNames(r *request.Request) []string {
	extension := extension(&r.Format)
	taken := map[string]bool{}
	tried := map[string]int{} // by what a file would be called: the last number that it was tried with
	names := make([]string, len(r.Items))
	for i := range r.Items {
		it := &r.Items[i]
		stem := it.Filename
		if stem == "" {
			stem = r.Format.Filename
		}
		if stem == "" && it.Resource != "" {
			stem = string(it.Resource)
		}
		if stem == "" {
			stem = it.Channel + "-" + it.Subtopic
		}
		stem = sanitize(withoutExtension(withoutExtension(stem, extension), "."+r.Format.Extension))
		name := shorten(stem, len(extension)) + extension
		wanted := folded(name)
		for n := max(2, tried[wanted]+1); taken[folded(name)]; n++ {
			number := "-" + strconv.Itoa(n)
			name = shorten(stem, len(number)+len(extension)) + number + extension
			tried[wanted] = n
		}
		taken[folded(name)] = true
		names[i] = name
	}
	return names
}

// withoutExtension takes off an extension that the name already has.
func withoutExtension(name, extension string) string {
	if cut := len(name) - len(extension); cut > 0 && strings.EqualFold(name[cut:], extension) {
		return name[:cut]
	}
	return name
}

// folded is the same for names that some file system takes for one.
func folded(name string) string { return norm.NFC.String(strings.ToLower(norm.NFC.String(name))) }

// sanitize makes a file's stem of any text: what separates, controls or hides becomes _, and no device of Windows is named.
func sanitize(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) ||
			r == '\u2028' || r == '\u2029' {
			return '_'
		}
		return r
	}, s)
	s = strings.TrimLeft(s, ". ")
	s = strings.TrimRight(s, ". ")
	if s == "" {
		return "export"
	}
	device, _, _ := strings.Cut(s, ".")
	if reserved(strings.TrimRight(device, " ")) {
		return "_" + s
	}
	return s
}

// reserved says whether Windows takes a name for a device, whatever its extension.
func reserved(name string) bool {
	name = strings.ToUpper(name)
	switch name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if number, ok := strings.CutPrefix(name, port); ok && utf8.RuneCountInString(number) == 1 && strings.Contains("0123456789¹²³", number) {
			return true
		}
	}
	return false
}

// shorten cuts a stem at a character, so that it and what follows it fit a file name.
func shorten(stem string, following int) string {
	room := maxFileName - following
	if len(stem) <= room {
		return stem
	}
	for room > 0 && !utf8.RuneStart(stem[room]) {
		room--
	}
	return strings.TrimRight(stem[:room], ". ")
}

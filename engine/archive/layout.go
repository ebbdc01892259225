package archive

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// The names in an archive. Engines pass over what begins with an underscore or a dot; Athena and Spark would take anything else for data.
const (
	manifestName = "_manifest.json"
	lockName     = "_lock"

	// hiveNull is how Hive writes an empty value of a partition.
	hiveNull = "__HIVE_DEFAULT_PARTITION__"

	channelKey = "channel="
	dayKey     = "day="

	// ofStore is what every store's folder has, and no archive's.
	ofStore = "CURRENT"

	// maxName is how long a folder's name may be, in bytes, on the file systems that there are.
	maxName = 255
	// cutName is up to where a channel stands in a name that would be longer.
	cutName = 200
)

// partName is the file of part n of a channel's day, relative to the archive, with slashes.
func partName(channel string, day Day, n int) string {
	return fmt.Sprintf("%s%s/%s%s/part-%d.parquet", channelKey, escape(channel), dayKey, day, n)
}

// escape writes a channel as Hive writes a partition's value: what it reserves becomes %XX. On top of that go characters that Windows can't have in a name, and a
// dot or a blank at the end, which it drops. Readers unescape any %XX. What would be too long a name is cut, and ends with a digest of the channel; the manifest has it whole.
func escape(value string) string {
	if value == "" {
		return hiveNull
	}
	if value == hiveNull {
		return "%5F" + value[1:]
	}
	name := escapeChars(value)
	if len(channelKey)+len(name) <= maxName && !digestEnd.MatchString(name) { // else a channel could have the name that is made of another
		return name
	}
	end := 0
	for end < len(name) { // neither a character nor an escape is cut apart
		_, n := utf8.DecodeRuneInString(name[end:])
		if name[end] == '%' {
			n = len("%XX")
		}
		if end+n > cutName {
			break
		}
		end += n
	}
	digest := sha256.Sum256([]byte(value))
	return fmt.Sprintf("%s~%x", name[:end], digest[:16])
}

// digestEnd is what a cut name ends with.
var digestEnd = regexp.MustCompile("~[0-9a-f]{32}$")

func escapeChars(value string) string {
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		last := i == len(value)-1
		if c < 0x20 || c == 0x7f || strings.IndexByte(`"#%'*/:=?\{}[]^<>|`, c) >= 0 || last && (c == '.' || c == ' ') {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Day is a UTC day, counted from 1970-01-01.
type Day int32

const (
	daySeconds = 24 * 60 * 60
	dayNanos   = daySeconds * int64(time.Second)
)

// dayOf is the day of a time (ns).
func dayOf(t int64) Day {
	d := t / dayNanos
	if t%dayNanos < 0 {
		d--
	}
	return Day(d)
}

// firstDay and lastDay begin and end at least partly within int64 nanoseconds.
var firstDay, lastDay = dayOf(-1 << 63), dayOf(1<<63 - 1)

// Start is the first instant of the day (ns); of the first day that int64 holds, the first that it holds.
func (d Day) Start() int64 {
	if d <= firstDay {
		return -1 << 63
	}
	return int64(d) * dayNanos
}

// End is the first instant after the day.
func (d Day) End() int64 {
	if d >= lastDay {
		return 1<<63 - 1
	}
	return int64(d+1) * dayNanos
}

// String is the day as 2026-11-20.
func (d Day) String() string {
	return time.Unix(int64(d)*daySeconds, 0).UTC().Format(time.DateOnly)
}

// MarshalText writes the day as String does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Day) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("day %q: allowed are days such as 2026-11-20", text)
	}
	*d = Day(t.Unix() / daySeconds)
	return nil
}

// instant is a time (ns since 1970, UTC) that JSON shows as people read it.
type instant int64

func (t instant) MarshalText() ([]byte, error) {
	return []byte(time.Unix(0, int64(t)).UTC().Format(time.RFC3339Nano)), nil
}

func (t *instant) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return fmt.Errorf("time %q: allowed is ISO 8601", text)
	}
	*t = instant(at.UnixNano())
	return nil
}

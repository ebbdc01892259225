package store

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// exampleCurrent is the list that docs/store.md shows.
const exampleCurrent = `decant store 2
next 9
arrival 300000
series 12
segment segments/00000004.seg 471859 299000 1 300000 1767225600000000000 1769903999000000000
delete 300000 1767225600000000000 - "c" "events.data" * * "temp"* "humidity"
expire 300000 1767225600000000000 "plant/1"
log wal/00000007.log 1048576
log wal/00000008.log -
crc32c 3213e4dd
`

func TestCurrentIsWhatTheDocumentationShows(t *testing.T) {
	subtopic := "events.data"
	c := current{
		version: 2, next: 9, arrival: 300000, series: 12,
		segments: []segmentFile{{"segments/00000004.seg", 471859, 299000, 1, 300000, 1767225600e9, 1769903999e9}},
		deletes: []tombstone{
			{Selection: Selection{Channel: "c", Subtopic: &subtopic, Names: []Name{{"temp", true}, {"humidity", false}}}, arrival: 300000, from: 1767225600e9, to: math.MaxInt64},
			{Selection: Selection{Channel: "plant/1"}, arrival: 300000, from: math.MinInt64, to: 1767225600e9, expired: true},
		},
		logs: []logFile{{"wal/00000007.log", 1048576}, {"wal/00000008.log", -1}},
	}
	text := string(c.encode())
	if text != exampleCurrent {
		t.Errorf("got\n%s", text)
	}
	doc, err := os.ReadFile("../../docs/store.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), text) {
		t.Errorf("docs/store.md does not show\n%s", text)
	}
	back, err := decodeCurrent("CURRENT", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(c, back, gocmp.AllowUnexported(current{}, segmentFile{}, tombstone{}, logFile{})); diff != "" {
		t.Error(diff)
	}
}

func TestCurrentTakesNoOtherText(t *testing.T) {
	for _, body := range []string{
		"decant store 1\nnext 09\n",
		"decant store 1\nnext 9\nlog  wal/00000007.log 5\n",
		"decant store 1\nnext 9\nlog wal/00000007.log 5 6\n",
		"decant store 1\nnext 9\nsegment segments/00000004.seg 1\n",
		"decant store 1\nlog wal/00000007.log -\nnext 9\n",
		"decant store 1\nnext 9\nsomething else\n",
		"decant store 1\nnext 9",
		"decant store 1\nnext 9\narrival 5\nseries 0\n",
		"decant store 1\nnext 9\nsegment segments/00000004.seg 1 2 1\n",
		"decant store 2\nnext 9\n",
		"decant store 2\nnext 9\narrival 5\nseries 0\nsegment segments/00000004.seg 100 6 1 5 10 20\n",                              // more rows than arrivals
		"decant store 2\nnext 9\narrival 4\nseries 0\nsegment segments/00000004.seg 100 5 1 5 10 20\n",                              // more than ever arrived
		"decant store 2\nnext 9\narrival 5\nseries 0\nsegment segments/00000004.seg 100 5 1 5 20 10\n",                              // ends before it begins
		"decant store 2\nnext 9\narrival 5\nseries 0\nsegment segments/a.seg 9 1 1 5 10 20\nsegment segments/b.seg 9 1 1 5 20 30\n", // overlap in time
		"decant store 2\nnext 9\narrival 9\nseries 0\nsegment segments/a.seg 9 1 1 5 10 20\nsegment segments/b.seg 9 1 4 9 30 40\n", // and in arrival
		"decant store 2\nnext 9\narrival 5\nseries 0\ndelete 5 1 2 \"c\" * * *\n" + `delete 5 1 2 "c" * * * "a"x` + "\n",
		"decant store 2\nnext 9\narrival 5\nseries 0\n" + `delete 5 1 2 "c" * * *  "a"` + "\n",
		"decant store 2\nnext 9\narrival 5\nseries 0\n" + `expire 5 1 "c" "d"` + "\n",
	} {
		text := withChecksum([]byte(body))
		if c, err := decodeCurrent("CURRENT", text); !errors.As(err, new(*CorruptError)) {
			t.Errorf("%q is read as %+v, %v", text, c, err)
		}
	}
	if _, err := decodeCurrent("CURRENT", withChecksum([]byte("decant store 3\nnext 9\n"))); err == nil || !strings.Contains(err.Error(), "newer decant") {
		t.Errorf("a newer version: %v", err)
	}
}

package store

import (
	"errors"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// exampleCurrent is the list that docs/store.md shows.
const exampleCurrent = `decant store 1
next 9
segment segments/00000004.seg 4718592 1 300000
log wal/00000007.log 1048576
log wal/00000008.log -
crc32c cc8bc1fd
`

func TestCurrentIsWhatTheDocumentationShows(t *testing.T) {
	c := current{
		next:     9,
		segments: []segmentFile{{"segments/00000004.seg", 4718592, 1, 300000}},
		logs:     []logFile{{"wal/00000007.log", 1048576}, {"wal/00000008.log", -1}},
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
	if diff := gocmp.Diff(c, back, gocmp.AllowUnexported(current{}, segmentFile{}, logFile{})); diff != "" {
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
	} {
		text := withChecksum(body)
		if c, err := decodeCurrent("CURRENT", text); !errors.As(err, new(*CorruptError)) {
			t.Errorf("%q is read as %+v, %v", text, c, err)
		}
	}
	if _, err := decodeCurrent("CURRENT", withChecksum("decant store 2\nnext 9\n")); err == nil || !strings.Contains(err.Error(), "newer decant") {
		t.Errorf("a newer version: %v", err)
	}
}

package export

import (
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"decant/formats"
)

// textCells are indices into a dictionary that is made once an item: Arrow files know one dictionary a column.
type textCells struct {
	indices    *array.Int32Builder
	dictionary arrow.Array
	typ        *arrow.DictionaryType
}

func newTextCells(mem memory.Allocator, typ *arrow.DictionaryType, words []string) textCells {
	b := array.NewStringBuilder(mem)
	defer b.Release()
	b.AppendValues(words, nil)
	return textCells{array.NewInt32Builder(mem), b.NewArray(), typ}
}

// repeat adds a word n times; -1 is a missing value.
func (x *textCells) repeat(word int32, n int) {
	x.indices.Reserve(n)
	for range n {
		if word < 0 {
			x.indices.UnsafeAppendBoolToBitmap(false)
		} else {
			x.indices.UnsafeAppend(word)
		}
	}
}

func (x *textCells) take() arrow.Array {
	indices := takeAndReserve(x.indices)
	defer indices.Release()
	return array.NewDictionaryArray(x.typ, indices, x.dictionary)
}

func (x *textCells) release() {
	x.indices.Release()
	x.dictionary.Release()
}

// seriesCells print what belongs to a series as a whole.
type seriesCells struct {
	textCells
	words   []int32 // by series
	missing bool    // some of words are -1

	gathered []int32 // of the runs that come now
}

func newSeriesCells(mem memory.Allocator, series []Selected, id string) cells {
	x := &seriesCells{words: make([]int32, len(series))}
	var dictionary []string
	known := map[string]int32{"": -1} // no publisher and no unit are missing values
	for i := range series {
		text := seriesText(&series[i], id)
		word, ok := known[text]
		if !ok {
			word = int32(len(dictionary))
			known[text] = word
			dictionary = append(dictionary, text)
		}
		x.words[i] = word
		x.missing = x.missing || word < 0
	}
	x.textCells = newTextCells(mem, formats.TextType, dictionary)
	return x
}

func seriesText(s *Selected, id string) string {
	switch id {
	case "channel":
		return s.Channel
	case "subtopic":
		return s.Subtopic
	case "publisher":
		return s.Publisher
	case "name":
		return s.Label
	case "senmlName":
		return s.Name
	case "unit":
		return s.Unit
	}
	return ""
}

func (x *seriesCells) add(runs []stretch) {
	if x.missing {
		for _, r := range runs {
			x.repeat(x.words[r.c.series], r.hi-r.lo)
		}
		return
	}
	list := x.gathered[:0]
	for _, r := range runs {
		word := x.words[r.c.series]
		for range r.hi - r.lo {
			list = append(list, word)
		}
	}
	x.indices.AppendValues(list, nil)
	x.gathered = list
}

// protocolCells print how a sample came.
type protocolCells struct{ textCells }

var protocols = []string{"mqtt", "import"} // by the number that a source gives, less one

func newProtocolCells(mem memory.Allocator) cells {
	return &protocolCells{newTextCells(mem, formats.TextType, protocols)}
}

func (x *protocolCells) add(runs []stretch) {
	for _, r := range runs {
		for i := r.lo; i < r.hi; i++ {
			word := int32(r.c.protocol[i]) - 1
			if int(word) >= len(protocols) {
				word = -1
			}
			x.repeat(word, 1)
		}
	}
}

// offsetCells print the zone's offset at a row's time.
type offsetCells struct {
	textCells
	zone     *time.Location
	words    map[int]int32
	from, to int64 // ns: word holds here
	word     int32
}

func newOffsetCells(mem memory.Allocator, offsets []int, zone *time.Location) cells {
	x := &offsetCells{zone: zone, words: map[int]int32{}, from: 1}
	var dictionary []string
	for i, offset := range offsets {
		x.words[offset] = int32(i)
		dictionary = append(dictionary, offsetText(offset))
	}
	x.textCells = newTextCells(mem, formats.TextType, dictionary)
	return x
}

func (x *offsetCells) add(runs []stretch) {
	for _, r := range runs {
		for i := r.lo; i < r.hi; i++ {
			t := int64(r.c.times[i])
			if t < x.from || t >= x.to {
				x.look(t)
			}
			x.repeat(x.word, 1)
		}
	}
}

// look finds the offset at t and how long it holds.
func (x *offsetCells) look(t int64) {
	at := time.Unix(0, t).In(x.zone)
	_, offset := at.Zone()
	x.word = x.words[offset]
	x.from, x.to = openFrom, openTo
	start, end := at.ZoneBounds()
	if !start.IsZero() && start.After(time.Unix(0, openFrom)) {
		x.from = start.UnixNano()
	}
	if !end.IsZero() && end.Before(time.Unix(0, openTo)) {
		x.to = end.UnixNano()
	}
}

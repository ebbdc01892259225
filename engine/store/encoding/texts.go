package encoding

import (
	"fmt"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// leastFrame is how many bytes of text are worth a frame.
const leastFrame = 64

// A form of texts is formTexts and these flags.
const (
	framed       = 1
	byDictionary = 2
)

// AppendTexts appends a column of texts, at most Most, to b: text i is text[offsets[i]:offsets[i+1]]. No texts take no bytes.
func AppendTexts(b []byte, offsets []int32, text []byte) []byte {
	n := len(offsets) - 1
	atMost(n)
	if n <= 0 {
		return b
	}
	start := len(b)
	b = append(b, formTexts)
	b = appendTexts(b, start, offsets, text)
	places, once, onceText := dictionaryOf(offsets, text)
	if places == nil {
		return b
	}
	end := len(b)
	b = appendUvarint(append(b, formDictionary), uint64(len(once)-1))
	b = appendInts(b, places)
	b = appendTexts(b, end, once, onceText)
	if clearlyLess(end-start, len(b)-end) {
		return b[:end]
	}
	return append(b[:start], b[end:]...)
}

// appendTexts appends the lengths of texts, and the texts. Where those become a frame, the form at b[form] is told.
func appendTexts(b []byte, form int, offsets []int32, text []byte) []byte {
	n := len(offsets) - 1
	var lengths [Most]uint64
	for i := range n {
		lengths[i] = uint64(offsets[i+1] - offsets[i])
	}
	b = appendInts(b, lengths[:n])
	text = text[offsets[0]:offsets[n]]
	if len(text) >= leastFrame {
		at := len(b)
		if b = frames().encoder.EncodeAll(text, b); clearlyLess(len(b)-at, len(text)) {
			b[form] |= framed
			return b
		}
		b = b[:at]
	}
	return append(b, text...)
}

// dictionaryOf has each text once, in the order in which they first come. It is nil where most come only once.
func dictionaryOf(offsets []int32, text []byte) (places []uint64, once []int32, onceText []byte) {
	n := len(offsets) - 1
	place := make(map[string]uint64)
	once = append(once, 0)
	for i := range n {
		t := text[offsets[i]:offsets[i+1]]
		k, known := place[string(t)]
		if !known {
			if k = uint64(len(place)); 2*int(k) > n {
				return nil, nil, nil
			}
			place[string(t)] = k
			onceText = append(onceText, t...)
			once = append(once, int32(len(onceText)))
		}
		places = append(places, k)
	}
	return places, once, onceText
}

// Texts reads a column that AppendTexts made of len(offsets)−1 texts. It sets offsets, the first to 0, and returns the texts one behind the
// other; text's memory is taken where it is large enough. Where they are longer than most bytes in all, that is an error, before memory for them is
// taken.
func Texts(offsets []int32, text, b []byte, most int) ([]byte, error) {
	c := cursor{b: b}
	text = text[:0]
	switch n := len(offsets) - 1; {
	case n > Most:
		c.fail(errMost)
	case n < 0:
	case n == 0:
		offsets[0] = 0
	default:
		text = c.texts(offsets, text, min(most, math.MaxInt32))
	}
	if err := c.end("texts"); err != nil {
		return nil, err
	}
	return text, nil
}

func (c *cursor) texts(offsets []int32, text []byte, most int) []byte {
	form := c.byte()
	if form < formTexts || form > formDictZstd {
		if c.err == nil {
			c.fail(fmt.Errorf("its form %#x is none of texts", form))
		}
		return nil
	}
	if form&byDictionary == 0 {
		c.lengths(offsets, most)
		return c.content(text, int(offsets[len(offsets)-1]), form)
	}

	k := c.uvarint()
	if k < 1 || k > uint64(len(offsets)-1) {
		c.fail(errCode)
		return nil
	}
	var places [Most]uint64
	n := len(offsets) - 1
	c.ints(places[:n])
	var starts [Most + 1]int32
	once := starts[:k+1]
	c.lengths(once, most)
	if c.err != nil {
		return nil
	}
	total := 0
	for i, place := range places[:n] {
		if place >= k {
			c.fail(errCode)
			return nil
		}
		offsets[i] = int32(total)
		if total += int(once[place+1] - once[place]); total > most {
			c.fail(errTextSize)
			return nil
		}
	}
	offsets[n] = int32(total)
	words := c.content(nil, int(once[k]), form)
	if c.err != nil {
		return nil
	}
	text = withRoom(text, total)
	for _, place := range places[:n] {
		text = append(text, words[once[place]:once[place+1]]...)
	}
	return text
}

// lengths sets offsets to the sums of as many lengths less one.
func (c *cursor) lengths(offsets []int32, most int) {
	var buffer [Most]uint64
	lengths := buffer[:len(offsets)-1]
	c.ints(lengths)
	total := uint64(0)
	offsets[0] = 0
	for i, l := range lengths {
		if l > uint64(most) || total+l > uint64(most) {
			c.fail(errTextSize)
			return
		}
		total += l
		offsets[i+1] = int32(total)
	}
}

// content is the rest of the column: texts of size bytes in all, in text's memory where it is large enough.
func (c *cursor) content(text []byte, size int, form byte) []byte {
	if c.err != nil {
		return nil
	}
	rest := c.bytes(len(c.b))
	if form&framed == 0 {
		if len(rest) != size {
			c.fail(errLengths)
			return nil
		}
		return append(text, rest...)
	}
	text, err := frames().decoder.DecodeAll(rest, withRoom(text, size))
	if err != nil {
		c.fail(fmt.Errorf("its texts can't be decompressed: %w", err))
		return nil
	}
	if len(text) != size {
		c.fail(errLengths)
		return nil
	}
	return text
}

// withRoom is an empty slice with room for size bytes and, so that a frame can't write more, no others.
func withRoom(text []byte, size int) []byte {
	if cap(text) < size {
		text = make([]byte, 0, size)
	}
	return text[:0:size]
}

// coders are Zstandard's, for all columns: neither keeps anything from one to the next.
type coders struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

var frames = sync.OnceValue(func() (c coders) {
	var err error
	// Ids in hexadecimal never come again, but have few different characters: without the last option they would be left as they are.
	if c.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithWindowSize(1<<20), zstd.WithAllLitEntropyCompression(true)); err != nil {
		panic(err) // of options that don't exist
	}
	// No frame gives more than there is room for; what it says of its window is not believed.
	if c.decoder, err = zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxWindow(1<<30)); err != nil {
		panic(err)
	}
	return c
})

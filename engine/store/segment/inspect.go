package segment

import (
	"cmp"
	"context"
	"slices"

	"decant/engine/store/encoding"
)

// Inspection is what segments hold, and how. Inspections of several segments can be added up.
type Inspection struct {
	Segments int   `json:"segments"`
	Versions []int `json:"versions"` // ascending
	Bytes    int64 `json:"bytes"`
	Series   int   `json:"series"` // of each segment: one that stands in two counts twice
	Groups   int   `json:"groups"` // in version 1 blocks
	Blocks   int   `json:"blocks"`
	Rows     int64 `json:"rows"`
	// BytesPerRow is Bytes ÷ Rows, 0 where there is no row.
	BytesPerRow float64 `json:"bytesPerRow"`
	// Parts is where the bytes are: all of them, by column and encoding, and what is around the columns.
	Parts []Part `json:"parts"`
}

// Part is a column in one encoding, or, without an encoding, what is around columns: "blocks" (their heads), "directories", "footer", "ends" (header and
// trailer), and in version 1 "padding".
type Part struct {
	Name     string `json:"name"`
	Encoding string `json:"encoding,omitempty"`
	Blocks   int    `json:"blocks,omitempty"`
	Values   int64  `json:"values,omitempty"`
	Bytes    int64  `json:"bytes"`
}

// Inspect reads every block's head. Blocks and directories are checked against their checksums.
func (r *Reader) Inspect(ctx context.Context) (Inspection, error) {
	if err := r.Load(); err != nil {
		return Inspection{}, err
	}
	n := Inspection{Segments: 1, Versions: []int{int(r.version)}, Bytes: r.Size(), Series: len(r.series), Groups: len(r.groups), Rows: r.rows}
	n.part("footer", "", 0, int(r.footer.footerLength))
	n.part("ends", "", 0, headerSize+trailerSize)
	var blocks []block
	for g := range r.groups {
		if err := ctx.Err(); err != nil {
			return Inspection{}, err
		}
		err := Guard([]*Reader{r}, func() (err error) {
			blocks, err = r.directory(g, blocks)
			for i := 0; i < len(blocks) && err == nil; i++ {
				err = r.inspectBlock(&n, &blocks[i])
			}
			return err
		})
		if err != nil {
			return Inspection{}, err
		}
		if r.version > 1 {
			n.part("directories", "", 0, int(r.groups[g].directory))
		}
	}
	n.finish()
	return n, nil
}

func (r *Reader) inspectBlock(n *Inspection, k *block) error {
	b := r.data[k.offset : k.offset+int64(k.length)]
	if checksum(b) != k.crc {
		return r.corrupt(k.offset, "a block does not match its checksum")
	}
	n.Blocks++
	if r.version == 1 {
		n.blockV1(b, int(k.rows))
		return nil
	}
	p, err := parsePacked(b, k.kind, int(k.rows))
	if err != nil {
		return r.corrupt(k.offset, "a block can't be: "+err.Error())
	}
	rest := len(b)
	for i, there := range p.there(k.kind) {
		if there {
			n.part([packedCount]string{"time", "value", "text", "received", "sum", "update"}[i], encoding.Form(p.columns[i]), int(k.rows), len(p.columns[i]))
			rest -= len(p.columns[i])
		}
	}
	for name, column := range map[string][]byte{"protocol": bytesOf(p.protocols), "sum validity": p.sumValid, "update validity": p.updateValid} {
		if column != nil {
			n.part(name, "raw", int(k.rows), len(column))
			rest -= len(column)
		}
	}
	n.part("blocks", "", 0, rest)
	return nil
}

// blockV1 reads the head of a block of version 1, of which the checksum is right.
func (n *Inspection) blockV1(b []byte, rows int) {
	padding := len(b) - blockHeaderV1
	for i, name := range [columnCount]string{"time", "value", "text offsets", "text", "received", "protocol", "sum validity", "sum", "update validity", "update"} {
		if length := int(le.Uint32(b[24+4*i:])); b[14+i] == encodingRaw {
			n.part(name, "raw", rows, length)
			padding -= length
		}
	}
	n.part("blocks", "", 0, blockHeaderV1)
	n.part("padding", "", 0, padding)
}

// part counts bytes of a block's column, or of what is around columns.
func (n *Inspection) part(name, encoding string, values, bytes int) {
	p := Part{Name: name, Encoding: encoding, Values: int64(values), Bytes: int64(bytes)}
	if encoding != "" {
		p.Blocks = 1
	}
	n.addPart(p)
}

func (n *Inspection) addPart(p Part) {
	i := slices.IndexFunc(n.Parts, func(q Part) bool { return q.Name == p.Name && q.Encoding == p.Encoding })
	if i < 0 {
		n.Parts = append(n.Parts, p)
		return
	}
	q := &n.Parts[i]
	q.Blocks += p.Blocks
	q.Values += p.Values
	q.Bytes += p.Bytes
}

// Add adds another's.
func (n *Inspection) Add(o Inspection) {
	n.Segments += o.Segments
	n.Bytes += o.Bytes
	n.Series += o.Series
	n.Groups += o.Groups
	n.Blocks += o.Blocks
	n.Rows += o.Rows
	n.Versions = append(n.Versions, o.Versions...)
	for _, p := range o.Parts {
		n.addPart(p)
	}
	n.finish()
}

// partOrder is the order in which parts are listed: columns as they lie, then what is around them.
var partOrder = []string{"time", "value", "text offsets", "text", "received", "sum", "update", "protocol", "sum validity", "update validity", "blocks", "padding", "directories", "footer", "ends"}

func (n *Inspection) finish() {
	if n.Rows > 0 {
		n.BytesPerRow = float64(n.Bytes) / float64(n.Rows)
	}
	slices.Sort(n.Versions)
	n.Versions = slices.Compact(n.Versions)
	n.Parts = slices.DeleteFunc(n.Parts, func(p Part) bool { return p.Bytes == 0 })
	slices.SortFunc(n.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(slices.Index(partOrder, a.Name), slices.Index(partOrder, b.Name)), cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Encoding, b.Encoding))
	})
}

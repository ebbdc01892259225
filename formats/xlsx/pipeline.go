package xlsx

// begin sees to it that a chunk is open.
func (x *writer) begin() error {
	if x.open != nil {
		return nil
	}
	if x.sheet == nil || x.sheet.room() == 0 {
		if err := x.addSheet(); err != nil {
			return err
		}
	}
	x.room = min(x.sheet.room(), max(1, chunkCells/len(x.doc.Columns)))
	var c *chunk
	if n := len(x.idle); n > 0 {
		c, x.idle = x.idle[n-1], x.idle[:n-1]
		c.numbers, c.count, c.text, c.widths = c.numbers[:0], 0, 0, nil
		c.piece.reset()
	} else {
		c = &chunk{rows: newRowPrinter(x.doc, x.book.styles, x.labels), piece: newPiece(), done: make(chan error, 1)}
	}
	if x.rows == 0 {
		x.room = min(x.room, widthRows)
		c.widths = x.widths
	}
	x.open = c
	return nil
}

// launch gives the open chunk its place and starts printing it. Where as many are under way as may be, the oldest is written first.
func (x *writer) launch() error {
	c := x.open
	c.most = x.mostBytes(c)
	if err := x.makeRoom(c.most); err != nil {
		return err
	}
	for len(x.queue) >= x.atOnce {
		if err := x.collect(); err != nil {
			return err
		}
	}
	x.open = nil
	c.sheet, c.above = x.sheet, x.sheet.take(c.count)
	c.sheet.coming += c.most
	c.before = x.rows
	x.rows += int64(c.count)
	x.queue = append(x.queue, c)
	go c.print()
	return nil
}

// makeRoom goes on in another sheet where so many bytes might be too many for the current one. How large that is, is known once its chunks are
// written: they are waited for if it matters, so that it never matters how many are under way.
func (x *writer) makeRoom(bytes int64) error {
	s := x.sheet
	for s.size+s.coming+bytes > maxPartBytes && len(x.queue) > 0 {
		if err := x.collect(); err != nil {
			return err
		}
	}
	if s.size > 0 && s.size+bytes > maxPartBytes {
		return x.addSheet()
	}
	return nil
}

// mostBytes is how many bytes of XML a chunk may have. A cell without its text has less than 100, a row without its cells less than 40; a byte of text
// takes five where it is escaped.
func (x *writer) mostBytes(c *chunk) int64 {
	const cell, row, escaped = 100, 40, 5
	bytes := row + cell*int64(len(x.doc.Columns))
	if x.doc.Expanded {
		bytes = int64(len(x.doc.Columns)) * (row + cell)
		for _, label := range x.labels {
			bytes += int64(len(label))
		}
	}
	return bytes*int64(c.count) + escaped*int64(c.text)
}

// collect waits for the oldest chunk and writes it.
func (x *writer) collect() error {
	c := x.queue[0]
	x.queue = append(x.queue[:0], x.queue[1:]...)
	if err := <-c.done; err != nil {
		return err
	}
	if c.sheet != x.writing {
		if x.writing != nil {
			if err := x.endSheet(); err != nil {
				return err
			}
		}
		if err := x.startSheet(c.sheet); err != nil {
			return err
		}
	}
	c.sheet.coming -= c.most
	x.idle = append(x.idle, c)
	return x.write(c.piece)
}

// addSheet makes a new sheet the one that rows go to.
func (x *writer) addSheet() error {
	name, part, err := x.book.addSheet()
	if err != nil {
		return err
	}
	x.sheet = newSheet(x.doc, name, part)
	return nil
}

// startSheet begins the part of a sheet.
func (x *writer) startSheet(s *sheet) (err error) {
	x.writing = s
	if x.part, err = x.zip.start(s.part); err != nil {
		return err
	}
	x.frame.reset()
	if _, err := x.frame.Write(s.appendHead(nil, x.widths, x.labels)); err != nil {
		return err
	}
	if err := x.frame.end(); err != nil {
		return err
	}
	return x.write(x.frame)
}

// endSheet completes the part of the sheet that is written.
func (x *writer) endSheet() error {
	s := x.writing
	x.frame.reset()
	if _, err := x.frame.Write(s.appendTail(nil)); err != nil {
		return err
	}
	if err := x.frame.last(); err != nil {
		return err
	}
	if err := x.write(x.frame); err != nil || s.expanded {
		return err
	}
	return x.book.filter(s.name, s.filterRange())
}

// write puts a piece into the part of the sheet that is written.
func (x *writer) write(p *piece) error {
	x.writing.size += p.size
	return x.part.add(p)
}

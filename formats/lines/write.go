package lines

// write puts the chunks out as they come, each when it is printed. After a fault it only waits for them.
func (w *Writer) write() {
	defer close(w.written)
	for c := range w.queue {
		err := <-c.done
		if err == nil && w.fault.Load() == nil {
			err = w.compressor.write(c)
		}
		if err != nil {
			w.fault.CompareAndSwap(nil, &err)
		}
		if cap(c.text) > maxKept {
			c.text = nil
		}
		w.idle <- c
	}
}

// drain waits until all chunks that were launched are written, or passed over.
func (w *Writer) drain() {
	if w.queue != nil {
		close(w.queue)
		<-w.written
		w.queue = nil
	}
}

package ingest

// take puts a message into the queue and blocks while the queue is full. It returns false, and leaves the message
// alone, once the pipeline is stopping.
func (p *Pipeline) take(m Message) bool {
	p.gate.RLock()
	defer p.gate.RUnlock()
	if p.stopping.Err() != nil {
		return false
	}
	size := p.sizeInQueue(m)
	if p.room.Acquire(p.stopping, size) != nil {
		return false
	}
	p.stats.queuedBytes.Add(size)
	select {
	case p.queue <- m:
		return true
	case <-p.stopping.Done():
		p.leaveQueue(m)
		return false
	}
}

// leaveQueue gives back the room that a message took in the queue.
func (p *Pipeline) leaveQueue(m Message) {
	size := p.sizeInQueue(m)
	p.stats.queuedBytes.Add(-size)
	p.room.Release(size)
}

// closeQueue lets decode see the end of the queue. The gate makes sure that no take is still sending.
func (p *Pipeline) closeQueue() {
	p.gate.Lock()
	defer p.gate.Unlock()
	close(p.queue)
}

// sizeInQueue is what a message counts for, in bytes. One that is larger than the whole queue takes all of it, so that it passes alone
// instead of waiting for ever.
func (p *Pipeline) sizeInQueue(m Message) int64 {
	return min(int64(len(m.Topic)+len(m.Payload)), p.cfg.QueueBytes)
}

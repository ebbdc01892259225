package payload

// connhexTime and connhexTags are the keys that make an object Connhex JSON: {"t":…,"m":{tags},…data}.
var connhexTime = timeKeys[:1]

const connhexTags = "m"

// connhex reads Connhex JSON: a time, an object of tags, and data as in generic JSON. The configured tag gives the publisher; the others are
// dropped and counted.
func (w *work) connhex() error {
	s := &w.json
	if s.peek() != '{' {
		return s.unexpected("an object")
	}
	o, err := w.survey(connhexTime, connhexTags)
	if err != nil {
		return err
	}
	w.name = w.name[:0]
	return w.data(o)
}

// readTags reads the object of tags, or null.
func (w *work) readTags() error {
	s := &w.json
	switch s.peek() {
	case 'n':
		return s.literal("null")
	case '{':
	default:
		return w.fault(ReasonFormat, connhexTags, s.pos, "the tags must be an object")
	}
	return s.object(func(key []byte) error {
		if w.isPublisherTag(key) {
			return w.readPublisher(key)
		}
		w.droppedTags++
		return s.skip()
	})
}

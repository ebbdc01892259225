package archive

import (
	"container/list"
	"sync"
)

// cache keeps what was read, as long as it has room: what was used longest ago goes first. What it has handed out stays valid.
type cache struct {
	mu    sync.Mutex
	room  int64 // bytes
	used  int64
	order list.List // of *cached, newest use first
	byKey map[any]*list.Element
}

type cached struct {
	key   any
	value any
	bytes int64
}

func newCache(room int64) *cache { return &cache{room: room, byKey: map[any]*list.Element{}} }

// lookup is what is kept under a key, or what load gives, which is kept then. Two callers may load the same at one time.
func lookup[V any](c *cache, key any, load func() (v V, bytes int64, err error)) (V, error) {
	c.mu.Lock()
	if e, ok := c.byKey[key]; ok {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*cached).value.(V), nil
	}
	c.mu.Unlock()
	v, bytes, err := load()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return v, nil
	}
	c.byKey[key] = c.order.PushFront(&cached{key, v, bytes})
	c.used += bytes
	for c.used > c.room && c.order.Len() > 1 {
		last := c.order.Back()
		old := c.order.Remove(last).(*cached)
		delete(c.byKey, old.key)
		c.used -= old.bytes
	}
	return v, nil
}

package engine

import (
	"context"
	"errors"
	"log/slog"
	"math"

	"decant/engine/export"
	"decant/engine/export/request"
	"decant/engine/store"
)

// deletion is what an item selects: its channel, subtopic, target, publisher, unit and range; what is open stays open.
func deletion(it *request.Item) store.Deletion {
	d := store.Deletion{From: math.MinInt64, To: math.MaxInt64}
	d.Channel, d.Publisher, d.Unit = it.Channel, it.Publisher, it.Unit
	if !it.AnySubtopic {
		d.Subtopic = &it.Subtopic
	}
	for _, n := range it.Target {
		d.Names = append(d.Names, store.Name{Name: n.Name, Prefix: n.Prefix})
	}
	if it.From != nil {
		d.From = *it.From
	}
	if it.To != nil {
		d.To = *it.To
	}
	return d
}

// Deletable counts what Delete would delete now, and changes nothing. A name that was never stored there is an *export.NotFoundError: a misspelt one beside a right one
// must not go unnoticed.
func Deletable(ctx context.Context, cfg Config, it *request.Item) (store.Deleted, error) {
	snap, err := store.OpenSnapshot(ctx, cfg.store())
	if err != nil {
		return store.Deleted{}, err
	}
	defer snap.Close()
	if err := export.CheckTarget(ctx, snapshot{snap}, it); err != nil {
		return store.Deleted{}, err
	}
	return snap.Count(ctx, deletion(it))
}

// Delete deletes what an item selects and what is stored now: by the running writer where there is one.
func Delete(ctx context.Context, cfg Config, it *request.Item, log *slog.Logger) (store.Deleted, error) {
	if deleted, err := Deletable(ctx, cfg, it); err != nil || deleted.Samples == 0 {
		return deleted, err
	}
	d := deletion(it)
	return byWriter(cfg, log, func(st *store.Store) (store.Deleted, error) { return st.Delete(ctx, d) },
		func(c *store.Client) (store.Deleted, error) { return c.Delete(ctx, d) })
}

// Compact makes one run of each series: by the running writer where there is one.
func Compact(ctx context.Context, cfg Config, log *slog.Logger) (store.Compacted, error) {
	if err := CheckStore(cfg); err != nil {
		return store.Compacted{}, err
	}
	return byWriter(cfg, log, func(st *store.Store) (store.Compacted, error) { return st.Compact(ctx) },
		func(c *store.Client) (store.Compacted, error) { return c.Compact(ctx) })
}

// byWriter does something to the store, as OpenWriter finds it: here, or by the process that writes it. Here nothing else is done meanwhile.
func byWriter[T any](cfg Config, log *slog.Logger, here func(*store.Store) (T, error), there func(*store.Client) (T, error)) (did T, err error) {
	c := cfg.store()
	c.NoUpkeep, c.Log = true, log
	st, err := store.Open(c)
	if err == nil {
		if did, err = here(st); err != nil {
			return did, errors.Join(err, st.Close())
		}
		return did, st.Close()
	}
	if !errors.Is(err, store.ErrInUse) {
		return did, err
	}
	client, dialing := store.Dial(cfg.Data)
	if dialing != nil {
		return did, errors.Join(err, dialing)
	}
	defer client.Close()
	return there(client)
}

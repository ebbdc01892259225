package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Deleter deletes what a store holds of a channel in from ≤ t < to (ns), and says how many samples that were.
type Deleter interface {
	DeleteChannel(ctx context.Context, channel string, from, to int64) (samples int64, err error)
}

// Remove deletes days from a store that a run of Run found or made complete in the archive. Before, it reads the manifest anew and every byte of these days' files, and holds
// them against their checksums: where anything is amiss, nothing is deleted. Nobody may have stored samples of these days since the run's snapshot.
func Remove(ctx context.Context, place Place, days []Complete, from Deleter) (samples int64, err error) {
	m, _, err := loadManifest(ctx, place)
	if err != nil {
		return 0, err
	}
	for _, d := range days {
		parts := m.parts(d.Channel, d.Day)
		if len(parts) == 0 {
			return 0, &DamageError{Place: place.String(), File: manifestName, Text: fmt.Sprintf("it has nothing of %s of channel %s, which was archived", d.Day, d.Channel)}
		}
		for i := range parts {
			if err := verifyPart(ctx, place, &parts[i]); err != nil {
				return 0, err
			}
		}
	}
	// All that the store holds of a channel between two such days is of such days: one range holds them all.
	for len(days) > 0 {
		n := 1
		for n < len(days) && days[n].Channel == days[0].Channel {
			n++
		}
		deleted, err := from.DeleteChannel(ctx, days[0].Channel, days[0].Day.Start(), days[n-1].Day.End())
		if err != nil {
			return samples, fmt.Errorf("delete what is archived of channel %s: %w", days[0].Channel, err)
		}
		samples += deleted
		days = days[n:]
	}
	return samples, nil
}

// Verify reads every byte of the files that the manifest names against their checksums, and reports each that is damaged.
func Verify(ctx context.Context, place Place, report func(damage *DamageError)) (m *Manifest, err error) {
	m, err = ownManifest(ctx, place)
	if damage := new(DamageError); errors.As(err, &damage) {
		report(damage)
		return &Manifest{}, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range m.Parts {
		err := verifyPart(ctx, place, &m.Parts[i])
		if damage := new(DamageError); errors.As(err, &damage) {
			report(damage)
		} else if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// verifyPart reads a file and holds it against its checksum.
func verifyPart(ctx context.Context, place Place, p *Part) error {
	sum, b := sha256.New(), make([]byte, min(p.Bytes, 8<<20))
	for at := int64(0); at < p.Bytes; at += int64(len(b)) {
		b = b[:min(int64(len(b)), p.Bytes-at)]
		if err := place.Read(ctx, p.File, at, b); err != nil {
			return damagedPart(place, p, err)
		}
		sum.Write(b)
	}
	if fmt.Sprintf("%x", sum.Sum(nil)) != p.SHA256 {
		return &DamageError{Place: place.String(), File: p.File, Text: "it does not match its checksum"}
	}
	return nil
}

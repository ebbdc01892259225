package segment

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

// TestInspectionCountsEveryByte: the parts of a segment are all of it, in either version.
func TestInspectionCountsEveryByte(t *testing.T) {
	dir := t.TempDir()
	var sum Inspection
	for _, c := range []struct {
		path                   string
		series, groups, blocks int
		rows                   int64
		values                 map[string]int64 // by column
	}{
		{"testdata/v1.seg", 2, 5, 5, 10, map[string]int64{"time": 10, "value": 6, "text": 3, "received": 10}},
		{"testdata/v2.seg", 2, 2, 5, 10, map[string]int64{"time": 10, "value": 6, "text": 3, "received": 10}},
		{writeFile(t, dir, sensorRows(40*BlockRows+1, 0)), 1, 3, 41, 40*BlockRows + 1, map[string]int64{"value": 40*BlockRows + 1}},
		{writeFile(t, dir), 0, 0, 0, 0, nil},
	} {
		r := openFile(t, c.path)
		defer r.Release()
		n, err := r.Inspect(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if n.Segments != 1 || n.Series != c.series || n.Groups != c.groups || n.Blocks != c.blocks || n.Rows != c.rows || n.Bytes != r.Size() {
			t.Errorf("%s: %+v", c.path, n)
		}
		bytes, values := int64(0), map[string]int64{}
		for _, p := range n.Parts {
			bytes += p.Bytes
			values[p.Name] += p.Values
		}
		if bytes != r.Size() {
			t.Errorf("%s: parts of %d bytes, the file has %d: %+v", c.path, bytes, r.Size(), n.Parts)
		}
		for name, want := range c.values {
			if values[name] != want {
				t.Errorf("%s: %d of %s, want %d", c.path, values[name], name, want)
			}
		}
		sum.Add(n)
		parts := int64(0)
		for _, p := range sum.Parts {
			parts += p.Bytes
		}
		if parts != sum.Bytes {
			t.Errorf("parts of %d bytes, %d in all", parts, sum.Bytes)
		}
	}
	if sum.Segments != 4 || !reflect.DeepEqual(sum.Versions, []int{1, 2}) || sum.Rows != 40*BlockRows+21 {
		t.Errorf("sum %+v", sum)
	}
}

// TestInspectFindsDamage and names the file.
func TestInspectFindsDamage(t *testing.T) {
	whole := sampleSegment(t)
	whole[headerSize+5] ^= 1
	r, err := readBytes("x.seg", whole)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	_, err = r.Inspect(context.Background())
	checkNamed(t, err, "x.seg", headerSize+5)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Inspect(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("inspect when cancelled: %v", err)
	}
}

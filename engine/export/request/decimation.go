package request

import "decant/decimation"

// decimation reads params.decimation.
func (w *walker) decimation(p place, it *Item) {
	if !p.object("ds", "dsf", "offset") {
		return
	}
	before := len(w.faults)
	it.Functions, it.List = w.functions(p.at("dsf"))
	it.unread = len(w.faults) > before
	ds, known := p.at("ds"), false
	if ds.required("the width of a bucket, such as 15m or 1M") {
		if s, ok := ds.text(); ok {
			width, err := decimation.ParseWidth(s)
			if err != nil {
				ds.fault(err.Error())
			}
			it.Bucket, known = &width, err == nil
		}
	}
	offset := p.at("offset")
	if !offset.given() {
		return
	}
	var ok bool
	if it.Offset, ok = w.period(offset); !ok || !known {
		return
	}
	// Whether buckets of this width can be moved so far is the same in every zone, and the request's may be faulty.
	if utc, err := decimation.LoadZone("utc"); err != nil {
		offset.fault(err.Error())
	} else if _, err := it.Buckets(utc); err != nil {
		offset.fault(err.Error())
	}
}

// Buckets tile the time line of a zone as a decimated item asks for.
func (it *Item) Buckets(zone *decimation.Zone) (decimation.Buckets, error) {
	return decimation.NewBuckets(*it.Bucket, zone).Shift(it.Offset)
}

// functions reads dsf: one function, or a list of different ones. Even a list of one is a list.
func (w *walker) functions(p place) (functions []decimation.Function, isList bool) {
	switch {
	case !p.given():
		return []decimation.Function{decimation.Avg}, false
	case p.node.kind != list && p.node.kind != text:
		p.fault("this is " + p.node.kind.String() + "; allowed is a function such as avg, or a list of them")
	case p.node.kind == list && len(p.node.items) == 0:
		p.fault("there is no function; leave this out for avg")
	}
	entries := []place{p}
	if isList = p.node.kind == list; isList {
		entries = p.each()
	}
	seen := map[string]string{}
	for _, entry := range entries {
		if isList && !entry.is(text) || entry.node.kind != text {
			continue
		}
		f, err := decimation.ParseFunction(entry.node.text)
		if err != nil {
			entry.fault(err.Error())
			continue
		}
		if once(entry, "function", f.String(), seen) {
			functions = append(functions, f)
		}
	}
	return functions, isList
}

// fill reads params.fill, where JSON null is a value of its own.
func (w *walker) fill(params place) *decimation.Fill {
	p := params.atOrNull("fill")
	if !p.given() {
		return nil
	}
	if !params.at("decimation").given() {
		p.fault("fill gives empty buckets a row, so it needs decimation")
	}
	switch p.node.kind {
	case null:
		return &decimation.Fill{Mode: decimation.FillNull}
	case number:
		v, err := parseFloat(p.node.text)
		if err != nil {
			p.fault(err.Error())
		}
		return &decimation.Fill{Mode: decimation.FillValue, Value: v}
	case text:
		switch p.node.text {
		case "null":
			return &decimation.Fill{Mode: decimation.FillNull}
		case "previous":
			return &decimation.Fill{Mode: decimation.FillPrevious}
		case "linear":
			return &decimation.Fill{Mode: decimation.FillLinear}
		}
	}
	p.fault(`allowed are null, a number, "previous" and "linear"`)
	return nil
}

package request

import "slices"

func (w *walker) columns(p place) []Column {
	if !p.is(list) {
		return nil
	}
	if len(p.node.items) == 0 {
		p.fault("there is no column; leave this out for the default columns")
	}
	columns := make([]Column, 0, len(p.node.items))
	ids, labels := map[string]string{}, map[string]string{}
	for _, c := range p.each() {
		var column Column
		if c.object("id", "label") {
			if id := c.at("id"); id.required("the column's id, such as time") {
				column.ID, _ = id.text()
			}
			column.Label = column.ID
			if label := c.at("label"); label.given() {
				column.Label, _ = label.text()
			}
			if column.ID != "" {
				once(c.at("id"), "id", column.ID, ids)
				once(c, "label", column.Label, labels)
			}
		}
		columns = append(columns, column)
	}
	return columns
}

// once faults what an earlier entry already said.
func once(p place, what, s string, seen map[string]string) bool {
	if first, twice := seen[s]; twice {
		p.fault("the " + what + " " + s + " is listed already at " + first)
		return false
	}
	seen[s] = p.path
	return true
}

// columnsFit checks format.columns against the items as far as the request alone tells.
func (w *walker) columnsFit(p place, r *Request) {
	columns := p.at("format").at("columns")
	wide := slices.ContainsFunc(r.Items, func(it Item) bool { return it.Wide })
	if wide && !columns.given() {
		columns.fault("a wide item needs columns: time, and the names or labels of the series to print, in their order")
		return
	}
	if !columns.given() || columns.node.kind != list {
		return
	}
	if wide && !slices.ContainsFunc(r.Format.Columns, func(c Column) bool { return c.ID == "time" }) {
		columns.fault("a wide item prints its times: add {\"id\": \"time\"}")
	}
	if wide {
		return // a wide item's columns are series, and only the store knows them
	}
	unfillable := Unfillable(r.Items)
	for i, c := range columns.each() {
		if i >= len(r.Format.Columns) || r.Format.Columns[i].ID == "" {
			continue
		}
		id := r.Format.Columns[i].ID
		if !slices.ContainsFunc(r.Items, func(it Item) bool { return it.Fills()(id) }) {
			c.at("id").fault(unfillable(id))
		}
	}
}

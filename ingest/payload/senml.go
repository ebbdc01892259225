package payload

import (
	"encoding/base64"
	"math/bits"
	"strings"

	"decant/ingest"
	"decant/ingest/payload/decimal"
)

// label is a SenML label that decant knows: bit l of record.has says that the record carries it. Those before labelName are the base
// fields.
type label uint8

const (
	labelBaseVersion label = iota
	labelBaseName
	labelBaseTime
	labelBaseUnit
	labelBaseValue
	labelBaseSum
	labelName
	labelUnit
	labelValue
	labelString
	labelBool
	labelData
	labelSum
	labelTime
	labelUpdate
	labels
)

const (
	baseLabels  = 1<<labelName - 1
	valueLabels = 1<<labelValue | 1<<labelString | 1<<labelBool | 1<<labelData
)

// labelTexts are the labels as JSON spells them.
var labelTexts = [labels]string{"bver", "bn", "bt", "bu", "bv", "bs", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut"}

// String is the label as JSON spells it.
func (l label) String() string { return labelTexts[l] }

// findLabel finds a label by its text. ok is false where it is unknown.
func findLabel(text []byte) (l label, ok bool) {
	switch string(text) {
	case "n":
		return labelName, true
	case "v":
		return labelValue, true
	case "u":
		return labelUnit, true
	case "t":
		return labelTime, true
	case "vs":
		return labelString, true
	case "vb":
		return labelBool, true
	case "vd":
		return labelData, true
	case "s":
		return labelSum, true
	case "ut":
		return labelUpdate, true
	case "bn":
		return labelBaseName, true
	case "bt":
		return labelBaseTime, true
	case "bu":
		return labelBaseUnit, true
	case "bv":
		return labelBaseValue, true
	case "bs":
		return labelBaseSum, true
	case "bver":
		return labelBaseVersion, true
	}
	return 0, false
}

// relativeBelow is 2^28 s: smaller times count from the moment of receipt (RFC 8428 section 4.5.3).
const relativeBelow = 1 << 28

// maxVersion is the SenML version of RFC 8428. Higher ones carry RFC 9100's feature bits, which decant does not know.
const maxVersion = 10

// record is one SenML record as it was written, without its base. Texts point into the payload.
type record struct {
	has     uint32
	texts   [labels][]byte
	numbers [labels]decimal.Decimal
	yes     bool   // of vb
	data    []byte // of vd, decoded
	at      int    // its first byte in the payload
}

func (r *record) carries(l label) bool { return r.has&(1<<l) != 0 }

// number is the label's number, 0 where the record does not carry it.
func (r *record) number(l label) decimal.Decimal {
	if !r.carries(l) {
		return decimal.Decimal{}
	}
	return r.numbers[l]
}

// pack is what the base fields of the records so far have left behind.
type pack struct {
	name, unit       []byte
	time, value, sum decimal.Decimal
	hasSum           bool
	version          int64 // 0 before the first record
	record           record
	data             []byte // scratch for vd
}

// open starts a pack.
func (p *pack) open() {
	*p = pack{data: p.data[:0]}
}

// resolve turns one record into a sample: base fields are taken over, added and prefixed (RFC 8428 sections 4.1 and 4.6).
func (w *work) resolve(r *record) error {
	p := &w.pack
	if w.record >= w.config.MaxRecords {
		return fault(ReasonLimit, r.at, "the pack has more than %d records", w.config.MaxRecords)
	}
	if err := w.rebase(r); err != nil {
		return err
	}
	values := r.has & valueLabels
	switch {
	case r.has == 0:
		return w.fault(ReasonSenML, "", r.at, "the record carries nothing that is known; a name and one of v, vs, vb, vd, s are needed")
	case r.has&^baseLabels == 0:
		return nil // base fields for the records to come
	case bits.OnesCount32(values) > 1:
		return w.fault(ReasonSenML, "", r.at, "the record has several values (%s); one is allowed", labelList(values))
	case values == 0 && !r.carries(labelSum):
		return w.fault(ReasonSenML, "", r.at, "the record has no value; one of v, vs, vb, vd or s is needed")
	}
	var (
		s   ingest.Sample
		err error
	)
	if s.Series.Name, err = w.senmlName(p.name, r.texts[labelName], r.carries(labelName)); err != nil {
		return err
	}
	unit := p.unit
	if r.carries(labelUnit) {
		unit = r.texts[labelUnit]
	}
	if len(unit) > 0 {
		if s.Series.Unit, err = w.intern("unit", unit); err != nil {
			return err
		}
	}
	seconds := p.time.Add(r.number(labelTime))
	if s.Time, err = w.time("t", seconds, seconds.LessThan(relativeBelow)); err != nil {
		return err
	}
	if err := w.senmlValue(&s, r); err != nil {
		return err
	}
	if p.hasSum || r.carries(labelSum) {
		sum, ok := p.sum.Add(r.number(labelSum)).Float()
		if !ok {
			return w.fault(ReasonValue, "s", r.at, "the sum is beyond float64's range")
		}
		s.Sum, s.HasSum = sum, true
	}
	if r.carries(labelUpdate) {
		update, ok := r.numbers[labelUpdate].Nanos(0, 9)
		if !ok {
			return w.fault(ReasonTime, "ut", r.at, "the update time is beyond 292 years")
		}
		s.Update, s.HasUpdate = update, true
	}
	return w.add(s)
}

// rebase takes over the base fields of a record. They hold for it and for all later ones until they come again; 0 and "" reset them, and a sum
// that was reset is no longer there.
func (w *work) rebase(r *record) error {
	p := &w.pack
	if r.has&baseLabels == 0 && p.version != 0 {
		return nil
	}
	version := p.version
	if version == 0 {
		version = maxVersion // the default, also of the records before one that carries bver
	}
	if r.carries(labelBaseVersion) {
		n, ok := r.numbers[labelBaseVersion].Int()
		if !ok || n < 1 || n > maxVersion {
			return w.fault(ReasonSenML, "bver", r.at, "the version must be an integer from 1 to %d", maxVersion)
		}
		if p.version != 0 && n != p.version {
			return w.fault(ReasonSenML, "bver", r.at, "the version is %d after records of version %d; a pack has one (%d where it says nothing)",
				n, p.version, maxVersion)
		}
		version = n
	}
	p.version = version
	if r.carries(labelBaseName) {
		p.name = r.texts[labelBaseName]
	}
	if r.carries(labelBaseUnit) {
		p.unit = r.texts[labelBaseUnit]
	}
	if r.carries(labelBaseTime) {
		p.time = r.numbers[labelBaseTime]
	}
	if r.carries(labelBaseValue) {
		p.value = r.numbers[labelBaseValue]
	}
	if r.carries(labelBaseSum) {
		p.sum = r.numbers[labelBaseSum]
		p.hasSum = p.sum.Sign() != 0
	}
	return nil
}

// senmlValue sets the value that the record carries, if any.
func (w *work) senmlValue(s *ingest.Sample, r *record) error {
	switch {
	case r.carries(labelValue):
		if !setNumber(s, w.pack.value.Add(r.numbers[labelValue])) {
			return w.fault(ReasonValue, "v", -1, "the value is beyond float64's range")
		}
	case r.carries(labelString):
		s.Kind, s.Text = ingest.KindString, string(r.texts[labelString])
	case r.carries(labelBool):
		setBool(s, r.yes)
	case r.carries(labelData):
		s.Kind, s.Text = ingest.KindBytes, string(r.data)
	}
	return nil
}

// senmlName joins base name and name, and checks them by RFC 8428 section 4.5.1.
func (w *work) senmlName(base, name []byte, hasName bool) (string, error) {
	w.name = append(w.name[:0], base...)
	if hasName {
		w.name = append(w.name, name...)
	}
	if s, ok := w.senml[string(w.name)]; ok {
		return s, nil
	}
	s := string(w.name)
	if err := checkSenMLName(s); err != "" {
		return "", w.fault(ReasonName, "n", -1, "name %s %s", quoteShort(s), err)
	}
	if len(w.senml) >= maxInterned {
		clear(w.senml)
	}
	w.senml[s] = s
	return s, nil
}

// checkSenMLName says what is wrong with a name, or nothing.
func checkSenMLName(s string) string {
	switch {
	case s == "":
		return "is empty; bn and n together must give one"
	case len(s) > ingest.MaxID:
		return "is longer than 256 bytes"
	case strings.IndexByte("-:./_", s[0]) >= 0:
		return "must start with a letter or digit"
	}
	for i := range len(s) {
		c := s[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-:./_", c) >= 0) {
			return "has characters other than A-Z a-z 0-9 - : . / _"
		}
	}
	return ""
}

// decodeData reads base64url into dst. Padding may be there, then in full; nothing else than the alphabet may.
func decodeData(dst, text []byte) ([]byte, bool) {
	encoding := base64.RawURLEncoding
	if n := len(text); n > 0 && text[n-1] == '=' {
		encoding = base64.URLEncoding
	}
	for _, c := range text {
		if c == '\r' || c == '\n' { // encoding/base64 passes over them
			return dst, false
		}
	}
	dst, err := encoding.Strict().AppendDecode(dst, text)
	return dst, err == nil
}

// faultMandatory is the fault of a label whose trailing underscore says that it must be understood (RFC 8428 section 4.4).
func (w *work) faultMandatory(text string, at int) error {
	return w.fault(ReasonSenML, text, at, "the label ends in _, so it must be understood, and decant does not know it")
}

// labelList prints a set of labels.
func labelList(set uint32) string {
	var list []string
	for l := range labels {
		if set&(1<<l) != 0 {
			list = append(list, l.String())
		}
	}
	return strings.Join(list, ", ")
}

package payload

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"decant/ingest"
)

// devicePack is a pack as a meter sends it: one base, ten quantities.
func devicePack() []byte {
	var b bytes.Buffer
	b.WriteString(`[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1483228800,"n":"q0","u":"W","v":34055.6962}`)
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, `,{"n":"q%d","u":"W","t":%d,"v":%d.%04d}`, i, i, 1000*i+7, 37*i)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// plainPack is the same without base fields but the name.
func plainPack() []byte {
	var b bytes.Buffer
	for i := range 10 {
		fmt.Fprintf(&b, `,{"n":"urn:dev:mac:0024befffe804ff1:q%d","u":"W","t":1483228800.%03d,"v":%d.%04d}`, i, i, 1000*i+7, 37*i)
	}
	return append([]byte("["), append(b.Bytes()[1:], ']')...)
}

func BenchmarkDecode(b *testing.B) {
	cbor := toCBOR(b, devicePack())
	for _, c := range []struct {
		name    string
		payload []byte
		records int
	}{
		{"format=senml-json/pack=base", devicePack(), 10},
		{"format=senml-json/pack=plain", plainPack(), 10},
		{"format=senml-cbor/pack=base", cbor, 10},
		{"format=json", []byte(`{"time":"2017-01-01T00:00:00Z","temperature":21.5,"humidity":40,"nested":{"a":1,"b":true},"state":"on"}`), 5},
		{"format=senml-json/pack=adverse", []byte(`[{"bn":"a","bv":1e300,"v":1e-2000}` + strings.Repeat(`,{"v":1e-2000}`, 9) + `]`), 10},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := newDecoder(Config{})
			m := ingest.Message{Topic: "channels/0115c85d-ef3e-4de9-9732-d0c5c4f2c482/messages/events/data", Payload: c.payload, Received: received}
			dst := make([]ingest.Sample, 0, 16)
			b.ReportAllocs()
			for b.Loop() {
				out, err := d.Decode(dst[:0], m)
				if err != nil || len(out) != c.records {
					b.Fatal(len(out), err)
				}
			}
			b.ReportMetric(float64(c.records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

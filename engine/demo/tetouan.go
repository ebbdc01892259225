package demo

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

//go:embed tetouan_power.csv.gz
var tetouan []byte

var (
	first = time.Date(2017, time.January, 1, 0, 0, 0, 0, time.UTC)
	step  = 10 * time.Minute
)

// quantity is one series of the demo: what one device publishes under one name.
type quantity struct {
	device int // index into devices
	name   string
	unit   string
	values []float64 // one each ten minutes from first
}

// device is one MQTT client of the demo. It buffers an hour of readings and publishes them as one SenML pack.
type device struct {
	base  string // SenML base name
	topic string
}

const (
	channel  = "0115c85d-ef3e-4de9-9732-d0c5c4f2c482"
	subtopic = "events.data"
	topic    = "channels/" + channel + "/messages/events/data"
)

var devices = []device{
	{"urn:dev:weather:", topic},
	{"urn:dev:meter:1:", topic},
	{"urn:dev:meter:2:", topic},
	{"urn:dev:meter:3:", topic},
}

// load reads the year. Each zone's meter also counts energy: the integral of its power, in kWh, with the resolution of a Wh.
func load() ([]quantity, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(tetouan))
	if err != nil {
		return nil, fmt.Errorf("unpack the year: %w", err)
	}
	quantities := []quantity{
		{0, "temperature", "Cel", nil},
		{0, "humidity", "%RH", nil},
		{0, "windSpeed", "m/s", nil},
		{0, "generalDiffuseFlows", "W/m2", nil},
		{0, "diffuseFlows", "W/m2", nil},
		{1, "power", "kW", nil},
		{2, "power", "kW", nil},
		{3, "power", "kW", nil},
	}
	r := csv.NewReader(unzipped)
	r.ReuseRecord = true
	r.FieldsPerRecord = len(quantities)
	for line := 0; ; line++ {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the year: %w", err)
		}
		if line == 0 {
			continue // the header
		}
		for i, cell := range cells {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				return nil, fmt.Errorf("read the year: line %d: %w", line+1, err)
			}
			quantities[i].values = append(quantities[i].values, v)
		}
	}
	for zone := 1; zone <= 3; zone++ {
		power := quantities[4+zone].values
		quantities = append(quantities, quantity{zone, "energy", "kWh", integrate(power)})
	}
	return quantities, nil
}

// integrate is the meter's counter at each reading: the power since the first one, held for each ten minutes.
func integrate(power []float64) []float64 {
	energy := make([]float64, len(power))
	total := 0.0
	for i, p := range power {
		energy[i] = math.Round(total*1000) / 1000
		total += p * step.Hours()
	}
	return energy
}

// pack appends a device's readings from to until, as a SenML pack (RFC 8428).
func pack(dst []byte, d int, quantities []quantity, from, until int) []byte {
	dst = append(dst, `[{"bn":`...)
	dst = strconv.AppendQuote(dst, devices[d].base)
	dst = append(dst, `,"bt":`...)
	dst = strconv.AppendInt(dst, first.Add(time.Duration(from)*step).Unix(), 10)
	separator := ","
	for i := from; i < until; i++ {
		for _, q := range quantities {
			if q.device != d {
				continue
			}
			dst = append(dst, separator...)
			separator = `,{`
			dst = append(dst, `"n":`...)
			dst = strconv.AppendQuote(dst, q.name)
			dst = append(dst, `,"u":`...)
			dst = strconv.AppendQuote(dst, q.unit)
			if i > from {
				dst = append(dst, `,"t":`...)
				dst = strconv.AppendInt(dst, int64(i-from)*int64(step/time.Second), 10)
			}
			dst = append(dst, `,"v":`...)
			dst = strconv.AppendFloat(dst, q.values[i], 'g', -1, 64)
			dst = append(dst, '}')
		}
	}
	return append(dst, ']')
}

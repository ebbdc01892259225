package api

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"decant/engine/job"
)

// Metrics are the service's figures, for Prometheus. Every label has few values: no owner, export or job is one.
type Metrics struct {
	handler  http.Handler
	calls    *prometheus.CounterVec
	took     *prometheus.HistogramVec
	messages *prometheus.CounterVec
}

// Figures are where Metrics find what they don't count themselves. They are asked each time that /metrics is.
type Figures struct {
	Version string
	Queue   Queue
	Ingest  func() Ingest // nil where the process takes no messages
	Clock   func() int64  // ns
	Log     *slog.Logger
}

// Queue is what Metrics ask the queue. job.Queue is one.
type Queue interface {
	Counts(ctx context.Context) (map[job.Status]int64, error)
	Usage(ctx context.Context, owner string) (int64, error)
	Jobs(ctx context.Context, f job.Filter) ([]job.Job, int64, error)
}

// Ingest is what ingest has done since the process began.
type Ingest struct {
	Messages, Bytes, Samples, Duplicates int64
	Dead                                 map[string]int64 // dead letters by reason
	QueueMessages, QueueBytes            int64            // waiting now
}

// NewMetrics makes metrics with a registry of their own.
func NewMetrics(f Figures) *Metrics {
	if f.Log == nil {
		f.Log = slog.New(slog.DiscardHandler)
	}
	registry := prometheus.NewRegistry()
	m := &Metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "decant_http_requests_total", Help: "Calls that were answered.",
		}, []string{"method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "decant_http_request_duration_seconds", Help: "How long answers took, downloads whole.",
			Buckets: []float64{.001, .0025, .005, .01, .02, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"method", "route"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "decant_messages_total", Help: "Notifications that were sent, or given up.",
		}, []string{"medium", "state"}),
	}
	registry.MustRegister(m.calls, m.took, m.messages, &figures{f},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return m
}

// call counts a call. status 0 is an answer without a word, which net/http makes a 200.
func (m *Metrics) call(method, route string, status int, took time.Duration) {
	if status == 0 {
		status = http.StatusOK
	}
	m.calls.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(method, route).Observe(took.Seconds())
}

// Outbox is an outbox that counts what becomes of its messages.
func (m *Metrics) Outbox(o job.Outbox) job.Outbox { return countedOutbox{o, m} }

type countedOutbox struct {
	job.Outbox
	metrics *Metrics
}

// Record counts a message once it is recorded that it was sent, or given up.
func (o countedOutbox) Record(ctx context.Context, message job.Message) error {
	err := o.Outbox.Record(ctx, message)
	if err == nil && message.State != job.Pending {
		o.metrics.messages.WithLabelValues(message.Medium, string(message.State)).Inc()
	}
	return err
}

// figuresTime is how long the queue may take to give its figures.
const figuresTime = 5 * time.Second

// figures collects what others count.
type figures struct{ f Figures }

var (
	buildInfo     = describeMetric("decant_build_info", "1, with decant's version.", "version")
	jobCount      = describeMetric("decant_jobs", "Jobs by status.", "status")
	queueAge      = describeMetric("decant_queue_age_seconds", "How long the job that waits the longest could have begun already.")
	artifactBytes = describeMetric("decant_artifact_bytes", "Bytes of all jobs' files.")
	figuresUp     = describeMetric("decant_queue_up", "1 where the queue gave its figures, else 0.")

	ingestMessages      = describeMetric("decant_ingest_messages_total", "Messages that were dealt with: stored, seen before, or set aside.")
	ingestBytes         = describeMetric("decant_ingest_bytes_total", "Bytes of their payloads.")
	ingestSamples       = describeMetric("decant_ingest_samples_total", "Samples that were stored.")
	ingestDuplicates    = describeMetric("decant_ingest_duplicates_total", "Deliveries of messages that had been stored before.")
	ingestDead          = describeMetric("decant_ingest_dead_letters_total", "Messages that were set aside, by reason.", "reason")
	ingestQueueMessages = describeMetric("decant_ingest_queue_messages", "Messages that wait to be decoded.")
	ingestQueueBytes    = describeMetric("decant_ingest_queue_bytes", "Bytes of the messages that wait to be decoded.")
)

func describeMetric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe names all that Collect may give.
func (c *figures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildInfo, jobCount, queueAge, artifactBytes, figuresUp,
		ingestMessages, ingestBytes, ingestSamples, ingestDuplicates, ingestDead, ingestQueueMessages, ingestQueueBytes} {
		ch <- d
	}
}

// Collect asks for the figures. A queue that doesn't answer costs its own figures and no others: what ingest does matters most then.
func (c *figures) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(buildInfo, 1, c.f.Version)
	if c.f.Queue != nil {
		ctx, cancel := context.WithTimeout(context.Background(), figuresTime)
		defer cancel()
		q, err := c.queue(ctx)
		if err != nil {
			c.f.Log.Error("the queue gave no figures", "error", err)
			gauge(figuresUp, 0)
		} else {
			gauge(figuresUp, 1)
			for _, s := range job.Statuses {
				gauge(jobCount, float64(q.counts[s]), string(s))
			}
			gauge(queueAge, q.age.Seconds())
			gauge(artifactBytes, float64(q.bytes))
		}
	}
	if c.f.Ingest != nil {
		c.ingest(ch, c.f.Ingest())
	}
}

func (c *figures) ingest(ch chan<- prometheus.Metric, in Ingest) {
	counter := func(d *prometheus.Desc, n int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	counter(ingestMessages, in.Messages)
	counter(ingestBytes, in.Bytes)
	counter(ingestSamples, in.Samples)
	counter(ingestDuplicates, in.Duplicates)
	for reason, n := range in.Dead {
		counter(ingestDead, n, reason)
	}
	ch <- prometheus.MustNewConstMetric(ingestQueueMessages, prometheus.GaugeValue, float64(in.QueueMessages))
	ch <- prometheus.MustNewConstMetric(ingestQueueBytes, prometheus.GaugeValue, float64(in.QueueBytes))
}

// queueFigures are the queue's, taken at about one time.
type queueFigures struct {
	counts map[job.Status]int64
	age    time.Duration
	bytes  int64
}

// eldest is how many waiting jobs are looked at for the age of the queue: those made first, some of which may wait for a later moment.
const eldest = 100

func (c *figures) queue(ctx context.Context) (q queueFigures, err error) {
	if q.counts, err = c.f.Queue.Counts(ctx); err != nil {
		return q, err
	}
	if q.bytes, err = c.f.Queue.Usage(ctx, ""); err != nil {
		return q, err
	}
	waiting, _, err := c.f.Queue.Jobs(ctx, job.Filter{Status: []job.Status{job.NotProcessed}, SortBy: "createdAt", Ascending: true, Limit: eldest})
	now := c.f.Clock()
	for _, j := range waiting {
		q.age = max(q.age, time.Duration(now-j.NotBefore))
	}
	return q, err
}

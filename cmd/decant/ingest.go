package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"decant/engine"
	"decant/ingest"
	"decant/ingest/payload"
)

type ingestCmd struct{ brokerFlags }

// brokerFlags say how to reach the broker.
type brokerFlags struct {
	Broker       string   `help:"Broker to subscribe to: tcp, mqtt, ssl, mqtts, ws or wss." placeholder:"URL" env:"DECANT_BROKER"`
	Topic        []string `help:"Subscription filter; may be given again (the variable holds one). Default: what the topic patterns cover." placeholder:"FILTER" sep:"none" env:"DECANT_TOPIC"`
	ClientID     string   `name:"client-id" help:"Client id. Default: one that is made once and kept in the store's folder." env:"DECANT_CLIENT_ID"`
	QoS          *int     `name:"qos" help:"Quality of service to subscribe with: 0, 1, 2 (1)." env:"DECANT_QOS"`
	Username     string   `help:"User name." env:"DECANT_USERNAME"`
	PasswordFile string   `help:"File whose first line is the password." placeholder:"FILE" env:"DECANT_PASSWORD_FILE"`
	CA           string   `name:"ca" help:"Certificates to trust instead of the system's (PEM)." placeholder:"FILE" env:"DECANT_CA"`
	Cert         string   `help:"Our own certificate (PEM)." placeholder:"FILE" env:"DECANT_CERT"`
	Key          string   `help:"Its key (PEM)." placeholder:"FILE" env:"DECANT_KEY"`
}

func (c *ingestCmd) Run(a *app) error {
	c.overlay(&a.config.Ingest)
	if a.config.Ingest.Broker == "" {
		return usageError{errors.New("which broker? give --broker tcp://localhost:1883, DECANT_BROKER, or broker under [ingest] in the configuration")}
	}
	if err := errors.Join(a.config.Validate(), engine.CheckBroker(a.config)); err != nil {
		return usageError{err}
	}
	intake, err := engine.OpenIntake(a.config, a.log)
	if err != nil {
		return err
	}
	source, err := engine.Broker(a.config, a.log)
	if err != nil {
		intake.Close()
		return err
	}
	err = a.ingest(intake, source)
	if closing := intake.Close(); err == nil {
		err = closing
	}
	return err
}

// overlay lays flags and variables over the configuration file.
func (c *brokerFlags) overlay(i *engine.Ingest) {
	for _, o := range []struct {
		value string
		into  *string
	}{
		{c.Broker, &i.Broker}, {c.ClientID, &i.ClientID}, {c.Username, &i.Username}, {c.PasswordFile, &i.PasswordFile},
		{c.CA, &i.CA}, {c.Cert, &i.Cert}, {c.Key, &i.Key},
	} {
		if o.value != "" {
			*o.into = o.value
		}
	}
	if len(c.Topic) > 0 {
		i.Filters = c.Topic
	}
	if c.QoS != nil {
		i.QoS = *c.QoS
	}
}

// taking is what takes messages: an intake, or a service with one.
type taking interface {
	Stats() ingest.Stats
	Passed() payload.Stats
}

// ingest runs until the user stops it, and says every ten seconds what came.
func (a *app) ingest(intake *engine.Intake, sources ...ingest.Source) error {
	saying, quiet := context.WithCancel(context.Background())
	defer quiet()
	go a.sayIngest(saying, intake)
	err := intake.Run(a.ctx, sources...)
	if err == nil || intake.Stats().Messages > 0 {
		a.log.Info("stopped; everything acknowledged is stored", ingestStats(intake)...)
	}
	return err
}

func (a *app) sayIngest(ctx context.Context, intake taking) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	said := intake.Stats()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s := intake.Stats()
		if s.Messages == said.Messages {
			continue
		}
		level := slog.LevelInfo
		if s.DeadLetters() > said.DeadLetters() {
			level = slog.LevelWarn
		}
		a.log.Log(ctx, level, "ingested", ingestStats(intake)...)
		said = s
	}
}

func ingestStats(intake taking) []any {
	s, passed := intake.Stats(), intake.Passed()
	args := []any{"messages", s.Messages, "samples", s.Samples, "syncs", s.Groups}
	if s.Duplicates > 0 {
		args = append(args, "delivered_again", s.Duplicates)
	}
	if s.QoS0 > 0 {
		args = append(args, "qos0", s.QoS0)
	}
	if passed.DroppedTags > 0 {
		args = append(args, "dropped_tags", passed.DroppedTags)
	}
	if passed.SkippedNulls > 0 {
		args = append(args, "skipped_nulls", passed.SkippedNulls)
	}
	if n := s.DeadLetters(); n > 0 {
		args = append(args, "dead_letters", fmt.Sprint(s.Dead))
	}
	return args
}

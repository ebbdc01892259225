package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"decant/engine"
)

type serveCmd struct {
	Listen         string `help:"Address of the HTTP API (127.0.0.1:8080); port 0 takes a free one." placeholder:"HOST:PORT" env:"DECANT_LISTEN"`
	EmbeddedBroker string `help:"Be the MQTT broker too, at this address." placeholder:"HOST:PORT" env:"DECANT_EMBEDDED_BROKER"`
	Role           string `help:"all, or worker: run jobs alone, beside a process with all, on a PostgreSQL that both share (${default})." placeholder:"ROLE" enum:"all,worker" default:"all"`
	Name           string `help:"A worker's name, the same at each start: what it had begun before is taken up at once." placeholder:"NAME" env:"DECANT_WORKER"`

	brokerFlags `group:"Messages from another broker:"`
}

func (c *serveCmd) Run(a *app) error {
	c.overlay(&a.config)
	if err := a.config.CheckService(); err != nil {
		return usageError{err}
	}
	if a.config.Ingest.Broker != "" {
		if err := engine.CheckBroker(a.config); err != nil {
			return usageError{err}
		}
	}
	return a.runService(engine.ServeOptions{Role: engine.Role(c.Role), Name: c.Name, Log: a.log, FirstToken: a.firstToken}, c.overlay, nil)
}

func (c *serveCmd) overlay(config *engine.Config) {
	c.brokerFlags.overlay(&config.Ingest)
	if c.Listen != "" {
		config.Service.Listen = c.Listen
	}
	if c.EmbeddedBroker != "" {
		config.Ingest.Embedded = c.EmbeddedBroker
	}
}

// runService runs the service until the user stops it. overlay lays the flags over a configuration that is read again; ready, where there is one, is called
// when the service listens.
func (a *app) runService(options engine.ServeOptions, overlay func(*engine.Config), ready func(*engine.Service) error) error {
	service, err := engine.OpenService(a.ctx, a.config, options)
	if err != nil {
		return err
	}
	if url := service.URL(); url != "" {
		a.log.Info("the export service listens", "url", url)
	} else {
		a.log.Info("the worker waits for jobs")
	}
	if ready != nil {
		if err := ready(service); err != nil {
			return errors.Join(err, service.Close())
		}
	}
	ctx, end := context.WithCancel(a.ctx)
	var beside sync.WaitGroup
	beside.Go(func() { a.reloadOnHangup(ctx, service, overlay) })
	beside.Go(func() { a.sayIngest(ctx, service) })
	err = service.Run(ctx)
	end()
	beside.Wait()
	err = errors.Join(err, service.Close())
	if err == nil {
		a.log.Info("stopped; jobs that were in progress are handed back, and everything acknowledged is stored")
	}
	return err
}

// firstToken prints the administrator's token of a service that has none yet.
func (a *app) firstToken(text string) error {
	a.log.Info("this service has no token yet; one for an administrator is on stdout, once")
	_, err := fmt.Fprintln(a.stdout, text)
	return err
}

// reloadOnHangup reads the configuration again on SIGHUP.
func (a *app) reloadOnHangup(ctx context.Context, service *engine.Service, overlay func(*engine.Config)) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		}
		config, err := a.load()
		if err != nil {
			a.log.Error("the configuration was not read again; the one before stays in force", "error", err)
			continue
		}
		overlay(&config)
		service.Reload(config)
		a.log.Info("the configuration was read again: limits and notifications are in force; what else has changed needs a restart")
	}
}

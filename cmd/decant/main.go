// Command decant takes samples from MQTT devices and files, keeps them, and pours any window of them into finished files.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"decant/engine"
)

// cli is the command line. Flags beat DECANT_… variables, and these beat the configuration file.
type cli struct {
	Data     string           `help:"Folder of the store (decant-data). Exports and series also read an archive: its folder, or s3://bucket/prefix." placeholder:"DIR" env:"DECANT_DATA"`
	Database string           `help:"The export service's database." placeholder:"URL" env:"DECANT_DATABASE" hidden:""`
	Config   string           `help:"Configuration file (TOML)." placeholder:"FILE" env:"DECANT_CONFIG" type:"existingfile"`
	Quiet    bool             `short:"q" help:"No progress; errors and warnings only."`
	Banner   kong.VersionFlag `name:"version" help:"Print decant's version."`

	Demo        demoCmd                   `cmd:"" help:"Show the whole way: a year of a power grid over MQTT into CSV, XLSX and PDF."`
	Ingest      ingestCmd                 `cmd:"" help:"Subscribe to a broker and store what devices publish."`
	Import      importCmd                 `cmd:"" help:"Store what files hold: CSV, SenML, JSON Lines."`
	Serve       serveCmd                  `cmd:"" help:"Run the export service: ingest, recurring exports, notifications, downloads over HTTP."`
	Token       tokenCmd                  `cmd:"" help:"Make, list or revoke tokens of the export service."`
	Export      exportCmd                 `cmd:"" help:"Write stored samples into CSV, XLSX, PDF, JSON Lines, Parquet or Arrow files."`
	Archive     archiveCmd                `cmd:"" help:"Keep settled days as Parquet files in a folder or a bucket, for exports and for other engines."`
	Exports     exportsCmd                `cmd:"" help:"Create, watch and download exports of an export service."`
	Series      seriesCmd                 `cmd:"" help:"List what the store holds."`
	Deadletters deadlettersCmd            `cmd:"" help:"List, show or replay what could not be taken."`
	Delete      deleteCmd                 `cmd:"" help:"Delete stored samples of a channel's series."`
	Compact     compactCmd                `cmd:"" help:"Merge all segments, and take out what was deleted, now instead of bit by bit."`
	Inspect     inspectCmd                `cmd:"" help:"Say what segments hold: series, blocks, encodings, bytes a sample."`
	Verify      verifyCmd                 `cmd:"" help:"Read every byte of the store against its checksums."`
	Bench       benchCmd                  `cmd:"" help:"Measure what this machine does, as Go benchmark text."`
	Version     versionCmd                `cmd:"" help:"Print decant's version and the zone database's."`
	Completion  kongcompletion.Completion `cmd:"" help:"Print how to switch on completion in your shell."`
}

// app is what every command gets: the streams, the configuration, the log.
type app struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger
	config engine.Config
	load   func() (engine.Config, error) // reads the configuration again
	quiet  bool
}

func main() {
	release := engine.RoomyHeap()
	code := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	release()
	os.Exit(code)
}

// together is how far apart signals are one request to stop: timeout(1) sends its own to the process and to the process's group.
const together = time.Second

// run is the whole program; it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(together, stop) }) // a second signal ends a process that takes too long over the first

	var c cli
	exited := -1
	parser := kong.Must(&c,
		kong.Name("decant"),
		kong.Description("Time-series telemetry from MQTT devices into finished CSV, XLSX and PDF files."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.Vars{"version": "decant " + engine.Version()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "select", Title: "What to export:"},
			{Key: "print", Title: "How to print it:"},
			{Key: "csv", Title: "CSV:"},
			{Key: "service", Title: "The export service:"},
		}),
	)
	kongcompletion.Register(parser)
	command, err := parser.Parse(args)
	if exited >= 0 { // --help, or a completion
		return exited
	}
	if err != nil {
		return report(stderr, usageError{withHelp(err)})
	}
	a := &app{ctx: ctx, stdin: interruptible{ctx, stdin}, stdout: stdout, stderr: stderr, quiet: c.Quiet}
	a.log = a.logFrom(slog.LevelInfo)
	if c.Quiet {
		a.log = a.logFrom(slog.LevelWarn)
	}
	a.load = c.load
	if a.config, err = a.load(); err != nil {
		return report(stderr, usageError{err})
	}
	return report(stderr, command.Run(a))
}

// withHelp adds where the right flags are found.
func withHelp(err error) error {
	command := "decant"
	if parse := new(kong.ParseError); errors.As(err, &parse) {
		if node := parse.Context.Selected(); node != nil {
			command = node.FullPath()
		}
	}
	return fmt.Errorf("%w\n%s --help says what there is", err, command)
}

// load reads the configuration file, if there is one, and lays the global flags over it.
func (c *cli) load() (engine.Config, error) {
	config := engine.Default()
	if c.Config != "" {
		var err error
		if config, err = engine.LoadConfig(c.Config); err != nil {
			return config, err
		}
	}
	if c.Data != "" {
		config.Data = c.Data
	}
	if c.Database != "" {
		config.Service.Database = c.Database
	}
	return config, nil
}

// logFrom is a log on stderr of what is at least so grave.
func (a *app) logFrom(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}

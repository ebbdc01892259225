package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"decant/engine"
	"decant/engine/client"
)

// exportsCmd are the calls of the export service.
type exportsCmd struct {
	Create   createExportsCmd  `cmd:"" help:"Create exports from requests."`
	List     listExportsCmd    `cmd:"" help:"List exports."`
	Show     showExportCmd     `cmd:"" help:"Show an export, or what creates it again."`
	Jobs     listJobsCmd       `cmd:"" help:"List an export's jobs, or those of all exports, the newest first."`
	Run      runExportCmd      `cmd:"" help:"Run an export now."`
	Watch    watchExportCmd    `cmd:"" help:"Follow an export's jobs, or a job, to the end."`
	Cancel   cancelExportCmd   `cmd:"" help:"Cancel the jobs of an export that have not ended."`
	Download downloadExportCmd `cmd:"" help:"Download what an export's newest done job made."`
	Delete   deleteExportsCmd  `cmd:"" help:"Delete exports with their jobs and files."`
	Apply    applyExportsCmd   `cmd:"" help:"Make the service's exports equal a folder of requests."`
}

// remote says where the service is and who calls. The token has no flag: other users of the machine see a process's arguments.
type remote struct {
	Server    string `help:"Address of the export service (${default})." placeholder:"URL" env:"DECANT_SERVER" default:"http://127.0.0.1:8080" group:"service"`
	TokenFile string `help:"File that holds the token; without it DECANT_TOKEN does." placeholder:"FILE" env:"DECANT_TOKEN_FILE" group:"service"`
	CA        string `name:"ca" help:"PEM file of the authorities that may vouch for the server, in place of the system's." placeholder:"FILE" env:"DECANT_SERVER_CA" group:"service"`
	Owner     string `help:"Administrators: whose exports are meant." placeholder:"OWNER" group:"service"`
	JSON      bool   `name:"json" help:"Print as JSON, as the service answers." group:"service"`
}

const maxToken = 4096 // bytes of a token file

// dial makes the client of the service.
func (s *remote) dial(a *app) (*client.Client, error) {
	token := os.Getenv("DECANT_TOKEN")
	if s.TokenFile != "" {
		f, err := os.Open(s.TokenFile)
		if err != nil {
			return nil, usageError{fmt.Errorf("read token: %w", err)}
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, maxToken))
		if err != nil {
			return nil, usageError{fmt.Errorf("read token: %w", err)}
		}
		token = string(data)
	}
	if token = strings.TrimSpace(token); token == "" {
		return nil, usageError{errors.New("there is no token; put it into DECANT_TOKEN, or name its file with --token-file. decant token create makes one")}
	}
	c, err := client.New(client.Config{Server: s.Server, Token: token, Owner: s.Owner, CA: s.CA, UserAgent: "decant/" + engine.Version(), Failing: a.tryingAgain})
	if err != nil {
		return nil, usageError{err}
	}
	if c.InClear() {
		a.log.Warn("the token goes over the network unencrypted; use https", "server", s.Server)
	}
	return c, nil
}

// tryingAgain says at once that the service fails, so that nobody waits without knowing for what.
func (a *app) tryingAgain(err error) {
	if a.quiet {
		return
	}
	what, _, _ := strings.Cut(err.Error(), "\n")
	fmt.Fprintf(a.stderr, "decant: %s; trying again\n", what)
}

// remark says what the service found worth saying of an export that was made or changed.
func remark(a *app, e client.Export) {
	for _, field := range e.IgnoredParameters {
		a.log.Warn("ignored: there is no such field", "export", e.ID, "field", field)
	}
	for _, w := range e.Warnings {
		a.log.Warn(w, "export", e.ID)
	}
}

// isMissing says whether the service has no such thing.
func isMissing(err error) bool {
	var no *client.Error
	return errors.As(err, &no) && no.Status == 404
}

// about names the export that the service doesn't have, and says of a call that the user stopped only that.
func (a *app) about(id string, err error) error {
	if isMissing(err) {
		err = fmt.Errorf("export %s: %w", id, err)
	}
	return interrupted(a.ctx, err)
}

// printJSON prints what the service answered, indented.
func printJSON(w io.Writer, text json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(w)
	return err
}

// printJSONList prints several answers as one array.
func printJSONList[T any](w io.Writer, rows []T, text func(T) json.RawMessage) error {
	list := make([]json.RawMessage, len(rows))
	for i, row := range rows {
		list[i] = text(row)
	}
	all, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return printJSON(w, all)
}

// second prints a moment for listings; nothing is "".
func second(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// asks says whether somebody sits in front of the command who can be asked.
func (a *app) asks() bool {
	in, ok := a.stdin.(interruptible)
	if !ok {
		return false
	}
	return isTerminal(in.in) && isTerminal(a.stderr)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks a question; anything but yes is no.
func (a *app) confirm(question string) (bool, error) {
	fmt.Fprintf(a.stderr, "%s [y/N] ", question)
	var line []byte
	for one := make([]byte, 1); ; {
		n, err := a.stdin.Read(one)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, interrupted(a.ctx, err)
		}
		if n == 0 || one[0] == '\n' {
			break
		}
		line = append(line, one[0])
	}
	answer := strings.ToLower(strings.TrimSpace(string(line)))
	return answer == "y" || answer == "yes", nil
}

package main

import (
	"fmt"
	"net/url"
	"strings"

	"decant/engine/client"
)

type showExportCmd struct {
	remote
	ID     string `arg:"" help:"The export."`
	As     string `enum:"table,json,curl,cli" default:"table" help:"json: the request alone. curl, cli: a shell command that creates it again."`
	KeepID bool   `name:"keep-id" help:"With --as: the request names the id too, for another server or after the export was deleted."`
}

func (c *showExportCmd) Run(a *app) error {
	s, err := c.dial(a)
	if err != nil {
		return err
	}
	e, err := s.Export(a.ctx, c.ID)
	if err != nil {
		return a.about(c.ID, err)
	}
	if c.As == "table" {
		if c.JSON {
			return printJSON(a.stdout, e.Raw)
		}
		return c.table(a, s, e)
	}
	if e.Type == "full" {
		return usageError{fmt.Errorf("export %s is a full one, which POST /exports/full makes; --as shows requests", e.ID)}
	}
	r := e.Request.Unmanaged()
	if !c.KeepID {
		r = r.Without("id")
	}
	if e.Enabled {
		r = r.Without("enabled") // the service's own addition
	}
	for _, path := range r.Masked() {
		a.log.Warn("the service does not show this address to a token that can't create; put yours in", "field", path)
	}
	_, err = fmt.Fprint(a.stdout, c.form(r))
	return err
}

// form prints a request in the form that creates it. A quoted here-document is passed on as it stands, and no line of the JSON is its end.
func (c *showExportCmd) form(r client.Request) string {
	body := string(r.Indented())
	switch c.As {
	case "curl":
		var query string
		if c.Owner != "" {
			query = "?owner=" + url.QueryEscape(c.Owner)
		}
		return `curl -sS --fail-with-body -X POST "${DECANT_SERVER:-http://127.0.0.1:8080}/exports` + query + `" \
  -H "Authorization: Bearer $DECANT_TOKEN" \
  -H 'Content-Type: application/json' \
  --data-binary @- <<'EOF'
` + body + "EOF\n"
	case "cli":
		var owner string
		if c.Owner != "" {
			owner = " --owner " + shellQuoted(c.Owner)
		}
		return "decant exports create" + owner + " -f - <<'EOF'\n" + body + "EOF\n"
	}
	return body
}

// shellQuoted is a word as a POSIX shell takes it, whatever it holds.
func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// table shows an export and its newest job for people.
func (c *showExportCmd) table(a *app, s *client.Client, e client.Export) error {
	var tags []string
	for _, t := range e.Tags {
		tags = append(tags, t.Label+"="+t.Value)
	}
	fmt.Fprintf(a.stdout, "id        %s\ntitle     %s\nowner     %s\ntype      %s\nenabled   %t\ntags      %s\ncreated   %s\nupdated   %s\nversion   %d\nnext run  %s\n\n",
		visible(e.ID), orDash(e.Title), visible(e.Owner), e.Type, e.Enabled, orDash(strings.Join(tags, ", ")), second(&e.CreatedAt), second(&e.UpdatedAt), e.Version, orDash(second(e.NextRun)))
	newest, err := s.Newest(a.ctx, e.ID)
	if err != nil {
		return interrupted(a.ctx, err)
	}
	if newest != nil {
		if err := printJobs(a, []client.Job{*newest}); err != nil {
			return err
		}
		if bad := newest.Outcome(); bad != nil {
			fmt.Fprintf(a.stdout, "%s\n", bad)
		}
		fmt.Fprintln(a.stdout)
	}
	_, err = a.stdout.Write(e.Request.Without("id", "title", "tags", "enabled").Indented())
	return err
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return visible(s)
}

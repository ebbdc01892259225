package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"decant/decimation"
	"decant/engine"
	"decant/engine/access"
)

type tokenCmd struct {
	Create createTokenCmd `cmd:"" help:"Make a token and print it, alone and once."`
	List   listTokensCmd  `cmd:"" default:"withargs" help:"List tokens: whose they are, what they may do and until when; not the tokens themselves."`
	Revoke revokeTokenCmd `cmd:"" help:"Make a token invalid from now on."`
}

type createTokenCmd struct {
	Owner   string   `required:"" help:"Whose exports the token is for." placeholder:"OWNER"`
	Scopes  []string `required:"" help:"What it may do, separated by commas: create, list, read, delete, download (in full: exporter:exports:create), metrics (exporter:metrics:read), admin." placeholder:"SCOPE"`
	Expires string   `help:"How long it lives: 90d, 12h, or an ISO 8601 duration such as P3M. Default: for ever." placeholder:"DURATION"`
	Channel []string `help:"Only channels that match; may be given again. * is any text, ? one character." placeholder:"GLOB" sep:"none"`
	Note    string   `help:"What it is for; shown in listings." placeholder:"TEXT"`
}

func (c *createTokenCmd) Run(a *app) error {
	now := time.Now()
	expires, err := lifetime(c.Expires, now)
	if err != nil {
		return usageError{err}
	}
	scopes, err := access.ParseScopes(c.Scopes...)
	if err = errors.Join(err, access.CheckOwner(c.Owner), access.CheckChannels(c.Channel)); err != nil {
		return usageError{err}
	}
	text, token := access.NewToken(c.Owner, scopes, c.Channel, expires, now.UnixNano(), c.Note)
	return a.tokens(engine.OpenTokens, func(store access.Store) error {
		if err := store.AddToken(a.ctx, token); err != nil {
			return err
		}
		_, err := fmt.Fprintln(a.stdout, text)
		return err
	})
}

type listTokensCmd struct {
	JSON bool `name:"json" help:"Print as JSON."`
}

func (c *listTokensCmd) Run(a *app) error {
	var tokens []access.Token
	err := a.tokens(engine.FindTokens, func(store access.Store) (err error) {
		tokens, err = store.Tokens(a.ctx)
		return err
	})
	if err != nil && !errors.Is(err, access.ErrNoToken) {
		return err
	}
	t := table{columns: []string{"id", "owner", "scopes", "channels", "created", "expires", "revoked", "note"}}
	for _, k := range tokens {
		scopes := make([]string, len(k.Scopes))
		for i, s := range k.Scopes {
			scopes[i] = string(s)
		}
		t.add(k.ID, k.Owner, strings.Join(scopes, ","), strings.Join(k.Channels, ","), utc(k.CreatedAt), utcOrNil(k.ExpiresAt), utcOrNil(k.RevokedAt), k.Note)
	}
	return t.print(a.stdout, c.JSON)
}

type revokeTokenCmd struct {
	ID string `arg:"" help:"Its id, as decant token list prints it."`
}

func (c *revokeTokenCmd) Run(a *app) error {
	err := a.tokens(engine.FindTokens, func(store access.Store) error {
		return store.RevokeToken(a.ctx, c.ID, time.Now().UnixNano())
	})
	if errors.Is(err, access.ErrNoToken) {
		return notFound{fmt.Errorf("there is no token with the id %s; decant token list lists all", c.ID)}
	}
	return err
}

// tokens opens the service's database for a command; a running service sees what it changes at once.
func (a *app) tokens(open func(context.Context, engine.Config) (engine.Tokens, error), use func(access.Store) error) error {
	store, err := open(a.ctx, a.config)
	if err != nil {
		return err
	}
	err = use(store)
	return errors.Join(err, store.Close())
}

var days = regexp.MustCompile(`^([0-9]{1,5})d$`)

// lifetime reads how long something lives, from now; "" is for ever. The result is ns since 1970.
func lifetime(s string, now time.Time) (*int64, error) {
	if s == "" {
		return nil, nil
	}
	var end time.Time
	if m := days.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1]) // five digits
		end = now.AddDate(0, 0, n)
	} else if d, err := time.ParseDuration(s); err == nil {
		end = now.Add(d)
	} else {
		p, err := decimation.ParsePeriod(s)
		if err != nil {
			return nil, fmt.Errorf("--expires: %q is no length of time; allowed are 90d, 12h, or an ISO 8601 duration such as P3M", s)
		}
		utc, err := decimation.LoadZone("utc")
		if err != nil {
			return nil, err
		}
		t, err := p.Step(now.UnixNano(), 1, utc)
		if err != nil {
			return nil, fmt.Errorf("--expires: %q: %w", s, err)
		}
		end = time.Unix(0, t)
	}
	if !end.After(now) {
		return nil, fmt.Errorf("--expires: %q would be over at once; allowed is more than 0", s)
	}
	ns := end.UnixNano()
	if !time.Unix(0, ns).Equal(end) { // after 2262
		return nil, fmt.Errorf("--expires: %q is too long; leave it out for a token that lives for ever", s)
	}
	return &ns, nil
}

func utcOrNil(t *int64) any {
	if t == nil {
		return nil
	}
	return utc(*t)
}

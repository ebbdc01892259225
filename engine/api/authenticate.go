package api

import (
	"errors"
	"fmt"
	"net/http"

	"decant/engine/access"
)

// authorize finds out who calls and whether they may use a route. Where not, the answer also says so in WWW-Authenticate, with the codes of RFC 6750
// section 3.1. A token is taken from the Authorization header alone: what stands in an address ends up in logs, histories and referrers.
func (a *API) authorize(w http.ResponseWriter, r *http.Request, scope access.Scope) (access.Caller, error) {
	if scope == "" {
		return access.Caller{}, nil
	}
	lines := r.Header.Values("Authorization")
	if len(lines) > 1 {
		challenge(w, `error="invalid_request"`)
		return access.Caller{}, refuse(badRequest, "the call has %d Authorization headers; allowed is one", len(lines))
	}
	who, err := access.Authenticate(r.Context(), a.c.Tokens, r.Header.Get("Authorization"), a.c.Clock())
	switch {
	case errors.Is(err, access.ErrNoCredentials):
		challenge(w, "") // RFC 6750: no code where the call shows no sign of knowing that it needs a token
		return who, err
	case errors.Is(err, access.ErrInvalid):
		challenge(w, `error="invalid_token"`)
		return who, err
	case err != nil:
		return who, err
	}
	if !who.May(scope) {
		challenge(w, fmt.Sprintf(`error="insufficient_scope", scope="%s"`, scope))
		return who, refuse(forbidden, "the token lacks the scope %s", scope)
	}
	return who, nil
}

// challenge says how to authenticate, and why that was not enough.
func challenge(w http.ResponseWriter, why string) {
	value := `Bearer realm="decant"`
	if why != "" {
		value += ", " + why
	}
	w.Header().Set("WWW-Authenticate", value)
}

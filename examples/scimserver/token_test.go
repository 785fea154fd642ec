package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
)

func TestUsage(t *testing.T) {
	db := filepath.Join(t.TempDir(), "scim.db")
	t.Setenv(gatewayToken, "")
	t.Setenv(eventsToken, "")
	tests := []struct {
		name   string
		args   []string
		status int
		want   string // in either output
	}{
		{"help", []string{"help"}, cli.StatusOK, "Available Commands"},
		{"help for tokens", []string{"token"}, cli.StatusOK, "revoke"},
		{"unknown command", []string{"srve"}, cli.StatusUsage, `unknown command "srve"`},
		{"unknown command for tokens", []string{"token", "make"}, cli.StatusUsage, `unknown command "make"`},
		{"unknown flag", []string{"-port", "80"}, cli.StatusUsage, "unknown flag"},
		{"half a certificate", []string{"-tls-cert", "x.pem"}, cli.StatusUsage, "together"},
		{"no certificate", []string{"serve", "-db", db, "-addr", "127.0.0.1:0", "-tls-cert", "x.pem", "-tls-key", "x.key"}, cli.StatusFailed, "x.pem"},
		{"form of the log", []string{"-log", "xml"}, cli.StatusUsage, "json nor text"},
		{"base", []string{"-base", "scim"}, cli.StatusUsage, "slash"},
		{"path of SCIM 1.1", []string{"-scim1", "scim"}, cli.StatusUsage, "slash"},
		{"events both ways", []string{"-events-push", "https://app.example.com", "-events-poll", "/events"}, cli.StatusUsage, "either pushed or polled"},
		{"events of nobody", []string{"-events-poll", "/events"}, cli.StatusUsage, "-events-issuer"},
		{"events without TLS", []string{"-db", db, "-public-url", "https://scim.example.com", "-events-push", "http://app.example.com", "-events-key", filepath.Join(t.TempDir(), "keys.json")}, cli.StatusFailed, "https://"},
		{"events that anybody could poll", []string{"-db", db, "-public-url", "https://scim.example.com", "-events-poll", "/events", "-events-key", filepath.Join(t.TempDir(), "keys.json")}, cli.StatusFailed, eventsToken},
		{"later without events", []string{"-events-async"}, cli.StatusUsage, "-events-push"},
		{"one path for both versions", []string{"-base", "/scim", "-scim1", "/scim/"}, cli.StatusUsage, "both versions"},
		{"no time", []string{"-timeout", "0s"}, cli.StatusUsage, "longer than 0"},
		{"no body", []string{"-max-body", "0"}, cli.StatusUsage, "larger than 0"},
		{"address", []string{"-db", db, "-addr", "nowhere:xyz"}, cli.StatusFailed, "-addr"},
		{"folder that is missing", []string{"-db", filepath.Join(t.TempDir(), "no", "scim.db")}, cli.StatusFailed, "make its folder first"},
		{"folder as database", []string{"-db", t.TempDir()}, cli.StatusFailed, "open the database"},
		{"unknown database", []string{"-db", "mysql://x/y"}, cli.StatusFailed, "SQLite"},
		{"address of PostgreSQL", []string{"-db", "postgres://u:s3cret@host:port/x"}, cli.StatusFailed, "cannot be understood"},
		{"PostgreSQL that is away", []string{"-db", "postgres://u:s3cret@127.0.0.1:1/x"}, cli.StatusFailed, "127.0.0.1:1"},
		{"gateway without credentials", []string{"-db", db, "-gateway", "https://scim.example.com"}, cli.StatusFailed, gatewayToken},
		{"gateway of unknown kind", []string{"-db", db, "-gateway", "https://scim.example.com", "-gateway-profile", "acme", "-gateway-client-id", "x"}, cli.StatusFailed, gatewaySecret},
		{"token without a name", []string{"token", "create", "-db", db}, cli.StatusUsage, "name of one token"},
		{"token with two names", []string{"token", "create", "a", "b", "-db", db}, cli.StatusUsage, "name of one token"},
		{"token with a line break", []string{"token", "create", "a\nb", "-db", db}, cli.StatusUsage, "printed"},
		{"expiry", []string{"token", "create", "a", "-expires", "soon", "-db", db}, cli.StatusUsage, "2030-12-31"},
		{"expiry in the past", []string{"token", "create", "a", "-expires", "2020-01-01", "-db", db}, cli.StatusUsage, "past"},
		{"unknown token", []string{"token", "revoke", "a", "-db", db}, cli.StatusFailed, "no token a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := call(t, tt.args...)
			if out := stdout + stderr; status != tt.status || !strings.Contains(out, tt.want) || strings.Contains(out, "s3cret") {
				t.Errorf("status %d, want %d and %q:\n%s", status, tt.status, tt.want, out)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		in   string
		want time.Time
	}{
		{"", time.Time{}},
		{"90d", time.Date(2030, 7, 30, 12, 0, 0, 0, time.UTC)},
		{"12h", time.Date(2030, 5, 2, 0, 0, 0, 0, time.UTC)},
		{"2030-05-01", time.Date(2030, 5, 2, 0, 0, 0, 0, time.UTC)},
		{"2030-06-01T00:00:00+02:00", time.Date(2030, 5, 31, 22, 0, 0, 0, time.UTC)},
	}
	for _, tt := range tests {
		if got, err := expiry(tt.in, now); err != nil || !got.Equal(tt.want) {
			t.Errorf("%q: %v, error %v, want %v", tt.in, got, err, tt.want)
		}
	}
	for _, wrong := range []string{"0d", "-3d", "2029-12-31", "xd", "tomorrow", "1"} {
		if got, err := expiry(wrong, now); err == nil {
			t.Errorf("%q is taken for %v", wrong, got)
		}
	}
}

// A token lets in from when it is made until it is revoked or expires, while the server runs.
func TestTokens(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			p := start(t, "-db", db)
			if !strings.Contains(p.logged(), "there is no token, so nobody is let in; make one with: scimserver token create NAME -db") {
				t.Errorf("the server does not say how to make a token:\n%s", p.logged())
			}
			for _, wrong := range []string{"", "x", "' OR 1=1 --", strings.Repeat("a", 20_000), "scim_AAAAAAAAAAAAAAAAAAAAAAAAAA"} {
				a := p.as(wrong).want(401, "GET", "/Users", "")
				if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") || a.str("status") != "401" {
					t.Errorf("401 with header %v: %s", a.header, a.text)
				}
			}
			p.as("x").with("Authorization", "Basic eDp5").want(401, "GET", "/Users", "")

			first, second := newToken(t, db, "entra"), newToken(t, db, "entra-next")
			reader := newToken(t, db, "report", "-read-only")
			short := newToken(t, db, "short", "-expires", "3s")
			if first == second || len(first) < 26 {
				t.Fatalf("tokens %q and %q", first, second)
			}
			if status, _, stderr := call(t, "token", "create", "entra", "-db", db); status != cli.StatusFailed || !strings.Contains(stderr, "already") {
				t.Errorf("a second token of the same name: status %d, %s", status, stderr)
			}
			for _, token := range []string{first, second, short} {
				p.as(token).want(200, "GET", "/Users", "")
			}
			p.as(first).with("Authorization", "bearer "+first).want(200, "GET", "/Users", "")
			id := p.as(first).want(201, "POST", "/Users", user("anna")).id()
			read := p.as(reader)
			read.want(200, "GET", "/Users/"+id, "")
			read.want(200, "POST", "/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`)
			read.want(403, "POST", "/Users", user("bob"))
			read.want(403, "PUT", "/Users/"+id, user("bob"))
			read.want(403, "PATCH", "/Users/"+id, patch(`{"op":"remove","path":"title"}`))
			read.want(403, "DELETE", "/Users/"+id, "")
			read.want(403, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[]}`)

			_, list, _ := call(t, "token", "list", "-db", db)
			for _, want := range []string{"entra ", "entra-next", "report", "read", "never"} {
				if !strings.Contains(list, want) {
					t.Errorf("the list lacks %q:\n%s", want, list)
				}
			}
			if strings.Contains(list, first) || strings.Contains(p.logged(), first) {
				t.Error("the list or the log shows a token")
			}
			status, _, stderr := call(t, "token", "revoke", "entra", "-db", db)
			require.Equal(t, cli.StatusOK, status, stderr)
			p.as(first).want(401, "GET", "/Users", "")
			p.as(second).want(200, "GET", "/Users/"+id, "")
			for end := time.Now().Add(10 * time.Second); p.as(short).do("GET", "/Users", "").status != 401; {
				if time.Now().After(end) {
					t.Fatal("a token is valid after its time")
				}
				time.Sleep(100 * time.Millisecond)
			}
			if _, list, _ := call(t, "token", "list", "-db", db); !strings.Contains(list, "(expired)") {
				t.Errorf("the list does not say which token has expired:\n%s", list)
			}
		})
	}
}

// Of a token only its hash lies in the database.
func TestTokenAtRest(t *testing.T) {
	file := databases["SQLite"](t)
	token := newToken(t, file, "entra")
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer db.Close()
	var n int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM scim_tokens WHERE length(hash) = 64 AND name = 'entra' AND hash NOT LIKE ?", "%"+token[5:]+"%").Scan(&n))
	if n != 1 {
		t.Error("the token is not kept by its hash")
	}
}

// What a token of one tenant writes is not there for that of another, whatever is asked.
func TestTenants(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			p := start(t, "-db", db)
			acme := p.as(newToken(t, db, "acme", "-tenant", "acme"))
			other := p.as(newToken(t, db, "other", "-tenant", "other"))
			none := p.as(newToken(t, db, "none"))
			anna := acme.want(201, "POST", "/Users", user("anna", `"externalId":"1"`)).id()
			guides := acme.want(201, "POST", "/Groups", group("Guides", `"members":`+members(anna))).id()
			for _, c := range []*session{other, none} {
				c.want(404, "GET", "/Users/"+anna, "")
				c.want(404, "PUT", "/Users/"+anna, user("stolen"))
				c.want(404, "PATCH", "/Users/"+anna, patch(`{"op":"replace","path":"title","value":"x"}`))
				c.want(404, "DELETE", "/Users/"+anna, "")
				c.want(404, "PATCH", "/Groups/"+guides, patch(`{"op":"remove","path":"members"}`))
				for _, path := range []string{"/Users", "/Groups", "/", "/Users?filter=userName+eq+%22anna%22", "/Users?filter=id+eq+%22" + anna + "%22", "/Groups?filter=members.value+eq+%22" + anna + "%22", "/Users?sortBy=userName"} {
					if a := c.want(200, "GET", path, ""); a.str("totalResults") != "0" || strings.Contains(a.text, anna) {
						t.Errorf("GET %s shows another tenant's: %s", path, a.text)
					}
				}
				// The same names are free in each tenant.
				same := c.want(201, "POST", "/Users", user("anna", `"externalId":"1"`)).id()
				// Another tenant's id is no member.
				mine := c.do("POST", "/Groups", group("Guides", `"members":`+members(same, anna)))
				if strings.Contains(mine.text, `"display":"anna"`) && strings.Count(mine.text, `"display"`) > 1 {
					t.Errorf("a group shows another tenant's user: %s", mine.text)
				}
				bulk := c.want(200, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/`+anna+`"}]}`)
				if bulk.str("Operations.0.status") != "404" {
					t.Errorf("bulk reaches another tenant: %s", bulk.text)
				}
				c.want(204, "DELETE", "/Users/"+same, "")
			}
			a := acme.want(200, "GET", "/Groups/"+guides, "")
			if a.str("members.0.value") != anna || acme.want(200, "GET", "/Users/"+anna, "").str("userName") != "anna" {
				t.Errorf("the tenant's own resources changed: %s", a.text)
			}
		})
	}
}

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/plekclient/plektest"
)

// What is pushed reaches Plek, or a SCIM service that is this command itself, before it is acknowledged.
func TestGateway(t *testing.T) {
	behind := map[string]func(t *testing.T) (url, profile, token string, see func() string){
		"Plek": func(t *testing.T) (string, string, string, func() string) {
			s := plektest.New(&plektest.Options{Tokens: []string{"behind-token"}})
			url, err := s.Start()
			require.NoError(t, err)
			t.Cleanup(func() { s.Close() })
			return url, plek, "behind-token", func() string {
				var b strings.Builder
				for _, r := range append(s.Users(), s.Groups()...) {
					j, err := r.AppendJSON(nil)
					require.NoError(t, err)
					b.Write(append(j, '\n'))
				}
				return b.String()
			}
		},
		"SCIM": func(t *testing.T) (string, string, string, func() string) {
			db := databases["SQLite"](t)
			token := newToken(t, db, "gateway")
			p := start(t, "-db", db)
			return p.url + "/scim/v2", "", token, func() string {
				c := p.as(token)
				return c.want(200, "GET", "/Users", "").text + c.want(200, "GET", "/Groups", "").text
			}
		},
	}
	for name, make := range behind {
		t.Run(name, func(t *testing.T) {
			url, profile, secret, see := make(t)
			db := databases["SQLite"](t)
			token, other := newToken(t, db, "entra"), newToken(t, db, "other", "-tenant", "other")
			t.Setenv(gatewayToken, secret)
			p := start(t, "-db", db, "-gateway", url, "-gateway-profile", profile)
			c := p.as(token)
			c.want(200, "GET", "/Users?filter=userName+eq+%22anna%40example.com%22", "")
			mail := `"emails":[{"value":"anna@example.com","type":"work","primary":true}],"name":{"givenName":"Anna","familyName":"Ek"}`
			id := c.want(201, "POST", "/Users", user("anna@example.com", `"externalId":"entra-1"`, `"active":true`, mail)).id()
			if got := see(); !strings.Contains(got, `"anna@example.com"`) {
				t.Fatalf("the service behind has\n%s", got)
			}
			c.want(200, "PATCH", "/Users/"+id, patch(`{"op":"Replace","path":"name.givenName","value":"Anne"}`))
			if got := see(); !strings.Contains(got, `"Anne"`) {
				t.Errorf("after a PATCH the service behind has\n%s", got)
			}
			g := c.want(201, "POST", "/Groups", group("Guides", `"members":`+members(id))).id()
			if got := see(); !strings.Contains(got, `"Guides"`) || !strings.Contains(got, `"members"`) {
				t.Errorf("after a group was made the service behind has\n%s", got)
			}
			c.want(204, "PATCH", "/Groups/"+g, patch(`{"op":"Remove","path":"members","value":`+members(id)+`}`))
			c.want(200, "PATCH", "/Users/"+id, patch(`{"op":"Replace","path":"active","value":"False"}`))
			if got := see(); !strings.Contains(got, `"active":false`) || strings.Contains(got, `"members":[{`) {
				t.Errorf("after a soft delete the service behind has\n%s", got)
			}
			c.want(409, "POST", "/Users", user("anna@example.com", mail))
			p.as(other).want(403, "GET", "/Users", "")
			if strings.Contains(p.logged(), secret) {
				t.Error("the log shows a secret")
			}
			// A service that refuses the gateway is not an error of the client.
			p.terminate()
			t.Setenv(gatewayToken, "wrong")
			p = start(t, "-db", db, "-gateway", url, "-gateway-profile", profile)
			if a := p.as(token).do("POST", "/Users", user("bob@example.com", strings.ReplaceAll(mail, "anna", "bob"))); a.status < 500 {
				t.Errorf("with a wrong token for the service behind: %d %s", a.status, a.text)
			}
			if a := p.as(token).want(200, "GET", "/Users", ""); strings.Contains(a.text, "bob") {
				t.Errorf("what the service behind refused is kept: %s", a.text)
			}
			if status := p.terminate(); status != cli.StatusOK {
				t.Errorf("status %d", status)
			}
		})
	}
}

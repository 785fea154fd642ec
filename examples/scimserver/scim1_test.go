package main

import (
	"strings"
	"testing"
)

// SCIM 1.1 is served below its own path, from the same database and to the same tokens.
func TestSCIM1(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			token, other, reader := newToken(t, db, "jumpcloud"), newToken(t, db, "other", "-tenant", "other"), newToken(t, db, "reader", "-read-only")
			p := start(t, "-db", db, "-scim1", "/scim/v1")
			two := p.as(token)
			one := func(token string) *session {
				c := p.as(token).with("Content-Type", "application/json")
				c.base = p.url + "/scim/v1"
				return c
			}
			c := one(token)
			if a := c.want(200, "GET", "/ServiceProviderConfigs", ""); a.str("schemas.0") != "urn:scim:schemas:core:1.0" || a.get("xmlDataFormat.supported") != false {
				t.Errorf("the configuration: %s", a.text)
			}
			anna := c.want(201, "POST", "/Users", `{"schemas":["urn:scim:schemas:core:1.0"],"userName":"anna","active":true,"urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":"boss"}}}`)
			bert := c.want(201, "POST", "/Users", `{"schemas":["urn:scim:schemas:core:1.0"],"userName":"bert"}`)
			if location := p.url + "/scim/v1/Users/" + anna.id(); anna.str("meta.location") != location || anna.header.Get("Location") != location {
				t.Errorf("a new user: %s", anna.text)
			}
			c.want(409, "POST", "/Users", `{"schemas":["urn:scim:schemas:core:1.0"],"userName":"ANNA"}`)
			group := c.want(201, "POST", "/Groups", `{"schemas":["urn:scim:schemas:core:1.0"],"displayName":"Guides","members":`+members(anna.id())+`}`).id()
			c.want(204, "PATCH", "/Groups/"+group, `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"`+anna.id()+`","operation":"delete"},{"value":"`+bert.id()+`"}]}`)
			if a := two.want(200, "GET", "/Groups/"+group, ""); len(list(a.get("members"))) != 1 || a.str("members.0.value") != bert.id() {
				t.Errorf("the group by 2.0: %s", a.text)
			}
			c.with("X-HTTP-Method-Override", "PATCH").want(200, "POST", "/Users/"+anna.id(), `{"schemas":["urn:scim:schemas:core:1.0"],"active":false,"meta":{"attributes":["urn:scim:schemas:extension:enterprise:1.0:manager"]}}`)
			if a := two.want(200, "GET", "/Users/"+anna.id(), ""); a.get("active") != false || strings.Contains(a.text, "boss") || a.str("meta.location") != p.url+"/scim/v2/Users/"+anna.id() {
				t.Errorf("the user by 2.0: %s", a.text)
			}
			if a := c.want(200, "GET", "/Users?filter=urn:scim:schemas:core:1.0:userName+sw+%22A%22&sortBy=userName", ""); a.str("totalResults") != "1" || a.str("Resources.0.id") != anna.id() {
				t.Errorf("a list: %s", a.text)
			}

			one("").want(401, "GET", "/Users", "")
			one(other).want(404, "GET", "/Users/"+anna.id(), "")
			one(reader).want(200, "GET", "/Users/"+anna.id(), "")
			one(reader).want(403, "DELETE", "/Users/"+anna.id(), "")
			c.with("SCIM-Dialect", "strict").want(400, "PATCH", "/Users/"+anna.id(), `{"schemas":["urn:scim:schemas:core:1.0"],"active":"True"}`)
			c.want(200, "DELETE", "/Users/"+anna.id(), "")
			if a := c.want(404, "GET", "/Users/"+anna.id(), ""); !strings.Contains(a.text, `"code":"404"`) {
				t.Errorf("an error: %s", a.text)
			}
			if log := p.logged(); strings.Contains(log, "bert") || !strings.Contains(log, `"method":"PATCH","endpoint":"User","status":200`) || !strings.Contains(log, `"scim1":"`+p.url+`/scim/v1"`) {
				t.Errorf("the log:\n%s", log)
			}
		})
	}
	t.Run("behind another URL", func(t *testing.T) {
		for _, tt := range []struct{ base, public, want string }{
			{"/scim/v2", "https://id.example.com/outer/scim/v2", "https://id.example.com/outer/scim/v1"},
			{"/scim/v2", "https://id.example.com", "https://id.example.com/scim/v1"},
			{"", "https://id.example.com/v2/", "https://id.example.com/scim/v1"},
		} {
			s := settings{base: tt.base, publicURL: tt.public, scim1: "/scim/v1"}
			if got := s.publicSCIM1(); got != tt.want {
				t.Errorf("%q and %q: %s, want %s", tt.base, tt.public, got, tt.want)
			}
		}
	})
}

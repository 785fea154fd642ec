package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// A token can belong to a user, whom /Me stands for (RFC 7644 section 3.11).
func TestMe(t *testing.T) {
	db := databases["SQLite"](t)
	p := start(t, "-db", db)
	admin := p.as(newToken(t, db, "admin"))
	id := admin.want(201, "POST", "/Users", user("anna")).id()
	c := p.as(newToken(t, db, "anna", "-user", id))
	if a := c.want(200, "GET", "/Me", ""); a.id() != id || !strings.HasSuffix(a.str("meta.location"), "/scim/v2/Users/"+id) || a.header.Get("Location") != a.str("meta.location") {
		t.Errorf("/Me: %v %s", a.header, a.text)
	}
	c.want(200, "PATCH", "/Me", patch(`{"op":"add","path":"title","value":"x"}`))
	c.want(200, "PUT", "/Me?attributes=title", user("anna", `"title":"y"`))
	if a := admin.want(200, "GET", "/Users/"+id, ""); a.str("title") != "y" {
		t.Errorf("after a PUT of /Me: %s", a.text)
	}
	c.fails(501, "", "POST", "/Me", user("x"))
	c.want(204, "DELETE", "/Me", "")
	c.fails(404, "", "GET", "/Me", "")
	admin.fails(501, "", "GET", "/Me", "")
}

// Requests as other HTTP clients write them.
func TestHTTP(t *testing.T) {
	db := databases["SQLite"](t)
	token := newToken(t, db, "entra")
	p := start(t, "-db", db)
	auth := "Host: x\r\nAuthorization: Bearer " + token + "\r\n"
	body := user("anna")
	tests := []struct {
		name, request string
		status        int
	}{
		{"chunked", "POST /Users HTTP/1.1\r\n" + auth + "Content-Type: application/scim+json\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body), 201},
		{"HTTP/1.0", "GET /Users HTTP/1.0\r\nAuthorization: Bearer " + token + "\r\n\r\n", 200},
		{"absolute form", "GET http://scim.example.com/Users HTTP/1.1\r\n" + auth + "\r\n", 200},
		{"no host", "GET /Users HTTP/1.1\r\nAuthorization: Bearer " + token + "\r\n\r\n", 400},
		{"two tokens", "GET /Users HTTP/1.1\r\n" + auth + "Authorization: Bearer x\r\n\r\n", 401},
		{"two slashes", "GET //scim//v2//Users HTTP/1.1\r\n" + auth + "\r\n", 200},
		{"up and down", "GET /scim/../Users HTTP/1.1\r\n" + auth + "\r\n", 200},
		{"compressed", "POST /Users HTTP/1.1\r\n" + auth + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415},
		{"no body", "POST /Users HTTP/1.1\r\n" + auth + "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n", 400},
		{"DELETE with a body", "DELETE /Users/none HTTP/1.1\r\n" + auth + "Content-Length: 2\r\n\r\n{}", 404},
		{"GET with a body", "GET /Users HTTP/1.1\r\n" + auth + "Content-Length: 2\r\n\r\n{}", 200},
		{"what is no HTTP", "\x16\x03\x01\x02\x00\r\n\r\n", 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, tt.request)
			require.NoError(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer res.Body.Close()
			if res.StatusCode != tt.status {
				b, _ := io.ReadAll(res.Body)
				t.Errorf("got %s %s, want %d", res.Status, b, tt.status)
			}
		})
	}
}

func TestNaming(t *testing.T) {
	const work, home = `emails[type eq "work"].value`, `emails[type eq "home"].value`
	src := &provisioning.Record{Kind: provisioning.User, Attributes: provisioning.Attributes{
		"userName": {"a"}, "emails": {"a@work", "a@home"}, work: {"a@work"}, home: {"a@home"}, "entitlements": {"x"},
	}}
	for _, tt := range []struct {
		name   string
		naming naming
		want   provisioning.Attributes
	}{
		{"by type", naming{typed: true}, provisioning.Attributes{"userName": {"a"}, work: {"a@work"}, home: {"a@home"}, "entitlements": {"x"}}},
		{"as sets", naming{}, provisioning.Attributes{"userName": {"a"}, "emails": {"a@work", "a@home"}, "entitlements": {"x"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.naming.Map(src)
			if diff := cmp.Diff(tt.want, got.Attributes); err != nil || diff != "" {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
			if len(src.Attributes) != 5 {
				t.Errorf("it changed what it was given: %v", src.Attributes)
			}
		})
	}
}

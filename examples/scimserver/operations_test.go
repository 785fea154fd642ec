package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
)

func TestHealth(t *testing.T) {
	db := lab.PostgreSQL(t)
	p := start(t, "-db", db.URL)
	c := p.as("")
	c.base = p.url
	c.want(200, "GET", "/healthz", "")
	c.want(200, "GET", "/readyz", "")
	c.want(405, "POST", "/healthz", "")
	token := newToken(t, db.URL, "entra")
	db.Kill()
	c.want(200, "GET", "/healthz", "")
	if a := c.want(503, "GET", "/readyz", ""); strings.Contains(a.text, "127.0.0.1") {
		t.Errorf("/readyz tells of the inside: %s", a.text)
	}
	// Nobody is let in, and nobody is told that the token is wrong.
	if a := p.as(token).want(500, "GET", "/Users", ""); strings.Contains(a.text, "127.0.0.1") || strings.Contains(a.text, "sql") {
		t.Errorf("a client is told of the inside: %s", a.text)
	}
	db.Start()
	for end := time.Now().Add(30 * time.Second); c.do("GET", "/readyz", "").status != 200; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the server does not find its database again")
		}
	}
	p.as(token).want(200, "GET", "/Users", "")
}

func TestMetrics(t *testing.T) {
	db := databases["SQLite"](t)
	p := start(t, "-db", db)
	c := p.as(newToken(t, db, "entra", "-tenant", "acme"))
	id := c.want(201, "POST", "/Users", user("secret.name@example.com", `"active":"True"`)).id()
	c.want(200, "GET", "/Users/"+id, "")
	c.want(404, "GET", "/Users/secret.name", "")
	c.want(200, "GET", "/Users?filter=userName+eq+%22secret.name@example.com%22", "")
	c.want(404, "GET", "/Nothing", "")
	c.want(405, "BREW", "/Users", "")
	ops := p.as("")
	ops.base = p.url
	a := ops.want(200, "GET", "/metrics", "")
	for _, want := range []string{
		`scim_requests_total{endpoint="User",method="POST",status="201"} 1`,
		`scim_requests_total{endpoint="User",method="GET",status="200"} 2`,
		`scim_requests_total{endpoint="none",method="GET",status="404"} 1`,
		`scim_requests_total{endpoint="User",method="other",status="405"} 1`,
		`scim_request_duration_seconds_count{endpoint="User",method="POST"} 1`,
		`scim_requests_in_flight 0`,
		`scim_tolerated_total{kind="boolean as string"} 1`,
		`go_sql_open_connections{db_name="scim"}`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(a.text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, secret := range []string{"acme", "entra", id, "secret.name", "BREW", "Nothing"} {
		if strings.Contains(a.text, secret) {
			t.Errorf("the metrics show %s", secret)
		}
	}
}

// The log tells who did what, and nothing of people.
func TestAuditLog(t *testing.T) {
	db := databases["SQLite"](t)
	p := start(t, "-db", db)
	c := p.as(newToken(t, db, "entra", "-tenant", "acme"))
	a := c.with(requestID, "from-the-client").want(201, "POST", "/Users", user("secret.name", `"active":"True","title":"secret.title"`))
	if got := a.header.Get(requestID); got != "from-the-client" {
		t.Errorf("the id of the request is %q", got)
	}
	for _, bad := range []string{"secret name", `x"y`, strings.Repeat("x", 65), "<script>"} {
		if got := c.with(requestID, bad).want(200, "GET", "/Users/"+a.id(), "").header.Get(requestID); got == bad || got == "" {
			t.Errorf("the id of the request is %q", got)
		}
	}
	c.want(404, "GET", "/Users/secret.name", "")
	c.want(200, "GET", "/Users?filter=userName+eq+%22secret.name%22", "")
	c.want(409, "POST", "/Users", user("secret.name"))
	c.want(400, "GET", "/Users?filter=secret.name", "")
	c.with("SCIM-Dialect", "strict").want(400, "PATCH", "/Users/"+a.id(), patch(`{"op":"replace","path":"secret.name","value":"secret.value"}`))
	p.as("secret.token").with("User-Agent", "secret.agent").want(401, "GET", "/Users", "")
	log := p.logged()
	want := regexp.MustCompile(`"msg":"request","method":"POST","endpoint":"User","status":201,"ms":[0-9.]+,"in":\d+,"out":\d+,"id":"` + a.id() +
		`","caller":"entra","tenant":"acme","tolerated":\["boolean as string"\],"requestId":"from-the-client"}`)
	if !want.MatchString(log) {
		t.Errorf("the log lacks %s:\n%s", want, log)
	}
	if strings.Contains(log, "secret") {
		t.Errorf("the log has personal data:\n%s", log)
	}
}

// Limits that are told on the command line hold.
func TestLimits(t *testing.T) {
	db := databases["SQLite"](t)
	p := start(t, "-db", db, "-max-body", "2000", "-max-results", "5", "-max-members", "3", "-max-patch-operations", "2", "-max-bulk-operations", "2", "-max-bulk-body", "3000")
	c := p.as(newToken(t, db, "entra"))
	for i := range 7 {
		c.want(201, "POST", "/Users", user(fmt.Sprint("u", i)))
	}
	id := c.want(201, "POST", "/Groups", group("g")).id()
	if a := c.want(200, "GET", "/Users?count=100", ""); a.str("itemsPerPage") != "5" || a.str("totalResults") != "7" {
		t.Errorf("more than -max-results: %s", a.text)
	}
	c.want(413, "POST", "/Users", user("x", `"title":"`+strings.Repeat("x", 2000)+`"`))
	c.want(413, "PUT", "/Groups/"+id, group("g", `"members":`+members("a", "b", "c", "d")))
	op := `{"op":"replace","path":"displayName","value":"x"}`
	c.want(204, "PATCH", "/Groups/"+id, patch(op, op))
	c.want(413, "PATCH", "/Groups/"+id, patch(op, op, op))
	bulk := func(n int, pad string) string {
		ops := strings.Repeat(`,{"method":"DELETE","path":"/Users/x`+pad+`"}`, n)[1:]
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + ops + `]}`
	}
	c.want(200, "POST", "/Bulk", bulk(2, ""))
	c.want(413, "POST", "/Bulk", bulk(3, ""))
	c.want(413, "POST", "/Bulk", bulk(1, strings.Repeat("x", 3000)))
	config := c.want(200, "GET", "/ServiceProviderConfig", "")
	if config.str("bulk.maxOperations") != "2" || config.str("bulk.maxPayloadSize") != "3000" || config.str("filter.maxResults") != "5" {
		t.Errorf("the limits are not told: %s", config.text)
	}
	// A header without end, and more than the server takes.
	res, err := c.with("X-Long", strings.Repeat("x", 2*maxHeader)).send("GET", "/Users", "")
	require.NoError(t, err)
	if res.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d bytes of headers are answered with %d", 2*maxHeader, res.status)
	}
}

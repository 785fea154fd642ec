package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/internal/lab"
)

// What was there before a restart is there after it.
func TestRestart(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			token := newToken(t, db, "entra")
			p := start(t, "-db", db)
			id := p.as(token).want(201, "POST", "/Users", user("anna", `"title":"Guide"`)).id()
			g := p.as(token).want(201, "POST", "/Groups", group("Guides", `"members":`+members(id)))
			if status := p.terminate(); status != cli.StatusOK {
				t.Errorf("after SIGTERM the status is %d", status)
			}
			p = start(t, "-db", db)
			c := p.as(token)
			a := c.want(200, "GET", "/Groups/"+g.id(), "")
			if a.str("members.0.value") != id || a.str("meta.version") != g.str("meta.version") || c.want(200, "GET", "/Users/"+id, "").str("title") != "Guide" {
				t.Errorf("after a restart: %s", a.text)
			}
		})
	}
}

// Whatever was acknowledged is there after the process was killed in the midst of writes.
func TestKilled(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			token := newToken(t, db, "entra")
			acknowledged := map[string]string{} // id to title
			var mu sync.Mutex
			for round := range 3 {
				p := start(t, "-db", db)
				c := p.as(token)
				everyone := c.want(201, "POST", "/Groups", group(fmt.Sprintf("round %d", round))).id()
				var clients sync.WaitGroup
				var joined []string
				for i := range 8 {
					clients.Go(func() {
						for n := 0; ; n++ {
							a, err := c.send("POST", "/Users", user(fmt.Sprintf("u%d-%d-%d", round, i, n)))
							if err != nil || a.status != 201 {
								return
							}
							id := a.id()
							mu.Lock()
							acknowledged[id] = ""
							mu.Unlock()
							if a, err = c.send("PATCH", "/Groups/"+everyone, patch(`{"op":"add","path":"members","value":`+members(id)+`}`)); err != nil || a.status >= 300 {
								return
							}
							mu.Lock()
							joined = append(joined, id)
							mu.Unlock()
							if a, err = c.send("PATCH", "/Users/"+id, patch(`{"op":"add","path":"title","value":"`+id+`"}`)); err != nil || a.status != 200 {
								return
							}
							mu.Lock()
							acknowledged[id] = id
							mu.Unlock()
						}
					})
				}
				// In the middle of writing, however slow the machine is.
				enough := func() bool {
					mu.Lock()
					defer mu.Unlock()
					return len(acknowledged) >= 20*(round+1)
				}
				for begin := time.Now(); !enough() && time.Since(begin) < time.Minute; {
					time.Sleep(10 * time.Millisecond)
				}
				p.kill()
				clients.Wait()
				p = start(t, "-db", db)
				c = p.as(token)
				has := map[string]bool{}
				for _, m := range list(c.want(200, "GET", "/Groups/"+everyone, "").get("members")) {
					has[m.(map[string]any)["value"].(string)] = true
				}
				for _, id := range joined {
					if !has[id] {
						t.Errorf("the member %s was acknowledged and is gone", id)
					}
				}
				for id, title := range acknowledged {
					if a := c.want(200, "GET", "/Users/"+id, ""); title != "" && a.str("title") != title {
						t.Errorf("the title %s was acknowledged and is %q", title, a.str("title"))
					}
				}
				p.kill()
			}
			if len(acknowledged) < 20 {
				t.Errorf("only %d writes were acknowledged", len(acknowledged))
			}
		})
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// A request that is under way when the server is asked to end is answered, and no other is taken.
func TestGracefulShutdown(t *testing.T) {
	db := databases["SQLite"](t)
	token := newToken(t, db, "entra")
	p := start(t, "-db", db)
	id := p.as(token).want(201, "POST", "/Users", user("before")).id()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	body := user("late")
	fmt.Fprintf(conn, "POST /Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", token, len(body), body[:10])
	// The server has begun with it once it counts it.
	ops := p.as("")
	ops.base = p.url
	for !strings.Contains(ops.do("GET", "/metrics", "").text, "scim_requests_in_flight 1") {
		time.Sleep(10 * time.Millisecond)
	}
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	for !strings.Contains(p.logged(), `"msg":"ending`) {
		time.Sleep(10 * time.Millisecond)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://")); err != nil {
			break
		} else if c.Close(); time.Now().After(end) {
			t.Fatal("the server still takes connections")
		}
	}
	_, err = io.WriteString(conn, body[10:])
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	if res.StatusCode != 201 {
		t.Errorf("the request that was under way got %d", res.StatusCode)
	}
	<-p.exited
	if status := p.cmd.ProcessState.ExitCode(); status != cli.StatusOK {
		t.Errorf("the status is %d:\n%s", status, p.logged())
	}
	p = start(t, "-db", db)
	p.as(token).want(200, "GET", "/Users/"+id, "")
	if a := p.as(token).want(200, "GET", "/Users?filter=userName+eq+%22late%22", ""); a.str("totalResults") != "1" {
		t.Errorf("the acknowledged user is gone: %s", a.text)
	}
}

// A client that never finishes its request is left after -shutdown-timeout.
func TestShutdownIsBounded(t *testing.T) {
	db := databases["SQLite"](t)
	token := newToken(t, db, "entra")
	p := start(t, "-db", db, "-shutdown-timeout", "300ms")
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", token)
	time.Sleep(200 * time.Millisecond)
	if status := p.terminate(); status != cli.StatusFailed || !strings.Contains(p.logged(), "not finished within 300ms") {
		t.Errorf("status %d:\n%s", status, p.logged())
	}
}

// Clients that send slowly, or do not take their answers, do not keep a connection for long.
func TestSlowClients(t *testing.T) {
	db := databases["SQLite"](t)
	token := newToken(t, db, "entra")
	p := start(t, "-db", db, "-read-timeout", "500ms", "-timeout", "1s", "-idle-timeout", "500ms")
	c := p.as(token)
	long := strings.Repeat("x", 10_000)
	var bulk []string
	for i := range 200 {
		bulk = append(bulk, fmt.Sprintf(`{"method":"POST","bulkId":"b%d","path":"/Users","data":%s}`, i, user(fmt.Sprintf("u%d", i), `"title":"`+long+`"`)))
	}
	c.want(200, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join(bulk, ",")+`]}`)
	head := "Host: x\r\nAuthorization: Bearer " + token + "\r\n"
	tests := []struct {
		name, send string
		drip       bool // go on sending, a byte at a time
		reads      bool
		want       string // what the answer begins with
	}{
		{name: "headers that do not end", send: "GET /Users HTTP/1.1\r\nHost: x\r\n", reads: true},
		{name: "headers a byte at a time", send: "GET /Users HTTP/1.1\r\nX-Slow: ", drip: true, reads: true},
		{name: "a body that does not come", send: "POST /Users HTTP/1.1\r\n" + head + "Content-Length: 1000\r\n\r\n{", reads: true, want: "HTTP/1.1 408"},
		{name: "a body a byte at a time", send: "POST /Users HTTP/1.1\r\n" + head + "Content-Length: 100000\r\n\r\n", drip: true, reads: true, want: "HTTP/1.1 408"},
		{name: "no request at all", reads: true},
		{name: "answers that are not taken", send: strings.Repeat("GET /Users?count=200 HTTP/1.1\r\n"+head+"\r\n", 20)},
		{name: "a request, and then none", send: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", reads: true, want: "HTTP/1.1 200"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
			require.NoError(t, err)
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			_, err = io.WriteString(conn, tt.send)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.drip {
				go func() {
					for ctx.Err() == nil {
						if _, err := io.WriteString(conn, "x"); err != nil {
							return
						}
						time.Sleep(20 * time.Millisecond)
					}
				}()
			}
			if !tt.reads {
				// What is written to a connection that was closed is refused.
				for {
					time.Sleep(100 * time.Millisecond)
					if _, err := io.WriteString(conn, "x"); err != nil {
						if ne, ok := err.(net.Error); ok && ne.Timeout() {
							t.Error("the server keeps a connection whose answers are not taken")
						}
						return
					}
				}
			}
			b, err := io.ReadAll(conn)
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Fatalf("the server keeps the connection; it sent %q", b)
			}
			if !strings.HasPrefix(string(b), tt.want) {
				t.Errorf("it sent %q, want %q", b, tt.want)
			}
		})
	}
	// Meanwhile others are served.
	c.want(200, "GET", "/Users?count=1", "")
}

func TestHTTPS(t *testing.T) {
	ca := lab.NewAuthority(t)
	cert, key := ca.Server(lab.Good, "127.0.0.1")
	db := databases["SQLite"](t)
	token := newToken(t, db, "entra")
	p := start(t, "-db", db, "-tls-cert", cert, "-tls-key", key)
	if !strings.HasPrefix(p.url, "https://127.0.0.1:") {
		t.Fatalf("it serves at %s", p.url)
	}
	p.client.Transport = &http.Transport{TLSClientConfig: ca.TLS(), ForceAttemptHTTP2: true}
	a := p.as(token).want(201, "POST", "/Users", user("anna"))
	if !strings.HasPrefix(a.str("meta.location"), p.url+"/scim/v2/Users/") {
		t.Errorf("location %s", a.str("meta.location"))
	}
}

// Bases, proxies and addresses.
func TestAddresses(t *testing.T) {
	db := databases["SQLite"](t)
	token := newToken(t, db, "entra")
	p := start(t, "-db", db, "-base", "/scim/v2", "-ops-addr", "127.0.0.1:0", "-trust-proxy")
	p.url = strings.TrimSuffix(p.url, "/scim/v2")
	c := p.as(token)
	id := c.want(201, "POST", "/Users", user("anna")).id()
	proxied := c.with("X-Forwarded-Proto", "https").with("X-Forwarded-Host", "scim.example.com")
	if a := proxied.want(200, "GET", "/Users/"+id, ""); a.str("meta.location") != "https://scim.example.com/scim/v2/Users/"+id {
		t.Errorf("location %s", a.text)
	}
	c.want(200, "GET", "/Users/"+id+"/", "")
	c.base = p.url
	c.want(404, "GET", "/Users/"+id, "")
	c.want(404, "GET", "/v1/Users/"+id, "")
	// Operators have an address of their own.
	c.want(404, "GET", "/metrics", "")
	var ops string
	for line := range strings.SplitSeq(p.logged(), "\n") {
		if strings.Contains(line, "serving operators") {
			_, ops, _ = strings.Cut(line, `"url":"`)
			ops, _, _ = strings.Cut(ops, `"`)
		}
	}
	c.base = ops
	c.want(200, "GET", "/healthz", "")
	c.want(200, "GET", "/metrics", "")
	c.want(404, "GET", "/Users", "")

	p = start(t, "-db", db, "-public-url", "https://scim.example.com/v2/", "-public-discovery")
	c = p.as("")
	c.want(200, "GET", "/ServiceProviderConfig", "")
	c.want(401, "GET", "/Users", "")
	if a := p.as(token).want(200, "GET", "/Users/"+id, ""); a.str("meta.location") != "https://scim.example.com/v2/Users/"+id {
		t.Errorf("location %s", a.text)
	}
}

// The dialect is that of the server, unless a request asks for the other.
func TestDialect(t *testing.T) {
	db := databases["SQLite"](t)
	token := newToken(t, db, "entra")
	capital := patch(`{"op":"Replace","path":"active","value":"False"}`)
	for _, strict := range []bool{false, true} {
		args, own, other := []string{"-db", db}, 200, "strict"
		if strict {
			args, own, other = append(args, "-strict"), 400, "tolerant"
		}
		p := start(t, args...)
		c := p.as(token)
		id := c.want(201, "POST", "/Users", user(fmt.Sprint("anna ", strict))).id()
		c.want(own, "PATCH", "/Users/"+id, capital)
		c.want(600-own, "PATCH", "/Users/"+id+"?dialect="+other, capital)
		c.with("SCIM-Dialect", other).want(600-own, "PATCH", "/Users/"+id, capital)
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/internal/cli/clitest"
	"github.com/ilumy/usersync/internal/lab"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

// call runs a command in this process.
func call(t testing.TB, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return clitest.Call(t, newCommand(), args...)
}

// newToken makes a token on the command line.
func newToken(t testing.TB, db string, args ...string) string {
	t.Helper()
	status, stdout, stderr := call(t, append([]string{"token", "create", "-db", db}, args...)...)
	require.Equal(t, cli.StatusOK, status, stderr)
	return strings.TrimSpace(stdout)
}

// databases are what a server can keep its resources in: each call gives an empty one.
var databases = map[string]func(testing.TB) string{
	"SQLite":     func(t testing.TB) string { return filepath.Join(t.TempDir(), "scim.db") },
	"PostgreSQL": func(t testing.TB) string { return lab.PostgreSQL(t).URL },
}

// A program is the running command.
type program struct {
	t   testing.TB
	cmd *exec.Cmd
	// url is where it serves.
	url    string
	client *http.Client
	exited chan struct{}

	mu  sync.Mutex
	log []string
}

// start runs the command as a process of its own on a free port, and returns when it serves.
func start(t testing.TB, args ...string) *program {
	t.Helper()
	p := &program{t: t, exited: make(chan struct{}), client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	p.cmd = clitest.Command(context.Background(), append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	serving := make(chan string, 1)
	go p.read(stderr, serving)
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("the log of the server:\n%s", tail(p.logged()))
		}
	})
	select {
	case p.url = <-serving:
	case <-p.exited:
		t.Fatalf("the server ended while it was starting:\n%s", p.logged())
	case <-time.After(time.Minute):
		t.Fatalf("the server was not ready after a minute:\n%s", p.logged())
	}
	return p
}

// read keeps the log, and finds the address in it.
func (p *program) read(stderr io.Reader, serving chan<- string) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		p.log = append(p.log, lines.Text())
		p.mu.Unlock()
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			serving <- line.URL
		}
	}
	_ = p.cmd.Wait()
	close(p.exited)
}

func (p *program) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

func tail(log string) string {
	const most = 1500
	return log[max(0, len(log)-most):]
}

// kill ends the server as a crash would.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// terminate asks the server to end, waits until it has, and gives its status.
func (p *program) terminate() int {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		p.t.Fatal("the server did not end after SIGTERM")
	}
	return p.cmd.ProcessState.ExitCode()
}

// A session sends requests to a running server.
type session struct {
	t     testing.TB
	p     *program
	base  string
	token string
	// header is sent with each request.
	header http.Header
}

func (p *program) as(token string) *session {
	return &session{t: p.t, p: p, base: p.url + "/scim/v2", token: token, header: http.Header{}}
}

// in gives the session to another test.
func (c *session) in(t testing.TB) *session {
	d := *c
	d.t, d.header = t, c.header.Clone()
	return &d
}

// with gives a session that sends a header too; an empty value leaves it out.
func (c *session) with(name, value string) *session {
	d := c.in(c.t)
	d.header.Set(name, value)
	return d
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// send sends a request; an error is one of the connection.
func (c *session) send(method, path, body string) (*answer, error) {
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, c.base+path, r)
	if err != nil {
		return nil, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for name, values := range c.header {
		if req.Header[name] = values; values[0] == "" {
			req.Header.Del(name)
		}
	}
	res, err := c.p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{status: res.StatusCode, header: res.Header, text: string(b)}
	if len(b) > 0 && strings.HasSuffix(res.Header.Get("Content-Type"), "json") {
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&a.body); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (c *session) do(method, path, body string) *answer {
	c.t.Helper()
	a, err := c.send(method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// want sends a request and checks the status of the answer. A PATCH of a group that shall be answered with 204 may be
// answered with the group too, as is right for small groups; testGroups says when.
func (c *session) want(status int, method, path, body string) *answer {
	c.t.Helper()
	a := c.do(method, path, body)
	if a.status == 200 && status == 204 && method == "PATCH" && strings.HasPrefix(path, "/Groups/") && a.id() != "" {
		status = 200
	}
	if a.status != status {
		c.t.Errorf("%s %s\n%s\ngot %d, want %d: %s", method, path, body, a.status, status, a.text)
	}
	return a
}

// get gives a value by its path: "name.familyName", "emails.0.value". What is not there is nil.
func (a *answer) get(path string) any {
	var v any = a.body
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			v = nil
			if len(name) == 1 && name[0] >= '0' && int(name[0]-'0') < len(x) {
				v = x[name[0]-'0']
			}
		default:
			return nil
		}
	}
	return v
}

// str is get for strings and numbers.
func (a *answer) str(path string) string {
	switch v := a.get(path).(type) {
	case string:
		return v
	case json.Number:
		return string(v)
	}
	return ""
}

func (a *answer) id() string { return a.str("id") }

const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// user makes the JSON of a User; more is put into it, as `"active":true`.
func user(userName string, more ...string) string {
	return object(append([]string{`"schemas":["` + userURN + `"]`, `"userName":"` + userName + `"`}, more...))
}

func group(displayName string, more ...string) string {
	return object(append([]string{`"schemas":["` + groupURN + `"]`, `"displayName":"` + displayName + `"`}, more...))
}

func patch(operations ...string) string {
	return `{"schemas":["` + patchURN + `"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

func object(members []string) string { return "{" + strings.Join(members, ",") + "}" }

// members makes the JSON of a group's members.
func members(ids ...string) string {
	values := make([]string, len(ids))
	for i, id := range ids {
		values[i] = `{"value":"` + id + `"}`
	}
	return "[" + strings.Join(values, ",") + "]"
}

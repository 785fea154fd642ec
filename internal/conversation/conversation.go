// Package conversation sends the requests of a file to a handler, and compares the answers with a golden file: for tests with
// what identity providers really send, from the first probe on.
package conversation

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
)

// A request of a conversation. Its answer's id is known as name from then on, as {name}.
type request struct{ title, name, method, path, head, body string }

// read reads requests: "### title -> name", the request line, headers, an empty line and the body.
func read(t *testing.T, path string) []request {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	var list []request
	for part := range strings.SplitSeq("\n"+string(b), "\n### ") {
		title, rest, _ := strings.Cut(part, "\n")
		if strings.TrimSpace(title) == "" {
			continue
		}
		var r request
		r.title, r.name, _ = strings.Cut(title, " -> ")
		head, body, _ := strings.Cut(rest, "\n\n")
		line, headers, _ := strings.Cut(head, "\n")
		r.method, r.path, _ = strings.Cut(line, " ")
		r.head, r.body = headers, strings.TrimSpace(body)
		list = append(list, r)
	}
	return list
}

var times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// A Log notes what a server tolerates. It is not safe for concurrent use.
type Log struct{ lines []string }

// Tolerated notes a deviation of the request that is being answered.
func (l *Log) Tolerated(d scim.Deviation) {
	l.lines = append(l.lines, fmt.Sprintf("tolerated: %s: %s\n", d.Path, d.Kind))
}

// Test has the conversation in a file, "x.http", with a handler that tells a Log what it tolerates, and compares it with
// "x.golden", or writes that anew.
func Test(t *testing.T, file string, h http.Handler, l *Log, update bool) {
	t.Helper()
	ids := map[string]string{}
	var got strings.Builder
	for _, r := range read(t, file) {
		path, body := r.path, r.body
		for name, id := range ids {
			path, body = strings.ReplaceAll(path, "{"+name+"}", id), strings.ReplaceAll(body, "{"+name+"}", id)
		}
		l.lines = nil
		req := httptest.NewRequest(r.method, path, strings.NewReader(body))
		for line := range strings.SplitSeq(r.head, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				req.Header.Add(name, value)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if r.name != "" {
			o, err := scim.DecodeObject(w.Body.Bytes(), nil)
			require.NoError(t, err)
			ids[r.name] = o.GetString("id")
		}
		fmt.Fprintf(&got, "### %s\n%s %s\n%s\n%d %s\n", r.title, r.method, r.path, r.body, w.Code, http.StatusText(w.Code))
		slices.Sort(l.lines)
		got.WriteString(strings.Join(slices.Compact(l.lines), ""))
		for _, name := range []string{"Location", "Etag", "Content-Type", "Allow"} {
			if v := w.Header().Get(name); v != "" {
				fmt.Fprintf(&got, "%s: %s\n", name, v)
			}
		}
		fmt.Fprintf(&got, "%s\n\n", w.Body)
	}
	text := got.String()
	for name, id := range ids {
		if id != "" {
			text = strings.ReplaceAll(text, id, "{"+name+"}")
		}
	}
	text = times.ReplaceAllString(text, "{time}")
	golden := strings.TrimSuffix(file, ".http") + ".golden"
	if update {
		require.NoError(t, os.WriteFile(golden, []byte(text), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

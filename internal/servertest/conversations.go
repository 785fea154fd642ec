package servertest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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

// Conversations sends what identity providers really send, from the first probe on: the requests of each file testdata/*.http,
// to a handler that open makes for it, and that tells tolerated what it tolerates. It compares the answers, and what was
// tolerated, with *.golden, or writes those anew.
func Conversations(t *testing.T, update bool, open func(t *testing.T, tolerated func(context.Context, scim.Deviation)) http.Handler) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.http")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			var tolerated []string
			h := open(t, func(_ context.Context, d scim.Deviation) {
				tolerated = append(tolerated, fmt.Sprintf("tolerated: %s: %s\n", d.Path, d.Kind))
			})
			converse(t, file, h, &tolerated, update)
		})
	}
}

func converse(t *testing.T, file string, h http.Handler, tolerated *[]string, update bool) {
	t.Helper()
	ids := map[string]string{}
	var got strings.Builder
	for _, r := range read(t, file) {
		path, body := r.path, r.body
		for name, id := range ids {
			path, body = strings.ReplaceAll(path, "{"+name+"}", id), strings.ReplaceAll(body, "{"+name+"}", id)
		}
		*tolerated = nil
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
		slices.Sort(*tolerated)
		got.WriteString(strings.Join(slices.Compact(*tolerated), ""))
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

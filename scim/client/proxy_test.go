package client_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning/sinktest"
)

// through starts a proxy before a service provider, in which handle may answer instead of it, and gives its address.
func through(t *testing.T, target string, handle func(w http.ResponseWriter, r *http.Request, next http.Handler)) string {
	t.Helper()
	u, err := url.Parse(target)
	require.NoError(t, err)
	next := httputil.NewSingleHostReverseProxy(u)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, next) }))
	t.Cleanup(s.Close)
	return s.URL
}

// cutAfter breaks the connection of every request after the nth.
func cutAfter(t *testing.T, target string, n int) string {
	var seen atomic.Int64
	return through(t, target, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if seen.Add(1) > int64(n) {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

// faulty lets writes fail as the kit wants.
func faulty(t *testing.T, target string, fault func() sinktest.Fault) string {
	return through(t, target, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		what := sinktest.Pass
		if r.Method != http.MethodGet {
			what = fault()
		}
		switch what {
		case sinktest.Refuse:
			w.WriteHeader(http.StatusServiceUnavailable)
		case sinktest.Lose:
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

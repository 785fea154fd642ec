package plektest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ilumy/usersync/scim"
)

// A Fault is what becomes of a request, instead of what it asks for.
type Fault struct {
	// Done says that the request is carried out, and that only its answer is another.
	Done bool
	// Reset breaks the connection instead of answering.
	Reset bool
	// Delay is how long the answer takes; the request is carried out before, if it is at all.
	Delay time.Duration
	// Status is the status of the answer; 0 is the true one.
	Status int
	// RetryAfter is how long the client is asked to wait.
	RetryAfter time.Duration
	// HTML answers with a page for people, as a proxy does.
	HTML bool
}

// SetFault has f asked about every SCIM request from now on; nil ends that. It is called
// by the goroutine of the request.
func (s *Server) SetFault(f func(*http.Request) *Fault) {
	if f == nil {
		f = func(*http.Request) *Fault { return nil }
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	counted := &recorder{ResponseWriter: w, status: http.StatusOK}
	defer func() { s.count(r, counted.status) }()
	if s.options.Latency > 0 {
		sleep(r, s.options.Latency)
	}
	if r.URL.Path == s.options.TokenPath {
		s.token(counted, r)
		return
	}
	if s.limiter != nil && !s.limiter.Allow() {
		refuse(counted, http.StatusTooManyRequests, "", "too many requests", time.Second)
		return
	}
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	f := fault(r)
	if f == nil {
		s.answer(counted, r)
		return
	}
	if f.Done {
		s.answer(&recorder{ResponseWriter: nowhere{}}, r)
	}
	if f.Delay > 0 {
		sleep(r, f.Delay)
	}
	switch {
	case f.Reset:
		counted.status = 0
		panic(http.ErrAbortHandler) // it makes net/http break the connection
	case f.HTML:
		counted.Header().Set("Content-Type", "text/html; charset=utf-8")
		counted.WriteHeader(otherwise(f.Status, http.StatusOK))
		_, _ = io.WriteString(counted, "<!DOCTYPE html><html><head><title>Sign in</title></head></html>")
	case f.Status != 0:
		refuse(counted, f.Status, "", "this request was made to fail", f.RetryAfter)
	case !f.Done:
		s.answer(counted, r)
	}
}

func sleep(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
	case <-timer.C:
	}
}

// valuePath is what Plek names as values that it cannot process.
var valuePath = regexp.MustCompile(`(?i)\[\s*type\s+eq\s`)

// answer has the SCIM service answer what Plek's rules about the form of requests allow.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if valuePath.MatchString(r.URL.Query().Get("filter")) {
		refuse(w, http.StatusBadRequest, "invalidFilter", `attributes with [type eq "..."] cannot be processed`, 0)
		return
	}
	if r.Body != nil && (r.Method == http.MethodPost || r.Method == http.MethodPatch || r.Method == http.MethodPut) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, "", "the body is too large", 0)
			return
		}
		if hasValuePath(body) {
			refuse(w, http.StatusBadRequest, "invalidPath", `attributes with [type eq "..."] cannot be processed`, 0)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if r.Method == http.MethodDelete && !s.options.AllowDelete {
		refuse(w, http.StatusNotImplemented, "", "users are deactivated, not removed", 0)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// hasValuePath looks for value paths among the names and paths of a body.
func hasValuePath(body []byte) bool {
	if !valuePath.Match(bytes.ReplaceAll(body, []byte(`\"`), []byte(`"`))) {
		return false
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return false
	}
	var visit func(v any) bool
	visit = func(v any) bool {
		switch v := v.(type) {
		case map[string]any:
			for name, e := range v {
				path, _ := e.(string)
				if valuePath.MatchString(name) || name == "path" && valuePath.MatchString(path) || visit(e) {
					return true
				}
			}
		case []any:
			for _, e := range v {
				if visit(e) {
					return true
				}
			}
		}
		return false
	}
	return visit(v)
}

func refuse(w http.ResponseWriter, status int, scimType, detail string, after time.Duration) {
	w.Header().Set("Content-Type", "application/scim+json")
	if after > 0 {
		w.Header().Set("Retry-After", strconv.FormatFloat(after.Seconds(), 'f', -1, 64))
	}
	w.WriteHeader(status)
	_, _ = w.Write((&scim.Error{Status: status, Type: scimType, Detail: detail}).AppendJSON(nil))
}

func (s *Server) count(r *http.Request, status int) {
	path := strings.TrimPrefix(r.URL.Path, s.options.BasePath)
	if first, id, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok && id != "" && r.URL.Path != s.options.TokenPath {
		path = "/" + first + "/{id}"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[r.Method+" "+path+" "+strconv.Itoa(status)]++
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] through.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// nowhere takes an answer that gets lost.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}

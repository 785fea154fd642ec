package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/scim1"
)

// checkSCIM1 refuses a path for SCIM 1.1 that cannot be told from that of 2.0.
func (s *settings) checkSCIM1() error {
	s.scim1 = strings.TrimSuffix(s.scim1, "/")
	switch {
	case s.scim1 == "":
		return nil
	case s.scim1[0] != '/':
		return cli.Usagef("-scim1: %q does not begin with a slash", s.scim1)
	case s.scim1 == strings.TrimSuffix(s.base, "/"):
		return cli.Usagef("-scim1 and -base: %q cannot be the path of both versions", s.scim1)
	}
	return nil
}

// withSCIM1 puts SCIM 1.1 below its own path, if it has one, next to 2.0.
func (s *settings) withSCIM1(two http.Handler, behind *server.Handler) (http.Handler, error) {
	if s.scim1 == "" {
		return two, nil
	}
	one, err := scim1.New(behind, &scim1.Options{Base: s.scim1})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.isSCIM1(r) {
			one.ServeHTTP(w, r)
			return
		}
		two.ServeHTTP(w, r)
	}), nil
}

// isSCIM1 reports whether a request is below the path of SCIM 1.1.
func (s *settings) isSCIM1(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, s.scim1)
	return ok && s.scim1 != "" && (rest == "" || rest[0] == '/')
}

// public is the URL in front of the endpoints of a request, where -public-url says it.
func (s *settings) public(r *http.Request) string {
	if s.isSCIM1(r) {
		return s.publicSCIM1()
	}
	return s.publicURL
}

// publicSCIM1 is the URL in front of the endpoints of 1.1: -public-url with -scim1 where it has -base, or below its host.
func (s *settings) publicSCIM1() string {
	base := strings.TrimSuffix(s.base, "/")
	if outer, ok := strings.CutSuffix(strings.TrimSuffix(s.publicURL, "/"), base); ok && base != "" {
		return outer + s.scim1
	}
	u, err := url.Parse(s.publicURL)
	if err != nil {
		return s.publicURL
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String() + s.scim1
}

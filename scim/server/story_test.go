package server_test

import (
	"strings"
	"testing"

	"github.com/ilumy/usersync/scim/server"
)

const scimType, jsonType = "Content-Type: application/scim+json", "Content-Type: application/json"

// A story is what is asked of a service that has two users, bjensen and other, and a group with the second, one step after the
// other.
type story struct {
	name  string
	steps []step
}

type step struct {
	request  string // method and path; {user}, {other} and {group} stand for ids
	body     string
	header   string // "Name: value", several with a newline between
	status   int
	contains string
	lacks    string
}

// play has each story told to a service of its own.
func play(t *testing.T, stories []story, o *server.Options) {
	t.Helper()
	for _, tt := range stories {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, o)
			user, other := s.user("bjensen"), s.user("other")
			ids := strings.NewReplacer("{user}", user, "{other}", other, "{group}", s.group("Guides", other))
			for _, step := range tt.steps {
				method, path, _ := strings.Cut(ids.Replace(step.request), " ")
				var headers []string
				if step.header != "" {
					headers = strings.Split(ids.Replace(step.header), "\n")
				}
				// azure-docs 104859: do checks that every answer is application/scim+json.
				a := s.do(method, path, ids.Replace(step.body), headers...)
				if a.status != step.status || !strings.Contains(a.text, ids.Replace(step.contains)) || step.lacks != "" && strings.Contains(a.text, ids.Replace(step.lacks)) {
					t.Errorf("%s: got %d %s; want %d with %q and without %q", step.request, a.status, a.text, step.status, step.contains, step.lacks)
				}
			}
		})
	}
}

package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ilumy/usersync/scim/server"
)

// A PATCH of a group is answered with the group, unless that is large or Entra ID asks, which wants 204 (RFC 7644 section
// 3.5.2 allows either).
func TestGroupAnswers(t *testing.T) {
	const add, capital = `{"op":"add","path":"members","value":[{"value":"new"}]}`, `{"op":"Add","path":"members","value":[{"value":"new"}]}`
	ids := make([]string, 101)
	for i := range ids {
		ids[i] = fmt.Sprint("m", i)
	}
	tests := []struct {
		name     string
		members  int
		query    string
		ops      []string
		tolerant int
		strict   int
	}{
		{"one more", 2, "", []string{add}, 200, 200},
		{"the hundredth", 99, "", []string{add}, 200, 200},
		{"one more than a hundred", 100, "", []string{add}, 204, 204},
		{"one less", 101, "", []string{`{"op":"remove","path":"members[value eq \"m7\"]"}`}, 200, 200},
		{"nothing changes in a large group", 101, "", []string{`{"op":"add","path":"members","value":[{"value":"m1"}]}`}, 204, 204},
		{"nothing changes in a small one", 3, "", []string{`{"op":"add","path":"members","value":[{"value":"m1"}]}`}, 200, 200},
		{"by a filter that members are looked at for", 101, "", []string{`{"op":"replace","path":"displayName","value":"x"}`, `{"op":"remove","path":"members[value sw \"x\" or value eq \"m2\" or value eq \"m3\"]"}`}, 200, 200},
		{"attributes of a large one", 101, "?attributes=members", []string{add}, 200, 200},
		{"without members", 101, "?excludedAttributes=members", []string{add}, 200, 200},
		{"Entra ID", 2, "", []string{capital}, 204, 200},
		{"Entra ID, no capital but the first", 2, "", []string{`{"op":"Replace","path":"displayName","value":"x"}`, add}, 204, 200},
		{"Entra ID with its flag", 2, "?aadOptscim062020", []string{add}, 204, 204},
		{"Entra ID with its flag and a value", 2, "?aadOptscim062020=true", []string{add}, 204, 204},
	}
	for _, tt := range tests {
		for dialect, o := range map[string]*server.Options{"tolerant": nil, "strict": {Dialect: server.AlwaysStrict}} {
			t.Run(tt.name+"/"+dialect, func(t *testing.T) {
				s := newService(t, nil)
				path := "/Groups/" + s.group("g", ids[:tt.members]...)
				want := tt.tolerant
				if o != nil {
					h, err := server.New(types(), server.One(s.store), server.InsecureAnyone, o)
					if err != nil {
						t.Fatal(err)
					}
					s.Handler, want = h, tt.strict
				}
				a := s.do("PATCH", path+tt.query, patchBody(tt.ops...), "Content-Type: application/scim+json")
				if a.status != want || a.header.Get("ETag") == "" || a.header.Get("Location") == "" {
					t.Fatalf("got %d %v %.200s, want %d", a.status, a.header, a.text, want)
				}
				if want == 204 {
					if a.text != "" {
						t.Errorf("204 with a body: %.200s", a.text)
					}
					return
				}
				whole := s.do("GET", path+tt.query, "")
				if a.text != whole.text {
					t.Errorf("the answer\n%.300s\nis not what is there\n%.300s", a.text, whole.text)
				}
				if strings.Contains(tt.query, "excluded") == strings.Contains(a.text, `"members"`) {
					t.Errorf("members: %.200s", a.text)
				}
			})
		}
	}
}

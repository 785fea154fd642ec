package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/server"
)

// eventLog keeps what it is told, by tenant.
type eventLog struct {
	mu     sync.Mutex
	tokens []*event.Token
	tenant []string
	put    func(context.Context) error
}

func (l *eventLog) Put(ctx context.Context, tenant string, t *event.Token) error {
	if l.put != nil {
		if err := l.put(ctx); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens, l.tenant = append(l.tokens, t), append(l.tenant, tenant)
	return nil
}

func (l *eventLog) Sign(tenant string, t *event.Token) (string, error) {
	c := *t
	c.ID, c.Issuer, c.IssuedAt = "jti", "https://scim.example.com", time.Unix(1458496404, 0)
	return event.NewInsecureSigner().Sign(&c)
}

func (l *eventLog) all() []*event.Token {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*event.Token(nil), l.tokens...)
}

// take gives what was told since the last time: "uri type: attributes or data", with ids by their names.
func (l *eventLog) take(t *testing.T, names map[string]string) (list []string) {
	t.Helper()
	l.mu.Lock()
	tokens := l.tokens
	l.tokens, l.tenant = nil, nil
	l.mu.Unlock()
	for _, token := range tokens {
		var line []string
		for _, e := range token.Events {
			s := strings.TrimPrefix(string(e.Type), "urn:ietf:params:scim:event:")
			switch {
			case e.Attributes != nil:
				s += " " + strings.Join(e.Attributes, ",")
			case e.Data != nil:
				b, err := e.Data.AppendJSON(nil)
				require.NoError(t, err)
				s += " " + string(b)
			case e.Response != nil:
				s += fmt.Sprintf(" %s %s %d", e.Response.Method, e.Response.BulkID, e.Response.Status)
			}
			line = append(line, s)
		}
		s := token.Subject.URI + " " + strings.Join(line, " + ")
		for id, name := range names {
			s = strings.ReplaceAll(s, id, name)
		}
		if token.Txn == "" || token.Time.IsZero() {
			t.Errorf("%s: there is no txn or toe", s)
		}
		list = append(list, s)
	}
	return list
}

// listening is a service whose events go into a log.
func listening(t *testing.T, e *server.Events, o server.Options) (*service, *eventLog) {
	t.Helper()
	log := &eventLog{}
	if e.Sink == nil {
		e.Sink = log
	}
	o.Events = e
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return newService(t, &o), log
}

// keepSecret keeps a password as it is, which is for this test only.
func keepSecret(_ context.Context, _ *scim.Attribute, v any) (any, error) { return v, nil }

// told is a request and the events that tell of it.
type told struct {
	name, method, path, body string
	notice, full             []string
}

const patchSchema = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`

// TestEvents sends requests, and looks at what is told of each, in notices and in full.
func TestEvents(t *testing.T) {
	user := func(more string) string {
		return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","externalId":"x"` + more + `}`
	}
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	steps := []told{
		{"nothing", "PATCH", "/Users/A", patchBody(`{"op":"replace","path":"userName","value":"a"}`), nil, nil},
		{"an attribute", "PATCH", "/Users/A", patchBody(`{"op":"add","path":"title","value":"Dr"}`),
			[]string{"/Users/A prov:patch:notice title"}, []string{`/Users/A prov:patch:full ` + patchSchema + `[{"op":"add","path":"title","value":"Dr"}]}`}},
		{"attributes below others", "PATCH", "/Users/A", patchBody(`{"op":"add","value":{"name":{"familyName":"F"},"` + enterprise + `":{"department":"D"},"emails":[{"type":"work","value":"a@example.com"}]}}`),
			[]string{"/Users/A prov:patch:notice name,emails," + enterprise + ":department"},
			[]string{`/Users/A prov:patch:full ` + patchSchema + `[{"op":"add","path":"name","value":{"familyName":"F"}},{"op":"add","path":"emails","value":[{"type":"work","value":"a@example.com"}]},{"op":"add","path":"` + enterprise + `:department","value":"D"}]}`}},
		{"one below a name that is there", "PATCH", "/Users/A", patchBody(`{"op":"add","path":"name.givenName","value":"G"}`),
			[]string{"/Users/A prov:patch:notice name.givenName"}, []string{`/Users/A prov:patch:full ` + patchSchema + `[{"op":"add","path":"name.givenName","value":"G"}]}`}},
		{"a password alone", "PATCH", "/Users/A", patchBody(`{"op":"add","path":"password","value":"hunter2"}`),
			[]string{"/Users/A prov:patch:notice password"}, []string{"/Users/A prov:patch:notice password"}},
		{"a password and more", "PATCH", "/Users/A", patchBody(`{"op":"add","path":"password","value":"hunter3"},{"op":"add","path":"title","value":"Prof"}`),
			[]string{"/Users/A prov:patch:notice title,password"}, []string{`/Users/A prov:patch:full ` + patchSchema + `[{"op":"replace","path":"title","value":"Prof"}]}`}},
		{"off", "PATCH", "/Users/A", patchBody(`{"op":"Replace","path":"active","value":"False"}`), []string{"/Users/A prov:deactivate"}, []string{"/Users/A prov:deactivate"}},
		{"on, and more", "PATCH", "/Users/A", patchBody(`{"op":"replace","value":{"active":true,"title":"Dr"}}`),
			[]string{"/Users/A prov:patch:notice title,active + prov:activate"},
			[]string{`/Users/A prov:patch:full ` + patchSchema + `[{"op":"replace","path":"title","value":"Dr"},{"op":"replace","path":"active","value":true}]} + prov:activate`}},
		{"a whole user", "PUT", "/Users/A", user(`,"active":false,"password":"hunter4"`),
			[]string{"/Users/A prov:put:notice name,title,active,password,emails," + enterprise + ":department + prov:deactivate"},
			[]string{`/Users/A prov:put:full {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","externalId":"x","active":false,"id":"A","meta":META} + prov:deactivate`}},
		{"the same user again", "PUT", "/Users/A", user(`,"active":false,"password":"hunter4"`), nil, nil},
		{"a user that is refused", "PUT", "/Users/A", `{"userName":""}`, nil, nil},
		{"a member", "PATCH", "/Groups/G", patchBody(`{"op":"add","path":"members","value":[{"value":"A"}]}`),
			[]string{"/Groups/G prov:patch:notice members"}, []string{`/Groups/G prov:patch:full ` + patchSchema + `[{"op":"add","path":"members","value":[{"value":"A"}]}]}`}},
		{"the same member", "PATCH", "/Groups/G", patchBody(`{"op":"add","path":"members","value":[{"value":"A"}]}`), nil, nil},
		{"a member goes and the name changes", "PATCH", "/Groups/G", patchBody(`{"op":"remove","path":"members[value eq \"A\"]"},{"op":"replace","path":"displayName","value":"h"}`),
			[]string{"/Groups/G prov:patch:notice displayName,members"},
			[]string{`/Groups/G prov:patch:full ` + patchSchema + `[{"op":"replace","path":"displayName","value":"h"},{"op":"remove","path":"members[value eq \"A\"]"}]}`}},
		{"all members", "PATCH", "/Groups/G", patchBody(`{"op":"replace","path":"members","value":[{"value":"A"}]}`),
			[]string{"/Groups/G prov:patch:notice members"}, []string{`/Groups/G prov:patch:full ` + patchSchema + `[{"op":"replace","path":"members","value":[{"value":"A"}]}]}`}},
		{"delete", "DELETE", "/Users/A", "", []string{"/Users/A prov:delete"}, []string{"/Users/A prov:delete"}},
		{"delete again", "DELETE", "/Users/A", "", nil, nil},
		{"bulk", "POST", "/Bulk", bulkBody(0, postUser("u", "b"), `{"method":"PATCH","path":"/Groups/G","data":`+patchBody(`{"op":"add","path":"members","value":[{"value":"bulkId:u"}]}`)+`}`, `{"method":"DELETE","path":"/Users/nobody"}`),
			[]string{"/Users/B prov:create:notice id,userName", "/Groups/G prov:patch:notice members"}, nil},
		{"a search", "POST", "/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`, nil, nil},
	}
	for _, full := range []bool{false, true} {
		t.Run(fmt.Sprintf("full %v", full), func(t *testing.T) {
			s, log := listening(t, &server.Events{Full: full}, server.Options{Secret: keepSecret, BaseURL: func(*http.Request) string { return "https://scim.example.com" }})
			a := s.create("/Users", user(`,"password":"hunter1"`))
			want := []string{"/Users/A prov:create:notice id,externalId,userName,password"}
			if full {
				want = []string{`/Users/A prov:create:full {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","externalId":"x","id":"A","meta":META}`}
			}
			names := map[string]string{a: "A"}
			check := func(name string, want []string) {
				t.Helper()
				got := log.take(t, names)
				for i := range got {
					got[i] = withoutMeta(got[i])
					if strings.Contains(got[i], "hunter") {
						t.Errorf("%s: a password is in an event: %s", name, got[i])
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			check("create", want)
			g := s.group("g")
			names[g] = "G"
			log.take(t, names)
			for _, st := range steps {
				path, body := strings.NewReplacer("/Users/A", "/Users/"+a, "/Groups/G", "/Groups/"+g).Replace(st.path), strings.NewReplacer(`"A"`, `"`+a+`"`, `\"A\"`, `\"`+a+`\"`, "/Groups/G", "/Groups/"+g).Replace(st.body)
				answer := s.do(st.method, path, body)
				if st.name == "bulk" {
					_, ids := outcomes(t, answer)
					names[ids["u"]] = "B"
				}
				switch {
				case !full:
					check(st.name, st.notice)
				case st.name == "bulk":
					log.take(t, names)
				default:
					check(st.name, st.full)
				}
			}
		})
	}
}

// withoutMeta takes the times and versions out of data.
func withoutMeta(s string) string {
	i := strings.Index(s, `"meta":{`)
	if i < 0 {
		return s
	}
	end := i + strings.IndexByte(s[i:], '}')
	if !strings.Contains(s[i:end], `"location":"https://scim.example.com/Users/`) || !strings.Contains(s[i:end], `"version":`) {
		return s
	}
	return s[:i] + `"meta":META` + s[end+1:]
}

// TestEventsCarry looks at what else is in a token: the version, the externalId, the transaction.
func TestEventsCarry(t *testing.T) {
	s, log := listening(t, &server.Events{}, server.Options{})
	id := s.create("/Users", `{"userName":"a","externalId":"x"}`)
	s.do("PATCH", "/Users/"+id, patchBody(`{"op":"add","path":"title","value":"Dr"}`))
	s.do("POST", "/Bulk", bulkBody(0, postUser("u", "b"), postUser("v", "c")))
	s.do("DELETE", "/Users/"+id, "")
	tokens := log.all()
	require.Len(t, tokens, 5)
	for i, want := range []string{`W/"1"`, `W/"2"`, `W/"1"`, `W/"1"`, ``} {
		if got := tokens[i].Events[0].Version; got != want {
			t.Errorf("event %d has the version %s, want %s", i, got, want)
		}
	}
	for _, i := range []int{0, 1, 4} {
		if s := tokens[i].Subject; s.ExternalID != "x" || s.URI != "/Users/"+id {
			t.Errorf("event %d is about %+v", i, s)
		}
	}
	first, ok := strings.CutSuffix(tokens[2].Txn, ":0")
	if !ok || tokens[3].Txn != first+":1" || tokens[0].Txn == tokens[1].Txn {
		t.Errorf("transactions: %s, %s, then of one bulk request %s, %s", tokens[0].Txn, tokens[1].Txn, tokens[2].Txn, tokens[3].Txn)
	}
}

package server_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/storetest"
)

// TestGatewayIsAStore runs the whole kit through a Gateway to a sink that takes all.
func TestGatewayIsAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) server.Store {
		g, err := server.NewGateway(memstore.New(nil), memory.New(nil), nil)
		require.NoError(t, err)
		return g.Store()
	})
}

// sinkState tells what a sink has: "userName disabled: attributes" of users, "name: members" of groups.
func sinkState(t *testing.T, sink provisioning.Source) map[string]string {
	t.Helper()
	state, names := map[string]string{}, map[provisioning.ID]string{}
	for r, err := range sink.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
		name := r.Attributes.Get("userName")
		names[r.ID] = name
		line := []string{strings.Join(r.Attributes["title"], ","), strings.Join(r.Attributes[`emails[type eq "work"].value`], ",")}
		if r.Disabled {
			line = append(line, "disabled")
		}
		state[name] = strings.Join(line, " ")
	}
	for r, err := range sink.Records(t.Context(), provisioning.Group) {
		require.NoError(t, err)
		var members []string
		for _, m := range r.Refs["members"] {
			members = append(members, names[m.ID])
		}
		state["group "+r.Attributes.Get("displayName")] = strings.Join(members, ",")
	}
	return state
}

func newGateway(t *testing.T, sink provisioning.Sink, o *server.GatewayOptions) *service {
	t.Helper()
	g, err := server.NewGateway(memstore.New(nil), sink, o)
	require.NoError(t, err)
	h, err := server.New(types(), server.One(g.Store()), server.InsecureAnyone, &server.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return &service{t: t, Handler: h}
}

func TestGateway(t *testing.T) {
	for name, sink := range map[string]interface {
		provisioning.Sink
	}{"with every capability": memory.New(nil), "with none": memory.New(nil).Bare()} {
		t.Run(name, func(t *testing.T) {
			s := newGateway(t, sink, nil)
			id := s.create("/Users", userBody("anna", `,"title":"Guide","emails":[{"value":"anna@example.com","type":"work"}]`))
			bob := s.user("bob")
			g := s.group("Guides", id)
			steps := []struct {
				name, method, path, body string
				status                   int
				want                     map[string]string
			}{
				{"created", "GET", "/Users", "", 200, map[string]string{"anna": "Guide anna@example.com", "bob": " bob@example.com", "group Guides": "anna"}},
				{"patch", "PATCH", "/Users/" + id, patchBody(`{"op":"replace","path":"title","value":"Boss"}`), 200, map[string]string{"anna": "Boss anna@example.com", "bob": " bob@example.com", "group Guides": "anna"}},
				{"clear", "PATCH", "/Users/" + id, patchBody(`{"op":"remove","path":"title"}`), 200, map[string]string{"anna": " anna@example.com", "bob": " bob@example.com", "group Guides": "anna"}},
				{"add a member", "PATCH", "/Groups/" + g, patchBody(`{"op":"add","path":"members","value":[{"value":"` + bob + `"}]}`), 200, map[string]string{"anna": " anna@example.com", "bob": " bob@example.com", "group Guides": "anna,bob"}},
				{"remove a member", "PATCH", "/Groups/" + g, patchBody(`{"op":"remove","path":"members[value eq \"` + id + `\"]"}`), 200, map[string]string{"anna": " anna@example.com", "bob": " bob@example.com", "group Guides": "bob"}},
				{"replace members", "PATCH", "/Groups/" + g, patchBody(`{"op":"replace","path":"members","value":[{"value":"` + id + `"}]}`), 200, map[string]string{"anna": " anna@example.com", "bob": " bob@example.com", "group Guides": "anna"}},
				{"deactivate", "PATCH", "/Users/" + id, patchBody(`{"op":"Replace","path":"active","value":"False"}`), 200, map[string]string{"anna": " anna@example.com disabled", "bob": " bob@example.com", "group Guides": "anna"}},
				{"reactivate by PUT", "PUT", "/Users/" + id, userBody("anna", `,"active":true,"title":"New"`), 200, map[string]string{"anna": "New ", "bob": " bob@example.com", "group Guides": "anna"}},
				{"delete a user", "DELETE", "/Users/" + bob, "", 204, map[string]string{"anna": "New ", "bob": " bob@example.com disabled", "group Guides": "anna"}},
				{"delete a group", "DELETE", "/Groups/" + g, "", 204, map[string]string{"anna": "New ", "bob": " bob@example.com disabled"}},
			}
			for _, step := range steps {
				if a := s.do(step.method, step.path, step.body); a.status != step.status {
					t.Errorf("%s: %d %s", step.name, a.status, a.text)
				}
				if diff := cmp.Diff(step.want, sinkState(t, sink)); diff != "" {
					t.Errorf("%s: the sink (-want +got):\n%s", step.name, diff)
				}
			}
		})
	}
}

// refusing is a sink whose writes fail.
type refusing struct {
	provisioning.Sink
	err error
}

func (r *refusing) Create(ctx context.Context, rec *provisioning.Record) (provisioning.ID, error) {
	if r.err != nil {
		return "", r.err
	}
	return r.Sink.Create(ctx, rec)
}

func (r *refusing) Update(ctx context.Context, c *provisioning.Change) error {
	if r.err != nil {
		return r.err
	}
	return r.Sink.Update(ctx, c)
}

func TestGatewaySinkRefuses(t *testing.T) {
	sink := &refusing{Sink: memory.New(nil).Bare()}
	var log bytes.Buffer
	s := newGateway(t, sink, &server.GatewayOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	id := s.user("anna")
	for _, tt := range []struct {
		err      error
		want     int
		scimType string
	}{
		{provisioning.ErrExists, 409, "uniqueness"}, {provisioning.ErrInvalid, 400, "invalidValue"},
		{&provisioning.RetryError{After: 7e9, Err: errors.New("slow down")}, 503, ""}, {provisioning.ErrConflict, 409, ""}, {errors.New("secret"), 500, ""},
	} {
		sink.err = tt.err
		log.Reset()
		for _, a := range []answer{
			s.do("POST", "/Users", userBody("bob", "")),
			s.do("PUT", "/Users/"+id, userBody("bob", "")),
			s.do("PATCH", "/Users/"+id, patchBody(`{"op":"replace","path":"title","value":"x"}`)),
		} {
			if a.status != tt.want || a.GetString("scimType") != tt.scimType || strings.Contains(a.text, "secret") {
				t.Errorf("%v: got %d %s", tt.err, a.status, a.text)
			}
			if tt.want == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "7" {
				t.Errorf("%v: Retry-After %q", tt.err, a.header.Get("Retry-After"))
			}
		}
		// Why the sink refused is not told to the identity provider, so it is in the log.
		if got, want := strings.Count(log.String(), "the target refused a change"), map[bool]int{true: 3}[tt.want < 500 || tt.want == 503]; got != want || want > 0 && !strings.Contains(log.String(), tt.err.Error()) {
			t.Errorf("%v: logged %d times, want %d:\n%s", tt.err, got, want, log.String())
		}
		if a := s.do("GET", "/Users", ""); !strings.Contains(a.text, `"totalResults":1`) || !strings.Contains(a.text, `"anna"`) {
			t.Errorf("%v: what the sink refused was kept: %s", tt.err, a.text)
		}
	}
	sink.err = nil
	if a := s.do("PUT", "/Users/"+id, userBody("bob", "")); a.status != 200 {
		t.Errorf("afterwards: %d %s", a.status, a.text)
	}
}

// mapper leaves out contractors, and calls the title "function".
type mapper struct{}

func (mapper) Map(src *provisioning.Record) (*provisioning.Record, error) {
	if src.Attributes.Get("userType") == "contractor" {
		return nil, provisioning.SkipRecord
	}
	r := &provisioning.Record{Kind: src.Kind, Disabled: src.Disabled, Attributes: provisioning.Attributes{}, Refs: src.Refs}
	for name, values := range src.Attributes {
		switch name {
		case "title":
			name = "function"
		case "userName", "displayName":
		default:
			continue
		}
		r.Attributes[name] = values
	}
	return r, nil
}

func TestGatewayMaps(t *testing.T) {
	sink := memory.New(nil)
	s := newGateway(t, sink, &server.GatewayOptions{Mapper: mapper{}, Delete: map[provisioning.Kind]bool{provisioning.User: true}})
	anna := s.create("/Users", userBody("anna", `,"title":"Guide"`))
	out := s.create("/Users", userBody("out", `,"userType":"contractor"`))
	s.group("Guides", anna, out)
	var got []string
	for r, err := range sink.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
		got = append(got, r.Attributes.Get("userName")+" "+r.Attributes.Get("function"))
		if string(r.ExternalID) != anna {
			t.Errorf("ExternalID %s, want %s", r.ExternalID, anna)
		}
	}
	if diff := cmp.Diff([]string{"anna Guide"}, got); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if got := sinkState(t, sink)["group Guides"]; got != "anna" {
		t.Errorf("members %q", got)
	}
	if a := s.do("GET", "/Users/"+out, ""); a.GetString("userName") != "out" {
		t.Errorf("who is out of scope is not kept: %s", a.text)
	}
	if a := s.do("PATCH", "/Users/"+out, patchBody(`{"op":"remove","path":"userType"}`)); a.status != 200 {
		t.Errorf("coming into scope: %d %s", a.status, a.text)
	}
	if a := s.do("DELETE", "/Users/"+anna, ""); a.status != 204 {
		t.Errorf("delete: %d %s", a.status, a.text)
	}
	if diff := cmp.Diff(map[string]string{"out": " ", "group Guides": ""}, sinkState(t, sink)); diff != "" {
		t.Errorf("the sink (-want +got):\n%s", diff)
	}
}

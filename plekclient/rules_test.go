package plekclient_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
)

func TestCanonicalKeepsTheRules(t *testing.T) {
	plain := &plekclient.Options{}
	for _, tt := range []struct {
		name    string
		options *plekclient.Options
		change  func(r *provisioning.Record)
		want    string // part of the error, or nothing
	}{
		{"good", plain, func(*provisioning.Record) {}, ""},
		{"value path", plain, func(r *provisioning.Record) { r.Attributes.Set(`emails[type eq "work"].value`, "x") }, `map to "emails"`},
		{"birthday", plain, func(r *provisioning.Record) { r.Attributes.Set("birthDate", "x") }, "dates"},
		{"birthday in Dutch", plain, func(r *provisioning.Record) { r.Attributes.Set("geboortedatum", "x") }, "dates"},
		{"start date in a text", plain, func(r *provisioning.Record) { r.Attributes.Set("title", "2026-01-31") }, "dates are not"},
		{"generalized time", plain, func(r *provisioning.Record) { r.Attributes.Set("title", "20260131120000.0Z") }, "dates are not"},
		{"a number is no date", plain, func(r *provisioning.Record) { r.Attributes.Set("employeeNumber", "20260131") }, ""},
		{"picture", plain, func(r *provisioning.Record) { r.Attributes.Set("photos", "https://example.com/x") }, "pictures"},
		{"no address", plain, func(r *provisioning.Record) { delete(r.Attributes, "emails") }, "an e-mail address"},
		{"empty address", plain, func(r *provisioning.Record) { r.Attributes.Set("emails", "") }, "an e-mail address"},
		{"two addresses", plain, func(r *provisioning.Record) { r.Attributes.Set("emails", "a@example.com", "b@example.com") }, "one e-mail address"},
		{"no first name", plain, func(r *provisioning.Record) { r.Attributes.Set("name.givenName") }, "a first name"},
		{"no last name", plain, func(r *provisioning.Record) { delete(r.Attributes, "name.familyName") }, "a last name"},
		{"leaver without address", plain, func(r *provisioning.Record) { r.Disabled = true; r.Attributes.Set("emails") }, ""},
		{"rights", plain, func(r *provisioning.Record) { r.Attributes.Set("roles", "Admin") }, "RoleAttribute"},
		{"rights allowed", &plekclient.Options{RoleAttribute: "roles"}, func(r *provisioning.Record) { r.Attributes.Set("roles", "Admin", "User") }, ""},
		{"unknown right", &plekclient.Options{RoleAttribute: "roles"}, func(r *provisioning.Record) { r.Attributes.Set("roles", "Root") }, "none of the rights"},
		{"unknown attribute", plain, func(r *provisioning.Record) { r.Attributes.Set("shoeSize", "44") }, "there are"},
		{"profile field", &plekclient.Options{ProfileFields: []string{"urn:example:plek:User:expertise"}}, func(r *provisioning.Record) { r.Attributes.Set("expertise", "Go") }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := *tt.options
			o.Token = "secret"
			c, err := plekclient.New("https://example.plek.co", &o)
			require.NoError(t, err)
			r := record(provisioning.User, 1)
			tt.change(r)
			given := r.Clone()
			_, err = c.Sink().Canonical(r)
			if tt.want == "" {
				if err != nil {
					t.Errorf("error %v", err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.Is(err, provisioning.ErrInvalid) {
				t.Errorf("error %v; want one of class ErrInvalid that says %q", err, tt.want)
			}
			if diff := cmp.Diff(given, r); diff != "" {
				t.Errorf("Canonical changed what it was given:\n%s", diff)
			}
		})
	}
}

func TestSinkKeepsTheRules(t *testing.T) {
	server := start(t, nil)
	sink := connect(t, server, nil)
	made := record(provisioning.User, 1)
	made.ExternalID = "key-1"
	id, err := sink.Create(t.Context(), made)
	require.NoError(t, err)
	before := server.Users()

	link := provisioning.Link{Kind: provisioning.User, Source: "key-1", Target: id}
	update := func(change func(r *provisioning.Record)) error {
		after := made.Clone()
		change(after)
		return sink.Update(t.Context(), &provisioning.Change{Op: provisioning.Update, Link: link, Before: made, After: after})
	}
	create := func(change func(r *provisioning.Record)) error {
		r := record(provisioning.User, 2)
		r.ExternalID = "key-2"
		change(r)
		_, err := sink.Create(t.Context(), r)
		return err
	}
	for _, tt := range []struct {
		name string
		do   func() error
		want error
	}{
		{"delete", func() error { return sink.Delete(t.Context(), provisioning.Ref{Kind: provisioning.User, ID: id}) }, plekclient.ErrRule},
		{"key changed", func() error { return update(func(r *provisioning.Record) { r.ExternalID = "key-9" }) }, plekclient.ErrRule},
		{"address cleared", func() error { return update(func(r *provisioning.Record) { r.Attributes.Set("emails") }) }, plekclient.ErrRule},
		{"no key", func() error { return create(func(r *provisioning.Record) { r.ExternalID = "" }) }, plekclient.ErrRule},
		{"no address", func() error { return create(func(r *provisioning.Record) { delete(r.Attributes, "emails") }) }, plekclient.ErrRule},
		{"address of another", func() error {
			return create(func(r *provisioning.Record) { r.Attributes.Set("emails", "person.1@example.com") })
		}, provisioning.ErrExists},
		{"key of another", func() error { return create(func(r *provisioning.Record) { r.ExternalID = "key-1" }) }, provisioning.ErrExists},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.do()
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want one that wraps %v", err, tt.want)
			}
			for _, secret := range []string{"person.1@", "person.2@", "Noor", "key-9", "secret"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("the error holds personal data or a secret: %v", err)
				}
			}
		})
	}
	if diff := cmp.Diff(before[0].Meta(), server.Users()[0].Meta()); diff != "" || len(server.Users()) != 1 {
		t.Errorf("refused writes changed something: %d users, %s", len(server.Users()), diff)
	}
}

// Keys that differ in case only are two people's.
func TestKeysAreExact(t *testing.T) {
	sink := connect(t, start(t, &plektest.Options{KeyAttribute: keyPath("employeeNumber")}), &plekclient.Options{KeyAttribute: "employeeNumber"})
	for n, key := range []provisioning.ID{"abc", "ABC"} {
		r := record(provisioning.User, n)
		r.ExternalID = key
		_, err := sink.Create(t.Context(), r)
		require.NoError(t, err)
	}
	var found []provisioning.ID
	for r, err := range sink.Find(t.Context(), provisioning.Lookup{Kind: provisioning.User, By: provisioning.ByExternalID, Values: []string{"ABC"}}) {
		require.NoError(t, err)
		found = append(found, r.ExternalID)
	}
	if diff := cmp.Diff([]provisioning.ID{"ABC"}, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMembershipsOutliveDeactivation(t *testing.T) {
	server := start(t, nil)
	sink := connect(t, server, nil)
	user, group := record(provisioning.User, 1), record(provisioning.Group, 1)
	user.ExternalID, group.ExternalID = "key-1", "group-1"
	id, err := sink.Create(t.Context(), user)
	require.NoError(t, err)
	groupID, err := sink.Create(t.Context(), group)
	require.NoError(t, err)
	require.NoError(t, sink.EditRefs(t.Context(), provisioning.Ref{Kind: provisioning.Group, ID: groupID}, "members", []provisioning.Ref{{Kind: provisioning.User, ID: id}}, nil))
	server.ResetCounts()
	for _, disabled := range []bool{true, false} {
		before := user.Clone()
		before.Disabled = !disabled
		require.NoError(t, sink.Update(t.Context(), &provisioning.Change{
			Op: provisioning.Deactivate, Link: provisioning.Link{Kind: provisioning.User, Source: "key-1", Target: id},
			Before: before, After: &provisioning.Record{Kind: provisioning.User, ExternalID: "key-1", Disabled: disabled},
		}))
		if n := len(server.Groups()[0].GetValues("members")); n != 1 {
			t.Errorf("disabled %t: the group has %d members, want 1", disabled, n)
		}
	}
	want := map[string]int{"PATCH /Users/{id} 200": 2}
	if diff := cmp.Diff(want, server.Counts()); diff != "" {
		t.Errorf("a deactivation is one request (-want +got):\n%s", diff)
	}
}

func TestAccess(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server *plektest.Options
		client *plekclient.Options
		want   string
	}{
		{"token", &plektest.Options{Tokens: []string{"a", "b"}}, &plekclient.Options{Token: "b"}, ""},
		{"wrong token", &plektest.Options{Tokens: []string{"a"}}, &plekclient.Options{Token: "hunter2"}, "check the token"},
		{"client credentials", &plektest.Options{ClientID: "id", ClientSecret: "hunter2"}, &plekclient.Options{ClientID: "id", ClientSecret: "hunter2"}, ""},
		{"wrong secret", &plektest.Options{ClientID: "id", ClientSecret: "x"}, &plekclient.Options{ClientID: "id", ClientSecret: "hunter2"}, "check client ID, client secret"},
		{"wrong token path", &plektest.Options{ClientID: "id", ClientSecret: "hunter2"}, &plekclient.Options{ClientID: "id", ClientSecret: "hunter2", TokenPath: "/token"}, "getting a token"},
		{"wrong base path", &plektest.Options{Tokens: []string{"a"}}, &plekclient.Options{Token: "a", BasePath: "/api"}, "check the base address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, tt.server)
			err := connect(t, s, tt.client).Ping(t.Context())
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Ping: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Ping: %v; want an error that says %q", err, tt.want)
			case err != nil && strings.Contains(err.Error(), "hunter2"):
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		options   *plekclient.Options
		want      string
	}{
		{"no URL", "example.plek.co", nil, "must be a URL"},
		{"two paths", "https://example.plek.co/x", &plekclient.Options{BasePath: "/y"}, "one of the two"},
		{"half credentials", "https://example.plek.co", &plekclient.Options{ClientID: "x"}, "one of the two is missing"},
		{"two kinds of credentials", "https://example.plek.co", &plekclient.Options{Token: "x", ClientID: "x", ClientSecret: "x"}, "not several"},
		{"unknown key", "https://example.plek.co", &plekclient.Options{KeyAttribute: "objectGUID"}, "KeyAttribute"},
		{"token of two lines", "https://example.plek.co", &plekclient.Options{Token: "hunter2\nhunter2"}, "Token has a line break"},
		{"bad field", "https://example.plek.co", &plekclient.Options{ProfileFields: []string{"expertise"}}, "URN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := plekclient.New(tt.url, tt.options); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v, want one that says %q, and no secret", err, tt.want)
			}
		})
	}
}

func TestOptionsHoldNoSecretInLogs(t *testing.T) {
	o := &plekclient.Options{Token: "hunter2", ClientSecret: "hunter3", KeyAttribute: "userName"}
	if s := o.LogValue().String(); strings.Contains(s, "hunter") || !strings.Contains(s, "userName") {
		t.Errorf("logged: %s", s)
	}
}

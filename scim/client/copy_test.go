package client_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
)

// asIs is the mapping between two services with the same schemas.
type asIs struct{}

func (asIs) Map(src *provisioning.Record) (*provisioning.Record, error) {
	r := src.Clone()
	r.ID, r.ExternalID, r.Version = "", "", ""
	return r, nil
}

// One service is kept in step with another, with all that users and groups can have.
func TestCopyOfAService(t *testing.T) {
	from, to := serve(t, nil), serve(t, nil)
	c, err := client.New(from, nil)
	require.NoError(t, err)
	make := func(endpoint, body string) string {
		o, err := scim.DecodeObject([]byte(body), nil)
		require.NoError(t, err)
		r, err := c.Create(t.Context(), endpoint, &scim.Resource{Object: *o})
		require.NoError(t, err)
		return r.ID()
	}
	boss := make("/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"boss","active":true}`)
	full := make("/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"userName":"bjensen@example.com","externalId":"701984","displayName":"Babs Jensen","nickName":"Babs","profileUrl":"https://login.example.com/bjensen",
		"name":{"formatted":"Ms. Barbara J Jensen, III","familyName":"Jensen","givenName":"Barbara","honorificPrefix":"Ms."},
		"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"},{"value":"b@example.net"},{"value":"b@example.net","type":"other"}],
		"addresses":[{"type":"work","streetAddress":"100 Universal City Plaza","locality":"Hollywood","country":"USA","primary":true},{"type":"home","locality":"Hollywood"}],
		"phoneNumbers":[{"value":"555-555-5555","type":"work"},{"value":"555-555-4444","type":"mobile"}],
		"photos":[{"value":"https://photos.example.com/profilephoto/72930000000Ccne/F","type":"photo"}],
		"roles":[{"value":"Student"},{"value":"Tutor","display":"Tutor of others"}],
		"userType":"Employee","title":"Tour Guide","preferredLanguage":"en-US","locale":"en-US","timezone":"America/Los_Angeles","active":true,
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","costCenter":"4130","manager":{"value":"`+boss+`"}}}`)
	inner := make("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Guides","members":[{"value":"`+full+`"}]}`)
	make("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"All","members":[{"value":"`+full+`"},{"value":"`+boss+`"},{"value":"`+inner+`","type":"Group"}]}`)

	sync, err := provisioning.New(directory(t, from, nil), asIs{}, directory(t, to, nil), nil)
	require.NoError(t, err)
	report, err := sync.Run(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	plan, err := sync.Plan(t.Context())
	require.NoError(t, err)
	for _, c := range plan.Changes {
		t.Errorf("a second plan is not empty: %s of %s, %v, %v", c.Op, c.Source, c.Changed(), c.RefNames())
	}
	for _, h := range plan.Held {
		t.Errorf("held: %s", h.Reason)
	}
	users, groups := 0, 0
	for r, err := range directory(t, to, nil).Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
		users++
		if r.Disabled || r.Attributes.Get("userName") == "bjensen@example.com" && len(r.Refs["manager"]) != 1 {
			t.Errorf("%s: disabled %t, managers %v", r.ID, r.Disabled, r.Refs["manager"])
		}
	}
	for r, err := range directory(t, to, nil).Records(t.Context(), provisioning.Group) {
		require.NoError(t, err)
		groups += len(r.Refs["members"])
	}
	if users != 2 || groups != 4 {
		t.Errorf("%d users and %d memberships, want 2 and 4", users, groups)
	}
}

package ldapsource_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

func TestFind(t *testing.T) {
	slapd := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 150}})
	samba := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}})
	for _, tc := range []struct {
		name string
		s    *ldapsource.Source
	}{
		{"slapd", newSource(t, slapd.TLSURL, options(slapd))},
		{"samba", newSource(t, samba.TLSURL, sambaOptions(samba))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := full(t, tc.s)
			var user, group *provisioning.Record
			var ids []string
			users := map[provisioning.Ref]*provisioning.Record{}
			for ref, r := range all {
				if ref.Kind == provisioning.Group {
					if len(r.Refs["members"]) > 2 {
						group = r
					}
					continue
				}
				users[ref] = r
				ids = append(ids, string(ref.ID))
				if r.Attributes.Get("mail") != "" && len(r.Refs["manager"]) > 0 {
					user = r
				}
			}
			one := func(r *provisioning.Record) map[provisioning.Ref]*provisioning.Record {
				return map[provisioning.Ref]*provisioning.Record{r.Ref(): r}
			}
			// Generated people share a mail address now and then, as real ones do.
			mail := user.Attributes.Get("mail")
			sharing := map[provisioning.Ref]*provisioning.Record{}
			for ref, r := range users {
				if strings.EqualFold(r.Attributes.Get("mail"), mail) {
					sharing[ref] = r
				}
			}
			for _, f := range []struct {
				name   string
				lookup provisioning.Lookup
				want   map[provisioning.Ref]*provisioning.Record
			}{
				{"by ID", provisioning.Lookup{Kind: provisioning.User, By: provisioning.ByID, Values: []string{string(user.ID)}}, one(user)},
				{"group by ID", provisioning.Lookup{Kind: provisioning.Group, By: provisioning.ByID, Values: []string{string(group.ID), "no-such-id"}}, one(group)},
				{"user by the ID of a group", provisioning.Lookup{Kind: provisioning.User, By: provisioning.ByID, Values: []string{string(group.ID)}}, nil},
				{"all by ID", provisioning.Lookup{Kind: provisioning.User, By: provisioning.ByID, Values: ids}, users},
				{"by mail in capitals", provisioning.Lookup{Kind: provisioning.User, By: "mail", Values: []string{strings.ToUpper(mail)}}, sharing},
				{"by the attribute of the ID", provisioning.Lookup{Kind: provisioning.User, By: map[string]string{"slapd": "entryUUID", "samba": "objectGUID"}[tc.name], Values: []string{string(user.ID), "x"}}, one(user)},
				{"by something with a star", provisioning.Lookup{Kind: provisioning.User, By: "cn", Values: []string{"*", "(", `\`}}, nil},
				{"by external ID", provisioning.Lookup{Kind: provisioning.User, By: provisioning.ByExternalID, Values: []string{string(user.ID)}}, nil},
				{"by nothing", provisioning.Lookup{Kind: provisioning.User, By: "mail"}, nil},
			} {
				t.Run(f.name, func(t *testing.T) {
					got := map[provisioning.Ref]*provisioning.Record{}
					for r, err := range tc.s.Find(t.Context(), f.lookup) {
						require.NoError(t, err)
						got[r.Ref()] = r
					}
					if diff := cmp.Diff(f.want, got, sets); diff != "" {
						t.Errorf("records (-want +got):\n%s", diff)
					}
				})
			}
		})
	}
}

package ldapsource_test

import (
	"crypto/tls"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// attributes are asked for in the tests: some that all have, some that few have, a reference, a binary one.
var attributes = []string{"cn", "sn", "mail", "Mobile", "description", "manager", "members"}

// options are those to read a directory of the lab with.
func options(d *lab.Directory) *ldapsource.Options {
	at, err := url.Parse(d.TLSURL)
	if err != nil {
		panic(err)
	}
	return &ldapsource.Options{
		Bind: ldapsource.SimpleBind{DN: d.BindDN, Password: d.Password}, TLS: &tls.Config{RootCAs: d.CA.Pool, ServerName: at.Hostname()},
		Attributes: attributes, Bases: []string{d.Base},
	}
}

func newSource(t testing.TB, url string, o *ldapsource.Options) *ldapsource.Source {
	t.Helper()
	s, err := ldapsource.New(url, o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// wanted are the records of a company in a directory that is no Active Directory.
func wanted(c *people.Company) []*provisioning.Record {
	kinds := map[people.Class]provisioning.Kind{people.Employee: provisioning.User, people.GroupEntry: provisioning.Group}
	ref := func(e *people.Entry) (provisioning.Ref, bool) {
		kind, ok := kinds[e.Class]
		return provisioning.Ref{Kind: kind, ID: provisioning.ID(e.UUID())}, ok
	}
	values := func(s ...string) []string {
		if s[0] == "" {
			return nil
		}
		return s
	}
	var list []*provisioning.Record
	for _, p := range c.People {
		if p.Class != people.Employee {
			continue
		}
		r := &provisioning.Record{Kind: provisioning.User, ID: provisioning.ID(p.UUID()), Refs: provisioning.Refs{"manager": nil},
			Attributes: provisioning.Attributes{"cn": {p.CN}, "sn": {p.Surname}, "mail": values(p.Mail), "Mobile": values(p.Mobile),
				"description": nil, "manager": nil}}
		if p.Manager != nil {
			r.Attributes["manager"] = []string{c.LDAPDN(p.Manager)}
			if m, ok := ref(p.Manager); ok {
				r.Refs["manager"] = []provisioning.Ref{m}
			}
		}
		list = append(list, r)
	}
	for _, g := range c.Groups {
		r := &provisioning.Record{Kind: provisioning.Group, ID: provisioning.ID(g.UUID()), Refs: provisioning.Refs{"members": nil},
			Attributes: provisioning.Attributes{"cn": {g.CN}, "sn": nil, "mail": nil, "Mobile": nil, "description": values(g.Description)}}
		for _, m := range g.Members {
			if ref, ok := ref(m); ok {
				r.Refs["members"] = append(r.Refs["members"], ref)
			}
		}
		list = append(list, r)
	}
	return list
}

// read collects the records of a kind and the errors of single ones.
func read(t testing.TB, s provisioning.Source, kind provisioning.Kind) (records []*provisioning.Record, bad []error, end error) {
	t.Helper()
	for r, err := range s.Records(t.Context(), kind) {
		var one *provisioning.RecordError
		switch {
		case err == nil:
			records = append(records, r)
		case errors.As(err, &one):
			bad = append(bad, err)
		default:
			end = err
		}
	}
	return records, bad, end
}

func company(n int) *people.Company {
	return people.New(&people.Options{People: n, Domain: "lab.example"})
}

func sortedJoin(list []string) string {
	slices.Sort(list)
	return strings.Join(list, " ")
}

// sets compares values and references without regard to their order, and no versions.
var sets = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.SortSlices(func(a, b string) bool { return a < b }),
	cmpopts.SortSlices(func(a, b provisioning.Ref) bool { return a.String() < b.String() }),
}

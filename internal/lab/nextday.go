package lab

import (
	"slices"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/internal/lab/people"
)

// NextDay lets a day pass at the company, in the running server too, as its keepers would do it:
// entries are added, renamed, changed value by value, and deleted. It wants 200 people or more, and happens once.
func (d *Directory) NextDay(t testing.TB) *people.Story {
	t.Helper()
	ad := d.Realm != ""
	before := byKey(d.Company.Records(ad))
	story := d.Company.NextDay()
	after := d.Company.Records(ad)
	conn := d.Admin(t)
	must := func(what, dn string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s %s at %s: %v", what, dn, d.name, err)
		}
	}
	renamed := map[string]string{}
	for _, r := range after {
		old := before[r.Key]
		if old == nil {
			add := ldap.NewAddRequest(r.DN, nil)
			for name, values := range r.Attributes {
				// Who is named may be new too, so that references come below.
				if name != "member" && name != "manager" || !ad {
					add.Attribute(name, values)
				}
			}
			must("adding", r.DN, conn.Add(add))
			before[r.Key] = &people.Record{Key: r.Key, DN: r.DN, Attributes: r.Attributes}
			if ad {
				before[r.Key].Attributes = without(r.Attributes, "member", "manager")
			}
			continue
		}
		if old.DN != r.DN {
			rdn, parent := split(r.DN)
			must("renaming", old.DN, conn.ModifyDN(ldap.NewModifyDNRequest(old.DN, rdn, true, parent)))
			renamed[old.DN] = r.DN
		}
	}
	for _, r := range after {
		if mod := changes(r, before[r.Key], renamed); len(mod.Changes) > 0 {
			must("changing", r.DN, conn.Modify(mod))
		}
		delete(before, r.Key)
	}
	for _, old := range before {
		must("deleting", old.DN, conn.Del(ldap.NewDelRequest(old.DN, nil)))
	}
	return story
}

// changes leads from one record to another, value by value where there are several.
func changes(to, from *people.Record, renamed map[string]string) *ldap.ModifyRequest {
	mod := ldap.NewModifyRequest(to.DN, nil)
	names := map[string]bool{}
	for name := range from.Attributes {
		names[name] = true
	}
	for name := range to.Attributes {
		names[name] = true
	}
	for name := range names {
		old := slices.Clone(from.Attributes[name])
		for i, v := range old {
			if dn, ok := renamed[v]; ok { // the server has changed it already
				old[i] = dn
			}
		}
		gone, come := minus(old, to.Attributes[name]), minus(to.Attributes[name], old)
		switch {
		case len(gone)+len(come) == 0:
		case len(old) == 1 && len(to.Attributes[name]) == 1:
			mod.Replace(name, come)
		default:
			if len(gone) > 0 {
				mod.Delete(name, gone)
			}
			if len(come) > 0 {
				mod.Add(name, come)
			}
		}
	}
	return mod
}

// minus gives the values of a that are not in b.
func minus(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, v := range b {
		in[v] = true
	}
	var out []string
	for _, v := range a {
		if !in[v] {
			out = append(out, v)
		}
	}
	return out
}

func without(attributes map[string][]string, names ...string) map[string][]string {
	out := map[string][]string{}
	for name, values := range attributes {
		if !slices.Contains(names, name) {
			out[name] = values
		}
	}
	return out
}

// split cuts a DN behind its first name.
func split(dn string) (rdn, parent string) {
	for i := 1; i < len(dn); i++ {
		if dn[i] == ',' && dn[i-1] != '\\' {
			return dn[:i], dn[i+1:]
		}
	}
	return dn, ""
}

func byKey(records []*people.Record) map[string]*people.Record {
	m := make(map[string]*people.Record, len(records))
	for _, r := range records {
		m[r.Key] = r
	}
	return m
}

package ldapsource_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

const childBase = "DC=child," + ldaptest.Base

// forest gives a domain and one below it, with people and groups that refer to each other.
func forest(t *testing.T) (parent, child *ldaptest.Directory) {
	parent, child = ldaptest.NewDomain(t, ldaptest.Base), ldaptest.NewDomain(t, childBase)
	parent.Child, parent.ChildURL = childBase, child.URL
	child.Put("CN=c0,OU=Kinderen,"+childBase, map[string][]string{"objectClass": {"user"}, "cn": {"c0"}, "manager": {personDN("p0")}})
	for i := range 3 {
		child.Put(fmt.Sprintf("CN=c%d,OU=Kinderen,%s", i, childBase), map[string][]string{"objectClass": {"user"}, "cn": {fmt.Sprintf("c%d", i)}})
	}
	p := putPeople(parent, 3)
	group := func(d *ldaptest.Directory, name, kind string, members ...string) {
		d.Put("CN="+name+",OU=Groepen,"+d.Base, map[string][]string{"objectClass": {"group"}, "cn": {name}, "groupType": {kind}, "member": members})
	}
	const global, domainLocal, universal = "-2147483646", "-2147483644", "-2147483640"
	group(parent, "parent global", global, p[0])
	group(parent, "parent universal", universal, p[1], "CN=c1,OU=Kinderen,"+childBase)
	group(child, "child universal", universal, "CN=c2,OU=Kinderen,"+childBase, p[2])
	group(child, "child global", global, "CN=c2,OU=Kinderen,"+childBase)
	group(child, "child local", domainLocal, "CN=c0,OU=Kinderen,"+childBase)
	return parent, child
}

// names gives who and what is there, in order.
func names(t *testing.T, s provisioning.Source, kind provisioning.Kind) string {
	t.Helper()
	list, _, err := read(t, s, kind)
	require.NoError(t, err)
	var all []string
	for _, r := range list {
		all = append(all, r.Attributes.Get("cn"))
	}
	return sortedJoin(all)
}

// Each domain of a forest is read by a source of its own. What a server refers to is never left out silently: it is asked to stay
// within the domain, and where it cannot, the read is incomplete unless that was allowed by name.
func TestForest(t *testing.T) {
	parent, child := forest(t)
	if got := names(t, plain(t, parent, ldapsource.Options{}), provisioning.User); got != "p0 p1 p2" {
		t.Errorf("parent: %q", got)
	}
	if got := names(t, plain(t, child, ldapsource.Options{}), provisioning.User); got != "c0 c1 c2" {
		t.Errorf("child: %q", got)
	}
	// A server that does not know how to stay within the domain.
	parent.Root["supportedControl"] = slices.DeleteFunc(parent.Root["supportedControl"], func(oid string) bool { return oid == "1.2.840.113556.1.4.1339" })
	_, _, err := read(t, plain(t, parent, ldapsource.Options{}), provisioning.User)
	if !errors.Is(err, ldapsource.ErrIncomplete) || !strings.Contains(err.Error(), childBase) || !strings.Contains(err.Error(), "IgnoreReferences") {
		t.Errorf("error %v, want ErrIncomplete that says where the rest is and what to do", err)
	}
	if got := names(t, plain(t, parent, ldapsource.Options{IgnoreReferences: true}), provisioning.User); got != "p0 p1 p2" {
		t.Errorf("parent, the reference allowed: %q", got)
	}
	// The base of another domain is elsewhere, and that is an error too.
	_, _, err = read(t, plain(t, parent, ldapsource.Options{Bases: []string{"OU=Kinderen," + childBase}}), provisioning.User)
	if !errors.Is(err, ldapsource.ErrIncomplete) {
		t.Errorf("the base of another domain: error %v", err)
	}
}

// partialSet are attributes that the global catalogue has, unless somebody has changed that; accountExpires is none of them.
var partialSet = []string{"objectGUID", "objectClass", "cn", "mail", "manager", "member", "uSNChanged", "userAccountControl", "groupType", "objectSid",
	"primaryGroupID", "whenChanged"}

// catalogDialect is that of Active Directory without what the global catalogue does not know.
func catalogDialect() *ldapsource.Dialect {
	d := ldapsource.ActiveDirectory()
	d.ValidUntil = ""
	return d
}

// The global catalogue gives all domains at once, and never what only looks like all: attributes that it does not have, and
// members of groups that it does not know, are errors.
func TestGlobalCatalogue(t *testing.T) {
	parent, child := forest(t)
	gc := ldaptest.NewCatalog(t, partialSet, parent, child)
	source := func(change func(*ldapsource.Options)) *ldapsource.Source {
		o := &ldapsource.Options{AllowPlaintext: true, Attributes: []string{"cn", "manager", "members"}, Dialect: catalogDialect(), PageSize: 2}
		change(o)
		return newSource(t, gc.URL, o)
	}
	all := source(func(*ldapsource.Options) {})
	users, bad, err := read(t, all, provisioning.User)
	require.NoError(t, err)
	require.Empty(t, bad)
	name := map[provisioning.Ref]string{}
	for _, r := range users {
		name[r.Ref()] = r.Attributes.Get("cn")
	}
	require.Len(t, users, 6)
	for _, r := range users {
		if r.Attributes.Get("cn") == "c0" && (len(r.Refs["manager"]) != 1 || name[r.Refs["manager"][0]] != "p0") {
			t.Errorf("the manager of c0 is in the other domain: %v", r.Refs["manager"])
		}
	}
	groups, bad, err := read(t, all, provisioning.Group)
	require.NoError(t, err)
	got := map[string]string{}
	for _, g := range groups {
		var list []string
		for _, m := range g.Refs["members"] {
			list = append(list, name[m])
		}
		got[g.Attributes.Get("cn")] = sortedJoin(list)
	}
	if diff := cmp.Diff(map[string]string{"parent global": "p0", "parent universal": "c1 p1", "child universal": "c2 p2"}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if len(bad) != 2 || !strings.Contains(bad[0].Error(), "domain-local groups of other domains") {
		t.Errorf("errors %v, want one for each group whose members are not here", bad)
	}
	only := source(func(o *ldapsource.Options) {
		o.Filters = map[provisioning.Kind]string{provisioning.Group: "(&(objectClass=group)(cn=*universal))"}
	})
	if got := names(t, only, provisioning.Group); got != "child universal parent universal" {
		t.Errorf("only universal groups: %q", got)
	}
	for _, tc := range []struct {
		name   string
		change func(*ldapsource.Options)
		says   string
	}{
		{"an attribute that it does not have", func(o *ldapsource.Options) { o.Attributes = []string{"cn", "department", "mobile"} }, "the attributes department, mobile"},
		{"the end of an account", func(o *ldapsource.Options) { o.Dialect = nil }, "accountExpires"},
		{"members of a group of another domain", func(o *ldapsource.Options) {
			o.MemberOf = []string{"CN=child global,OU=Groepen," + childBase}
		}, "MemberOf"},
	} {
		_, _, err := read(t, source(tc.change), provisioning.User)
		if !errors.Is(err, ldapsource.ErrIncomplete) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want ErrIncomplete that says %q", tc.name, err, tc.says)
		}
	}
	if got := names(t, source(func(o *ldapsource.Options) { o.MemberOf = []string{"CN=child universal,OU=Groepen," + childBase} }), provisioning.User); got != "c2 p2" {
		t.Errorf("people of a universal group: %q", got)
	}
	if _, err := all.Cursor(t.Context()); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "no history") {
		t.Errorf("cursor: error %v, want ErrUnsupported that says why", err)
	}
	usn := source(func(o *ldapsource.Options) { o.Increments = ldapsource.USN })
	if _, err := usn.Cursor(t.Context()); err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("cursor by USN: error %v, want one that is not passed over", err)
	}
}

// What a real domain controller has on the port of the catalogue is what it has itself, in the attributes that are there.
func TestGlobalCatalogueSamba(t *testing.T) {
	d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}})
	o := sambaOptions(d)
	o.Dialect, o.Attributes = catalogDialect(), []string{"cn", "sn", "mail", "manager", "members"}
	want := full(t, newSource(t, d.TLSURL, o))
	o.Bases = nil // which is everything
	if diff := cmp.Diff(want, full(t, newSource(t, d.CatalogURL, o)), sets); diff != "" {
		t.Errorf("records (-controller +catalogue):\n%s", diff)
	}
	o.Attributes = []string{"cn", "mobile"}
	if _, _, err := read(t, newSource(t, d.CatalogURL, o), provisioning.User); !errors.Is(err, ldapsource.ErrIncomplete) || !strings.Contains(err.Error(), "mobile") {
		t.Errorf("mobile: error %v, want ErrIncomplete that names it", err)
	}
}

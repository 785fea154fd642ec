package client

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

var anyOrder = cmp.Options{cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b string) bool { return a < b })}

// writable are names of every form.
var writable = []string{
	"title", "name.familyName", "name.givenName", "emails", "roles",
	`emails[type eq "work"].value`, `emails[type eq "home"].value`,
	`phoneNumbers[type eq "mobile"].value`, `phoneNumbers[type eq "work"].value`, `phoneNumbers[type eq "work"].display`,
	`addresses[type eq "home"].locality`, `addresses[type eq "home"].country`, `addresses[type eq "work"].locality`,
	scim.EnterpriseUserSchema + ":department", scim.EnterpriseUserSchema + ":costCenter",
}

// anyone makes a resource as a server may have it, with values that no record manages.
func anyone(rng *rand.Rand) *scim.Resource {
	r := scim.NewResource(scim.UserSchema)
	r.SetID("1")
	r.Set("userName", "noor")
	word := func() string { return fmt.Sprint("v", rng.IntN(4)) }
	some := func(name, value string, types []string) {
		var list []any
		for range rng.IntN(4) {
			o := scim.NewObject(scim.Member{Name: value, Value: word()})
			if n := rng.IntN(len(types) + 1); n < len(types) {
				o.Set("type", types[n])
			}
			if rng.IntN(4) == 0 {
				o.Set("primary", true)
			}
			if rng.IntN(4) == 0 {
				o.Set("display", word())
			}
			list = append(list, o)
		}
		if len(list) > 0 {
			r.Set(name, list)
		}
	}
	some("emails", "value", []string{"work", "home", "Work"})
	some("phoneNumbers", "value", []string{"mobile", "work", "pager"})
	some("addresses", "locality", []string{"work", "home", "other"})
	some("roles", "value", []string{"a"})
	if rng.IntN(2) == 0 {
		r.Set("title", word())
	}
	if rng.IntN(2) == 0 {
		r.Set("name", scim.NewObject(scim.Member{Name: "familyName", Value: word()}, scim.Member{Name: "middleName", Value: word()}))
	}
	if rng.IntN(2) == 0 {
		r.Set(scim.EnterpriseUserSchema, scim.NewObject(scim.Member{Name: "department", Value: word()}, scim.Member{Name: "division", Value: word()}))
	}
	return r
}

// What is written is read again, writing it twice changes nothing, and what is not mentioned stays.
func TestSetLaws(t *testing.T) {
	c, err := New("https://example.com", nil)
	require.NoError(t, err)
	d, err := NewDirectory(c, nil)
	require.NoError(t, err)
	k := d.kinds[provisioning.User]
	read := func(r *scim.Resource) provisioning.Attributes {
		rec, err := d.record(provisioning.User, k, r)
		require.NoError(t, err)
		return rec.Attributes
	}
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		r := anyone(rng)
		before := read(r)
		wanted := provisioning.Attributes{}
		for _, i := range rng.Perm(len(writable))[:1+rng.IntN(5)] {
			n, err := k.name(writable[i])
			require.NoError(t, err)
			values := []string{}
			for range rng.IntN(3) {
				if v := fmt.Sprint("v", rng.IntN(5)); !slices.Contains(values, v) && (n.set() || len(values) == 0) {
					values = append(values, v)
				}
			}
			wanted[n.path] = values
		}
		if whole, ok := wanted["emails"]; ok {
			for _, path := range []string{`emails[type eq "work"].value`, `emails[type eq "home"].value`} {
				for _, v := range wanted[path] {
					if !slices.Contains(whole, v) {
						whole = append(whole, v)
					}
				}
			}
			wanted["emails"] = whole
		}
		written := r.Clone()
		apply := func(r *scim.Resource) {
			var names []name
			for _, path := range slices.Sorted(maps.Keys(wanted)) { // as Change.Changed gives them
				n, _ := k.name(path)
				names = append(names, n)
			}
			for _, n := range k.order(names, wanted) {
				k.set(r, n, wanted[n.path])
			}
		}
		apply(written)
		after := read(written)
		for path, values := range wanted {
			numbers, managed := wanted[`phoneNumbers[type eq "work"].value`]
			if !managed {
				numbers = before[`phoneNumbers[type eq "work"].value`]
			}
			if path == `phoneNumbers[type eq "work"].display` && len(numbers) != 1 {
				continue // a display without, or of several, values has no place
			}
			if !cmp.Equal(values, after[path], anyOrder) {
				t.Errorf("seed %d: wrote %s %v, read %v\nbefore %s", seed, path, values, after[path], dump(r))
			}
		}
		twice := written.Clone()
		apply(twice)
		if !twice.Object.Equal(&written.Object) {
			t.Errorf("seed %d: writing %v again changes\n%s\nto\n%s", seed, wanted, dump(written), dump(twice))
		}
		for _, path := range []string{`emails[type eq "home"].value`, `phoneNumbers[type eq "pager"].value`, `addresses[type eq "other"].locality`, "name.middleName", scim.EnterpriseUserSchema + ":division"} {
			_, whole := wanted["emails"]
			if _, named := wanted[path]; named || whole && path == `emails[type eq "home"].value` {
				continue
			}
			if !cmp.Equal(before[path], after[path], anyOrder) {
				t.Errorf("seed %d: writing %v changed %s from %v to %v", seed, wanted, path, before[path], after[path])
			}
		}
		if t.Failed() {
			return
		}
	}
}

func dump(r *scim.Resource) string {
	b, err := r.AppendJSON(nil)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// FuzzRecord: no resource of a server makes reading it panic, and what is read is canonical.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"id":"1","userName":"noor","active":"False","name":{"givenName":1},"emails":["a",{"value":"b","type":"work"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":"7"}}`))
	f.Add([]byte(`{"id":"1","emails":{"value":"x"},"addresses":[{"type":"a\"b","locality":null}],"meta":[],"active":[]}`))
	f.Add([]byte(`{"id":"1","displayName":"g","members":[{"value":"1","$ref":"/Groups/1"},"2"]}`))
	c, err := New("https://example.com", nil)
	require.NoError(f, err)
	d, err := NewDirectory(c, nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := scim.DecodeObject(b, nil)
		if err != nil {
			return
		}
		for name, k := range d.kinds {
			r, err := d.record(name, k, &scim.Resource{Object: *o})
			if err != nil {
				continue
			}
			for path := range r.Attributes {
				if canonical, err := d.Name(name, path); err != nil || canonical != path {
					t.Errorf("a record has %q, which is called %q, error %v", path, canonical, err)
				}
			}
		}
	})
}

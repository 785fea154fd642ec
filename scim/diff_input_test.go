package scim_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ilumy/usersync/scim"
)

// FuzzDiffInput holds Diff to this for resources that no type has read: it ends, with an error or with a request that
// can be written, and changes neither.
func FuzzDiffInput(f *testing.F) {
	for _, s := range []string{jensen, bare, person, `{"emails":{"value":1},"name":[],"active":"x","members":["a",{"value":["b"]},null]}`, `{"emails":["a","a"],"name":"x","members":{"value":"1"},"displayName":null}`} {
		f.Add([]byte(s), []byte(jensen))
		f.Add([]byte(group), []byte(s))
	}
	types := []*scim.ResourceType{scim.NewUserType(), scim.NewGroupType(), newShapesType()}
	f.Fuzz(func(t *testing.T, x, y []byte) {
		before, err := scim.DecodeObject(x, nil)
		if err != nil {
			return
		}
		after, err := scim.DecodeObject(y, nil)
		if err != nil {
			return
		}
		was, is := before.Clone(), after.Clone()
		for _, typ := range types {
			for _, o := range []scim.DiffOptions{{}, {NoFilters: true}, {RemoveByValue: true, NoWholeLists: true}} {
				p, err := typ.Diff(&scim.Resource{Object: *before}, &scim.Resource{Object: *after}, &o)
				if err != nil {
					continue
				}
				for _, part := range p.Split(3) {
					if _, err := part.MarshalJSON(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if !was.Equal(before) || !is.Equal(after) {
			t.Fatal("Diff changed its arguments")
		}
	})
}

// BenchmarkDiff tells what a PATCH costs beside the whole resource, in time and in bytes that are sent.
func BenchmarkDiff(b *testing.B) {
	changed := func(r *scim.Resource, f func(*scim.Resource)) *scim.Resource {
		r = r.Clone()
		f(r)
		return r
	}
	everybody := scim.NewResource(scim.GroupSchema)
	members := make([]any, 10_000)
	for i := range members {
		members[i] = scim.NewObject(scim.Member{Name: "value", Value: fmt.Sprintf("2819c223-7f76-453a-919d-%012d", i)})
	}
	everybody.Set("displayName", "everybody")
	everybody.Set("members", members)
	user := stored(b)
	for _, test := range []struct {
		name          string
		typ           *scim.ResourceType
		before, after *scim.Resource
	}{
		{"user, nothing", scim.NewUserType(), user, user.Clone()},
		{"user, a title and an address", scim.NewUserType(), user, changed(user, func(r *scim.Resource) {
			r.Set("title", "Guide")
			r.GetValues("emails")[0].(*scim.Object).Set("value", "b@example.com")
		})},
		{"group of 10000, one more and one less", scim.NewGroupType(), everybody, changed(everybody, func(r *scim.Resource) {
			r.GetValues("members")[17].(*scim.Object).Set("value", "new")
		})},
	} {
		b.Run(test.name, func(b *testing.B) {
			whole, err := json.Marshal(test.after)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var sent []byte
			for b.Loop() {
				p, err := test.typ.Diff(test.before, test.after, nil)
				if err != nil {
					b.Fatal(err)
				}
				if sent, err = p.AppendJSON(sent[:0]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(sent)), "sent-bytes")
			b.ReportMetric(float64(len(whole)), "whole-bytes")
		})
	}
}

package scim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ilumy/usersync/scim"
)

// enterpriseUser is a user of some 950 bytes, as identity providers send it.
const enterpriseUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
"externalId":"701984","userName":"bjensen@example.com","name":{"formatted":"Ms. Barbara J Jensen, III","familyName":"Jensen","givenName":"Barbara","middleName":"Jane"},
"displayName":"Babs Jensen","nickName":"Babs","title":"Tour Guide","userType":"Employee","preferredLanguage":"en-US","locale":"en-US","timezone":"America/Los_Angeles","active":true,
"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}],
"phoneNumbers":[{"value":"555-555-5555","type":"work"},{"value":"555-555-4444","type":"mobile"}],
"addresses":[{"type":"work","streetAddress":"100 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608","country":"US","primary":true}],
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","costCenter":"4130","organization":"Universal Studios","department":"Tour Operations","manager":{"value":"26118915-6090-4610-87e4-49d8ca9f808d"}}}`

func stored(tb testing.TB) *scim.Resource {
	user := scim.NewUserType()
	r, err := user.Decode([]byte(enterpriseUser), nil)
	if err != nil {
		tb.Fatal(err)
	}
	r.SetID("2819c223-7f76-453a-919d-413861904646")
	r.SetMeta(scim.Meta{ResourceType: "User", Version: `W/"1"`, Location: "https://example.com/v2/Users/2819c223-7f76-453a-919d-413861904646"})
	return r
}

func BenchmarkDecode(b *testing.B) {
	user, body := scim.NewUserType(), []byte(enterpriseUser)
	b.Run("object", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := scim.DecodeObject(body, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("create", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := user.Decode(body, nil)
			if err != nil {
				b.Fatal(err)
			}
			if err := user.CheckCreate(r, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m map[string]any
			d := json.NewDecoder(bytes.NewReader(body))
			d.UseNumber()
			if err := d.Decode(&m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	r, user := stored(b), scim.NewUserType()
	p, err := user.Projection(nil, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 4096)
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = r.AppendJSON(buf[:0])
		}
	})
	b.Run("projected", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendJSON(buf[:0], r, "https://example.com/v2/Users/1")
		}
	})
}

func BenchmarkPatch(b *testing.B) {
	user, r := scim.NewUserType(), stored(b)
	for _, n := range []int{1, 4} {
		var ops string
		for i := range n {
			if i > 0 {
				ops += ","
			}
			ops += fmt.Sprintf(`{"op":"replace","path":%q,"value":"x%d"}`, []string{"displayName", "name.familyName", `emails[type eq \"work\"].value`, "title"}[i], i)
		}
		ops = string(bytes.ReplaceAll([]byte(ops), []byte(`\\\"`), []byte(`\"`)))
		body := []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + ops + `]}`)
		b.Run(fmt.Sprintf("replace %d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := scim.DecodePatch(body, nil)
				if err != nil {
					b.Fatal(err)
				}
				d, err := user.Resolve(p, nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, changed, err := d.Apply(r); err != nil || !changed {
					b.Fatal(changed, err)
				}
			}
		})
	}
}

func BenchmarkPatchMembers(b *testing.B) {
	grp := scim.NewGroupType()
	for _, size := range []int{1_000, 100_000} {
		members := make([]any, size)
		for i := range members {
			members[i] = scim.NewObject(scim.Member{Name: "value", Value: fmt.Sprintf("member-%d", i)}, scim.Member{Name: "type", Value: "User"})
		}
		r := scim.NewResource(scim.GroupSchema)
		r.Set("displayName", "everybody")
		r.Set("members", members)
		for _, adds := range []int{1, 1_000} {
			list := make([]any, adds)
			for i := range list {
				list[i] = scim.NewObject(scim.Member{Name: "value", Value: fmt.Sprintf("new-%d", i)})
			}
			resolve := func(b *testing.B) *scim.Delta {
				d, err := grp.Resolve(&scim.PatchRequest{Operations: []scim.PatchOperation{{Op: scim.Add, Path: "members", Value: list}}}, nil)
				if err != nil {
					b.Fatal(err)
				}
				return d
			}
			b.Run(fmt.Sprintf("apply %d to %d", adds, size), func(b *testing.B) {
				d := resolve(b)
				b.ReportAllocs()
				for b.Loop() {
					if _, changed, err := d.Apply(r); err != nil || !changed {
						b.Fatal(changed, err)
					}
				}
			})
			if size > 1_000 {
				b.Run(fmt.Sprintf("membership of %d", adds), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if _, _, ok := resolve(b).Membership("members"); !ok {
							b.Fatal("not a membership")
						}
					}
				})
			}
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	user, base := scim.NewUserType(), stored(b)
	list := make([]*scim.Resource, 10_000)
	for i := range list {
		list[i] = base.Clone()
		list[i].Set("userName", fmt.Sprintf("user%d@example.com", i))
		list[i].GetValues("emails")[0].(*scim.Object).Set("value", fmt.Sprintf("user%d@example.com", i))
	}
	for _, s := range []string{
		`userName eq "user77@example.com"`,
		`emails[type eq "work" and value eq "user77@example.com"]`,
		`name.familyName eq "jensen" and active eq true`,
		`userName co "77" or not (title pr)`,
	} {
		f, err := user.ParseFilter(s, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, r := range list {
					if f.Match(r) {
						n++
					}
				}
				if n == 0 {
					b.Fatal("nothing matches")
				}
			}
		})
	}
}

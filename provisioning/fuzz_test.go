package provisioning_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// Whatever a file holds, reading it as a plan gives an error or a plan that can be judged, and written and read again.
func FuzzDecodePlan(f *testing.F) {
	j := newJob(3)
	r := user(1)
	r.Refs = provisioning.Refs{"manager": {uref(2)}}
	j.src.Put(r)
	var b bytes.Buffer
	made := j.plan(f)
	if err := made.Encode(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"format":1,"changes":[{"op":"delete","kind":"User","target":"1"}],"counts":{"User":null}}`))
	f.Add([]byte(`{"format":1,"changes":[{"op":"update","kind":"User","target":"1","before":{},"after":{"kind":"User"},"add":{"a":null}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := provisioning.DecodePlan(bytes.NewReader(in))
		if err != nil {
			return
		}
		r, err := provisioning.New(j.source, asIs, memory.New(nil), &provisioning.Options{Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Judge(t.Context(), p) // It may well be refused, so it is approved.
		p.Fingerprint = made.Fingerprint
		if err := p.Approve(p.Digest()); err != nil {
			t.Fatal(err)
		}
		_, _ = r.Apply(t.Context(), p)
		p.Approval = ""
		var b bytes.Buffer
		if err := p.Encode(&b); err != nil {
			t.Fatal(err)
		}
		again, err := provisioning.DecodePlan(&b)
		if err != nil {
			t.Fatalf("a plan that was read cannot be read again: %v", err)
		}
		if p.Digest() != again.Digest() {
			t.Error("a plan that was read and written has another digest")
		}
	})
}

// Whatever a record holds, a snapshot gives it back, by that ID and no other.
func FuzzSnapshot(f *testing.F) {
	f.Add("0a0b0c0d-0000-4000-8000-00000000000e", "0A0B0C0D-0000-4000-8000-00000000000E", "mail", "a@example.com")
	f.Add("\xff", "\xfe", "", "\x00")
	f.Fuzz(func(t *testing.T, a, b, name, value string) {
		s := provisioning.NewSnapshot()
		put := func(id string) *provisioning.Record {
			r := &provisioning.Record{Kind: provisioning.User, ExternalID: provisioning.ID(id),
				Attributes: provisioning.Attributes{name: {value, value, id}}, Refs: provisioning.Refs{name: {{Kind: provisioning.User, ID: provisioning.ID(b)}}}}
			if err := s.Add(r); (err != nil) != (id == "") {
				t.Fatalf("add %q: %v", id, err)
			}
			return r
		}
		first, second := put(a), put(b)
		for _, want := range []*provisioning.Record{first, second} {
			got, ok := s.Get(provisioning.Ref{Kind: provisioning.User, ID: want.ExternalID})
			if want.ExternalID == "" || a == b {
				if ok {
					t.Fatalf("%q is there", want.ExternalID)
				}
				continue
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); !ok || diff != "" {
				t.Fatalf("%q: %t\n%s", want.ExternalID, ok, diff)
			}
		}
	})
}

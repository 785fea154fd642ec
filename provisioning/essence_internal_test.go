package provisioning

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The essence of a change is written as encoding/json writes it, as saved plans and approvals have it.
func FuzzEssence(f *testing.F) {
	for _, c := range []*Change{
		{},
		{Op: Create, Link: Link{Kind: User, Source: "1", Target: "made meanwhile"}, Name: `<"Zoë"> & co`, Reason: "new", Rule: "mapping", After: &Record{
			Kind: User, ID: "a", ExternalID: "1", Version: "v", Disabled: true,
			Attributes: Attributes{"title": {"b", "a"}, "none": {}, "nil": nil, "odd\xff\u2028\n": {"\xff\u2028\n", "\x7f"}},
			Refs:       Refs{"manager": {{Kind: User, ID: "9"}, {Kind: Group, ID: "8"}}, "nil": nil},
		}},
		{Op: Update, Link: Link{Kind: Group, Source: "1", Target: "2"}, Before: &Record{Kind: Group, Disabled: true}, After: &Record{Kind: Group, Disabled: true},
			Add:    map[string][]Link{"members": {{Kind: User, Source: "2", Target: "3"}, {Kind: User, Source: "1", Target: "4"}}, "nil": nil},
			Remove: map[string][]Link{"members": {{Kind: User, Source: "2", Target: "3"}, {Kind: User, Source: "9", Target: "1"}}},
			Had:    map[string]int{"members": 10, "a": -1}},
		{Op: Update, Before: &Record{Disabled: true}, After: &Record{ValidFrom: time.Unix(1, 2).UTC()}},
		{Op: Reactivate, Before: &Record{Disabled: true}, After: &Record{ValidUntil: time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		b, err := json.Marshal(c)
		if err != nil && c.Op != Reactivate {
			f.Fatal(err)
		}
		f.Add(b)
		sameEssence(f, c)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		d := json.NewDecoder(bytes.NewReader(in))
		w := essenceWriter{} // used again for every change
		var want strings.Builder
		for {
			c := new(Change)
			if d.Decode(c) != nil {
				break
			}
			if c.Op == Update && (c.Before == nil || c.After == nil) {
				continue // no plan has it
			}
			w.change(c)
			_ = json.NewEncoder(&want).Encode(c.essence())
			sameEssence(t, c)
		}
		if diff := cmp.Diff(want.String(), string(w.dst)); diff != "" {
			t.Errorf("essences (-encoding/json +written):\n%s", diff)
		}
	})
}

func sameEssence(t testing.TB, c *Change) {
	t.Helper()
	var want strings.Builder
	_ = json.NewEncoder(&want).Encode(c.essence()) // What cannot be encoded is left out.
	w := essenceWriter{}
	w.change(c)
	if diff := cmp.Diff(want.String(), string(w.dst)); diff != "" {
		t.Errorf("essence (-encoding/json +written):\n%s", diff)
	}
}

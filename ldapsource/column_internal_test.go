package ldapsource

import (
	"fmt"
	"testing"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/provisioning"
)

// TestNamesWithoutEnd reads entries of which each has attributes that no other has: what is remembered of their names has a
// bound, and nothing is lost of the last one.
func TestNamesWithoutEnd(t *testing.T) {
	rules, err := OpenLDAP().check(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newShape(rules, &Options{}, provisioning.User)
	for n := range 3 * mostSpellings {
		name := fmt.Sprintf("attribute%d", n)
		r, err := s.record(&entry.Entry{Attributes: []entry.Attribute{
			{Name: "cn", Values: []string{"a"}}, {Name: name, Values: []string{"b"}}, {Name: name + "x", Values: []string{"c"}},
		}}, "id")
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Attributes) != 3 || len(r.Attributes[name]) != 1 || r.Attributes[name+"x"][0] != "c" {
			t.Fatalf("entry %d became %v", n, r.Attributes)
		}
	}
	chain := 0
	for at := s.first.next; at != nil && chain <= 2*mostSpellings; at = at.next {
		chain++
	}
	if len(s.columns) > mostSpellings || len(s.spellings) > mostSpellings || chain > mostSpellings {
		t.Errorf("%d columns, %d spellings and a chain of %d are remembered, want at most %d", len(s.columns), len(s.spellings), chain, mostSpellings)
	}
}

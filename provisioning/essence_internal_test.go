package provisioning

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is approved is told apart in every part of it, and what another run makes different is not.
func TestEssence(t *testing.T) {
	of := func(change func(*Change)) string {
		c := &Change{
			Op: Update, Link: Link{Kind: User, Source: "s", Target: "t"}, Name: "Anna", Reason: "changed", Rule: "mapping",
			Before: &Record{Kind: User, ID: "t", ExternalID: "s", Version: "1", Attributes: Attributes{"title": {"a", "b"}, "phone": {}}},
			After: &Record{Kind: User, ExternalID: "s", Attributes: Attributes{"title": {"c"}, "phone": {"1"}},
				Refs: Refs{"manager": {{Kind: User, ID: "m"}, {Kind: User, ID: "n"}}}},
			Add:    map[string][]Link{"manager": {{Kind: User, Source: "m", Target: "tm"}, {Kind: User, Source: "n"}}},
			Remove: map[string][]Link{"manager": {{Kind: User, Source: "o", Target: "to"}}},
			Had:    map[string]int{"manager": 1},
		}
		change(c)
		w := essenceWriter{}
		w.change(c)
		return string(w.dst)
	}
	whole := of(func(*Change) {})
	for name, change := range map[string]func(*Change){
		"the version":                       func(c *Change) { c.Before.Version = "2" },
		"who is disabled, and stays so":     func(c *Change) { c.Before.Disabled, c.After.Disabled = true, true },
		"the order of values":               func(c *Change) { c.Before.Attributes["title"] = []string{"b", "a"} },
		"none for no values":                func(c *Change) { c.Before.Attributes["phone"] = nil },
		"the order of references":           func(c *Change) { c.After.Refs["manager"] = []Ref{{Kind: User, ID: "n"}, {Kind: User, ID: "m"}} },
		"the target of who was created":     func(c *Change) { c.Add["manager"][1].Target = "tn" },
		"the source of a reference removed": func(c *Change) { c.Remove["manager"][0].Source = "" },
		"the order of what is added":        func(c *Change) { a := c.Add["manager"]; a[0], a[1] = a[1], a[0] },
	} {
		require.Equal(t, whole, of(change), name)
	}
	seen := map[string]string{whole: "nothing"}
	for name, change := range map[string]func(*Change){
		"the operation":             func(c *Change) { c.Op = Adopt },
		"the kind":                  func(c *Change) { c.Kind = Group },
		"the source":                func(c *Change) { c.Source = "" },
		"the target":                func(c *Change) { c.Target = "u" },
		"the name":                  func(c *Change) { c.Name = "" },
		"the reason":                func(c *Change) { c.Reason = "another" },
		"the rule":                  func(c *Change) { c.Rule = "Policy.Gone" },
		"no before":                 func(c *Change) { c.Before = nil },
		"no after":                  func(c *Change) { c.After = nil },
		"the ID":                    func(c *Change) { c.Before.ID = "u" },
		"the ExternalID":            func(c *Change) { c.After.ExternalID = "u" },
		"who is disabled":           func(c *Change) { c.After.Disabled = true },
		"from when":                 func(c *Change) { c.After.ValidFrom = time.Unix(1, 2) },
		"until when":                func(c *Change) { c.After.ValidUntil = time.Unix(1, 2) },
		"the moment":                func(c *Change) { c.After.ValidUntil = time.Unix(1, 3) },
		"a value":                   func(c *Change) { c.After.Attributes["title"] = []string{"d"} },
		"a value more":              func(c *Change) { c.After.Attributes["title"] = []string{"c", ""} },
		"two values made of one":    func(c *Change) { c.Before.Attributes["title"] = []string{"ab"} },
		"an attribute":              func(c *Change) { delete(c.After.Attributes, "phone") },
		"a value that changes side": func(c *Change) { c.Before.Attributes["phone"], c.After.Attributes["phone"] = []string{"1"}, nil },
		"a reference":               func(c *Change) { c.After.Refs["manager"] = c.After.Refs["manager"][:1] },
		"whom it adds":              func(c *Change) { c.Add["manager"][0].Source = "p" },
		"one whom it adds":          func(c *Change) { c.Add["manager"] = c.Add["manager"][:1] },
		"whom it removes":           func(c *Change) { c.Remove["manager"][0].Target = "p" },
		"the name of references":    func(c *Change) { c.Add["boss"] = c.Add["manager"]; delete(c.Add, "manager") },
		"how many there were":       func(c *Change) { c.Had["manager"] = 2 },
	} {
		got := of(change)
		require.NotContains(t, seen, got, "%s is as %s", name, seen[got])
		seen[got] = name
	}
	creation := func(target ID) string {
		w := essenceWriter{}
		w.change(&Change{Op: Create, Link: Link{Kind: User, Source: "s", Target: target}, After: &Record{Kind: User}})
		return string(w.dst)
	}
	require.Equal(t, creation(""), creation("made meanwhile"))
	zoned := func(zone *time.Location) string {
		return of(func(c *Change) { c.After.ValidFrom = time.Unix(1, 2).In(zone) })
	}
	require.Equal(t, zoned(time.UTC), zoned(time.FixedZone("x", 3600)))
}

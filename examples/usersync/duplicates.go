package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// What of a record must be its own besides the attributes of policy.unique.
const (
	ownID         = "ID in the source"
	ownExternalID = "ExternalID"
)

// mostAlike is how many records are named that have something in common.
const mostAlike = 5

// duplicates find records of one kind that would have in common what must be one record's. They hold no values that could be printed
// by mistake but in the keys of holders.
type duplicates struct {
	kind    provisioning.Kind
	names   []string
	holders map[string]map[string][]provisioning.ID // by name and folded value
}

// duplicates looks for what policy.unique says, and for what no service takes twice.
func (j *job) duplicates(kind provisioning.Kind) *duplicates {
	d := &duplicates{kind: kind, names: j.config.Policy.Unique.values(), holders: map[string]map[string][]provisioning.ID{}}
	if name := "userName"; kind == provisioning.User && !slices.Contains(d.names, name) {
		d.names = append(d.names, name)
	}
	return d
}

// read notes a record of the source.
func (d *duplicates) read(id provisioning.ID) { d.note(ownID, string(id), id) }

// wanted notes what the target shall have of a record. Who is disabled is left out: they need have no account.
func (d *duplicates) wanted(id provisioning.ID, r *provisioning.Record) {
	if r.ExternalID != "" && r.ExternalID != id {
		d.note(ownExternalID, string(r.ExternalID), id)
	}
	if r.Disabled {
		return
	}
	for _, name := range d.names {
		for _, v := range r.Attributes[name] {
			d.note(name, strings.ToLower(strings.TrimSpace(v)), id)
		}
	}
}

func (d *duplicates) note(name, value string, id provisioning.ID) {
	if value == "" {
		return
	}
	if d.holders[name] == nil {
		d.holders[name] = map[string][]provisioning.ID{}
	}
	// One record may have a value twice, and then it gives it at once.
	if all := d.holders[name][value]; name == ownID || len(all) == 0 || all[len(all)-1] != id {
		d.holders[name][value] = append(all, id)
	}
}

// notes name the records, and never the values.
func (d *duplicates) notes() []string {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(d.holders)) {
		var alike [][]provisioning.ID
		for _, all := range d.holders[name] {
			if len(all) > 1 {
				alike = append(alike, all)
			}
		}
		slices.SortFunc(alike, slices.Compare)
		for i, all := range alike {
			if i == mostTried {
				notes = append(notes, fmt.Sprintf("... and so for %d more values of %s", len(alike)-i, name))
				break
			}
			notes = append(notes, d.text(name, all))
		}
	}
	return notes
}

func (d *duplicates) text(name string, all []provisioning.ID) string {
	if name == ownID {
		return fmt.Sprintf("the source gives %d %s with the ID %s, which must be one's", len(all), plural(string(d.kind), len(all)), all[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s would get the same %s, which must be one's:", len(all), plural(string(d.kind), len(all)), name)
	for i, id := range all {
		if i == mostAlike {
			fmt.Fprintf(&b, " and %d more", len(all)-i)
			break
		}
		fmt.Fprintf(&b, " %s", id)
	}
	return b.String()
}

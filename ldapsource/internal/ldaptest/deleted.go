package ldaptest

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// showRecycled is the control that shows what was deleted, and what became of that later.
const showRecycled = "1.2.840.113556.1.4.2064"

// EnableRecycleBin lets deleted entries keep what they have until they are recycled (MS-ADTS section 3.1.1.5.5.1.2).
func (d *Directory) EnableRecycleBin() {
	d.Root["supportedControl"] = append(slices.Clone(d.Root["supportedControl"]), showRecycled)
}

func (d *Directory) recycles() bool { return slices.Contains(d.Root["supportedControl"], showRecycled) }

// A link is a value of another entry that leads to a deleted one.
type link struct {
	from      *Entry
	attribute string
}

// Delete makes a tombstone of an entry, or puts it into the recycle bin. Links to it go, which is no change of the entries that
// have them.
func (d *Directory) Delete(name string) {
	e := d.Put(name, nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, other := range d.entries {
		for _, attribute := range []string{"member", "manager"} {
			kept := slices.DeleteFunc(slices.Clone(other.Attributes[attribute]), func(v string) bool { return d.find(v) == e })
			if len(kept) < len(other.Attributes[attribute]) {
				other.Attributes[attribute] = kept
				e.links = append(e.links, link{other, attribute})
			}
		}
	}
	rdn, parent, _ := strings.Cut(e.DN, ",")
	d.rename(e, rdn+`\0ADEL:`+e.GUID.String()+",CN=Deleted Objects,"+d.Base)
	e.Deleted, e.deleted = true, d.usn
	if !d.recycles() {
		e.Attributes = map[string][]string{"objectClass": e.Attributes["objectClass"], "isDeleted": {"TRUE"}}
		return
	}
	_, value, _ := strings.Cut(rdn, "=")
	e.Attributes["isDeleted"], e.Attributes["lastKnownParent"], e.Attributes["msDS-LastKnownRDN"] = []string{"TRUE"}, []string{parent}, []string{value}
}

// Recycle takes from a deleted entry what it still has: it can no longer be restored.
func (d *Directory) Recycle(e *Entry) {
	d.Put(e.DN, nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	e.links = nil
	e.Attributes = map[string][]string{"objectClass": e.Attributes["objectClass"], "isDeleted": {"TRUE"}, "isRecycled": {"TRUE"},
		"lastKnownParent": e.Attributes["lastKnownParent"]}
}

// Restore takes an entry out of the recycle bin, with its links.
func (d *Directory) Restore(e *Entry) {
	d.Put(e.DN, nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rename(e, "CN="+e.Attributes["msDS-LastKnownRDN"][0]+","+e.Attributes["lastKnownParent"][0])
	for _, name := range []string{"isDeleted", "lastKnownParent", "msDS-LastKnownRDN"} {
		delete(e.Attributes, name)
	}
	e.Deleted, e.deleted = false, d.usn
	for _, l := range e.links {
		l.from.Attributes[l.attribute] = append(slices.Clone(l.from.Attributes[l.attribute]), e.DN)
	}
	e.links = nil
}

// Entry gives an entry by its name.
func (d *Directory) Entry(name string) *Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.find(name)
}

// hidden reports whether a search does not see an entry because it is deleted.
func (e *Entry) hidden(q *Search) bool {
	_, deleted := q.Controls[ldap.ControlTypeMicrosoftShowDeleted]
	_, recycled := q.Controls[showRecycled]
	switch {
	case e.Attributes["isRecycled"] != nil:
		return !recycled
	case e.Attributes["isDeleted"] != nil:
		return !deleted && !recycled
	}
	return false
}

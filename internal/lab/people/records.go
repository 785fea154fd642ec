package people

import "io"

// A Record is an entry as a directory server is told it.
type Record struct {
	// Key stays the same as long as the entry is there: its login name, or the name of its group.
	Key string
	DN  string
	// Attributes are those that people write, with their values in order.
	Attributes map[string][]string
}

// Records gives the entries as an OpenLDAP server is told them, or an Active Directory.
func (c *Company) Records(activeDirectory bool) []*Record {
	var all []*Record
	byDN := map[string]*Record{}
	var at *Record
	w := newLDIF(io.Discard)
	w.record = func(name, value string) {
		switch name {
		case "dn":
			if at = byDN[value]; at == nil { // nesting comes in a second part
				at = &Record{DN: value, Attributes: map[string][]string{}}
				byDN[value] = at
				all = append(all, at)
			}
		case "changetype", "add", "memberOf", "entryUUID", "createTimestamp", "modifyTimestamp", "userPassword", "unicodePwd":
			// what a server works out, or what is no matter of a day
		default:
			at.Attributes[name] = append(at.Attributes[name], value)
		}
	}
	if activeDirectory {
		c.writeSamba(w)
	} else {
		c.writeLDAP(w, false)
	}
	for _, r := range all {
		r.Key = r.DN
		for _, name := range []string{"cn", "uid", "sAMAccountName"} {
			if v := r.Attributes[name]; v != nil {
				r.Key = name + "=" + v[0]
			}
		}
	}
	return all
}

package ldapsource

import (
	"encoding/binary"
	"strconv"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/table"
)

// membersName is what the members of a group are called in Record.Refs.
const membersName = "members"

// A graph tells which group holds whom, by the keys of their names: 16 bytes a membership, of which up to 512 of each
// group are in memory and the others in a file, and some 200 bytes a group. With it, nested membership is worked out here; a server asked for it
// (LDAP_MATCHING_RULE_IN_CHAIN) goes through everything each time.
type graph struct {
	index   *index
	members map[table.Key]*keyList
	primary map[table.Key]*keyList // those whose primary group it is, who are not among its members
	bySID   map[string]table.Key
	log     *table.Log
	o       table.Options
	// hidden are groups whose members nobody knows; missed tells that one of them was needed.
	hidden map[table.Key]bool
	missed bool
}

func newGraph(x *index, o table.Options) *graph {
	return &graph{index: x, members: map[table.Key]*keyList{}, primary: map[table.Key]*keyList{}, bySID: map[string]table.Key{},
		log: table.NewLog(o), o: o}
}

// A keyList is a list of keys in pieces, all but the last of which are in a log.
type keyList struct {
	places []int64
	last   []table.Key
}

// piece is how many keys there are in one place, at most.
const piece = 512

func (l *keyList) add(to *table.Log, k table.Key) {
	if len(l.last) == piece {
		b := make([]byte, 0, 16*piece)
		for _, k := range l.last {
			b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, k[0]), k[1])
		}
		l.places, l.last = append(l.places, to.Append(b)), l.last[:0]
	}
	l.last = append(l.last, k)
}

// all gives every key to f, until that wants no more.
func (l *keyList) all(from *table.Log, f func(table.Key) bool) {
	if l == nil {
		return
	}
	var b [16 * piece]byte
	for _, at := range l.places {
		from.Read(b[:], at)
		for i := 0; i < len(b); i += 16 {
			if !f(table.Key{binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+8:])}) {
				return
			}
		}
	}
	for _, k := range l.last {
		if !f(k) {
			return
		}
	}
}

// hiddenMembers is the name of an attribute that says that nobody knows the members of a group. No directory has it.
const hiddenMembers = "usersync;hidden-members"

// addGroup takes in the group with the form of its name.
func (g *graph) addGroup(form []byte, e *entry.Entry, r *rules) {
	group := g.index.key(form)
	list := &keyList{}
	var member []byte
	for i := range e.Attributes {
		ref := r.reference(e.Attributes[i].Name)
		if ref == nil || ref.Name != membersName {
			continue
		}
		for _, v := range e.Attributes[i].Values {
			var err error
			if ref.By != "" {
				list.add(g.log, g.index.valueKey(ref.By, v))
			} else if member, err = dn.Append(member[:0], ref.nameOf(v).name); err == nil && len(member) > 0 {
				list.add(g.log, g.index.key(member))
			}
		}
	}
	if e.Has(hiddenMembers) {
		g.hide(form)
	}
	g.members[group] = list
	if sid := e.First("objectSid"); sid != "" {
		g.bySID[sid] = group
	}
}

// addPrimary takes in whose primary group is which (MS-ADTS section 3.1.1.1.4: a RID of the account's own domain).
func (g *graph) addPrimary(form []byte, e *entry.Entry) {
	sid := e.First("objectSid")
	rid, err := strconv.ParseUint(e.First("primaryGroupID"), 10, 32)
	if err != nil || len(sid) < 12 {
		return
	}
	group, ok := g.bySID[string(binary.LittleEndian.AppendUint32([]byte(sid[:len(sid)-4]), uint32(rid)))]
	if !ok {
		return
	}
	if g.primary[group] == nil {
		g.primary[group] = &keyList{}
	}
	g.primary[group].add(g.log, g.index.key(form))
}

// within gives the keys of all that are in some groups, directly or through others, the groups among them too; each to
// f, when that is not nil. Groups may hold each other. The table must be closed.
func (g *graph) within(f func(table.Key), groups ...table.Key) *table.Table {
	seen := table.New(0, g.o)
	g.missed = false
	todo := append([]table.Key{}, groups...)
	add := func(m table.Key) bool {
		if seen.Has(m) {
			return true
		}
		seen.Put(m, nil)
		if f != nil {
			f(m)
		}
		if _, nested := g.members[m]; nested {
			todo = append(todo, m)
		}
		return true
	}
	for len(todo) > 0 {
		group := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		g.missed = g.missed || g.hidden[group]
		g.primary[group].all(g.log, add)
		g.members[group].all(g.log, add)
	}
	return seen
}

// above adds to some groups those that hold one of them, directly or through others.
func (g *graph) above(groups map[table.Key]bool) {
	for grown := true; grown; {
		grown = false
		for group, members := range g.members {
			if groups[group] {
				continue
			}
			members.all(g.log, func(m table.Key) bool {
				if groups[m] {
					groups[group], grown = true, true
				}
				return !groups[m]
			})
		}
	}
}

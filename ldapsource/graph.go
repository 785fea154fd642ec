package ldapsource

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

// membersName is what the members of a group are called in Record.Refs.
const membersName = "members"

// A graph tells which group holds whom, by the keys of their names: 16 bytes a membership. With it, nested
// membership is worked out here; a server asked for it (LDAP_MATCHING_RULE_IN_CHAIN) goes through everything each time.
type graph struct {
	index   *index
	members map[nameKey][]nameKey
	primary map[nameKey][]nameKey // those whose primary group it is, who are not among its members
	bySID   map[string]nameKey
}

func newGraph(x *index) *graph {
	return &graph{x, map[nameKey][]nameKey{}, map[nameKey][]nameKey{}, map[string]nameKey{}}
}

// addGroup takes in the group with the form of its name.
func (g *graph) addGroup(form []byte, e *entry.Entry, r *rules) {
	group := g.index.key(form)
	list := g.members[group][:0]
	var member []byte
	for i := range e.Attributes {
		ref := r.reference(e.Attributes[i].Name)
		if ref == nil || ref.Name != membersName {
			continue
		}
		for _, v := range e.Attributes[i].Values {
			var err error
			if member, err = dn.Append(member[:0], parseExtended(v).name); err == nil && len(member) > 0 {
				list = append(list, g.index.key(member))
			}
		}
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
	if ok {
		g.primary[group] = append(g.primary[group], g.index.key(form))
	}
}

// within gives the keys of all that are in some groups, directly or through others, the groups among them too. Groups
// may hold each other.
func (g *graph) within(groups ...nameKey) map[nameKey]bool {
	seen := map[nameKey]bool{}
	todo := slices.Clone(groups)
	for len(todo) > 0 {
		group := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, m := range g.primary[group] {
			seen[m] = true
		}
		for _, m := range g.members[group] {
			if seen[m] {
				continue
			}
			seen[m] = true
			if _, nested := g.members[m]; nested {
				todo = append(todo, m)
			}
		}
	}
	return seen
}

// above adds to some groups those that hold one of them, directly or through others.
func (g *graph) above(groups map[nameKey]bool) {
	for grown := true; grown; {
		grown = false
		for group, members := range g.members {
			if !groups[group] && slices.ContainsFunc(members, func(m nameKey) bool { return groups[m] }) {
				groups[group], grown = true, true
			}
		}
	}
}

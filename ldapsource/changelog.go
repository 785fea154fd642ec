package ldapsource

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// changelog is the retro changelog of 389 Directory Server (draft-good-ldap-changelog-04): changes by number, the
// oldest of which are trimmed. Each server counts for itself. A place is the number of the last change, and its time,
// which tells a changelog that was made anew.
type changelog struct{}

func (changelog) local() bool { return true }

func (changelog) begin(ctx context.Context, d *deltas) (string, error) {
	base := d.conn.root.entry.First("changelog")
	if base == "" {
		return "", fmt.Errorf("the root DSE names no changelog: %w", errNotOffered)
	}
	if err := d.wantID("nsUniqueId"); err != nil {
		return "", err
	}
	e, err := d.one(ctx, base, "objectClass")
	if err != nil {
		return "", err
	}
	if e == nil {
		return "", fmt.Errorf("the account may not read %s; give it an ACI to read, search and compare there: %w", base, errNotOffered)
	}
	name, err := d.identity(ctx)
	return d.conn.server.address + " " + name, err
}

func (changelog) place(ctx context.Context, d *deltas) (map[string]string, error) {
	last := d.conn.root.entry.First("lastchangenumber")
	if last == "" {
		last = "0" // nothing was written yet
	}
	at, err := d.changeTime(ctx, last)
	return map[string]string{"": last, "time": at}, err
}

// changeTime gives the time of a change; "" when it is not there.
func (d *deltas) changeTime(ctx context.Context, number string) (string, error) {
	e, err := d.one(ctx, "changenumber="+number+","+d.conn.root.entry.First("changelog"), "changeTime")
	if err != nil || len(e["changeTime"]) == 0 {
		return "", err
	}
	return e["changeTime"][0], nil
}

func (h changelog) changes(ctx context.Context, d *deltas, since map[string]string) (map[string]string, error) {
	next, err := h.place(ctx, d)
	if err != nil {
		return nil, err
	}
	from, err1 := strconv.ParseInt(since[""], 10, 64)
	to, err2 := strconv.ParseInt(next[""], 10, 64)
	first, err3 := strconv.ParseInt(d.conn.root.entry.First("firstchangenumber"), 10, 64)
	if err3 != nil {
		first = 1
	}
	switch {
	case err1 != nil || err2 != nil || to < from:
		return nil, expired("the changelog was made anew")
	case first > from+1:
		return nil, expired("the changelog begins with change %d; change %d was trimmed", first, from+1)
	}
	if first <= from {
		if at, err := d.changeTime(ctx, since[""]); err != nil {
			return nil, err
		} else if at != since["time"] {
			return nil, expired("the changelog was made anew")
		}
	}
	if to == from {
		return next, nil
	}
	return next, d.readChangelog(ctx, from, to)
}

// readChangelog notes what changed after one change, up to another.
func (d *deltas) readChangelog(ctx context.Context, from, to int64) error {
	seen := map[string]bool{}
	names := map[string]mark{}
	req := wire.Request{Scope: ldap.ScopeSingleLevel, Attributes: []string{"changeNumber", "changeType", "targetUniqueId", "targetDn", "newRdn", "newSuperior"},
		Filter: combine(ldap.FilterGreaterOrEqual, octets("changeNumber"), octets(strconv.FormatInt(from+1, 10)))}
	err := d.eachBelow(ctx, []string{d.conn.root.entry.First("changelog")}, req, func(e *entry.Entry) error {
		seen[e.First("changeNumber")] = true
		return d.takeChange(e, names)
	})
	if err != nil {
		return err
	}
	for n := from + 1; n <= to; n++ {
		if !seen[strconv.FormatInt(n, 10)] {
			return expired("change %d is not in the changelog, or the account may not read it", n)
		}
	}
	// An entry that is no longer called so was renamed or deleted by another change, which was seen.
	for name, m := range names {
		e, err := d.one(ctx, name, d.rules.ID)
		if err != nil {
			return err
		}
		for _, v := range e[d.rules.ID] {
			id, err := decode(v, UUID)
			if err != nil {
				return err
			}
			d.note(provisioning.ID(id), m)
		}
	}
	return nil
}

// takeChange notes whose a change is, by its ID if the changelog has it, else by its name.
func (d *deltas) takeChange(e *entry.Entry, names map[string]mark) error {
	number, kind, m := e.First("changeNumber"), strings.ToLower(e.First("changeType")), changed
	if kind == "modrdn" || kind == "moddn" {
		m |= renamed
	}
	if kind == "delete" || m&renamed != 0 {
		d.former = append(d.former, e.First("targetDn"))
	}
	if id, err := decode(e.First("targetUniqueId"), UUID); err == nil {
		d.note(provisioning.ID(id), m)
		return nil
	}
	name, err := ldap.ParseDN(e.First("targetDn"))
	if err != nil || len(name.RDNs) == 0 {
		return expired("change %s does not tell whose it is", number)
	}
	switch {
	case kind == "delete":
		return expired("change %s does not tell the ID of what it deleted; let the retro changelog plug-in keep it "+
			"(nsslapd-attribute: nsuniqueid:targetUniqueId)", number)
	case m&renamed == 0:
		names[e.First("targetDn")] |= m
	default:
		parent := e.First("newSuperior")
		if parent == "" {
			parent = (&ldap.DN{RDNs: name.RDNs[1:]}).String()
		}
		names[e.First("newRdn")+","+parent] |= m
	}
	return nil
}

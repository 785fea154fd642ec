package ldapsource

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
)

// usn compares update sequence numbers (MS-ADTS section 3.1.1.1.9). Each domain controller counts for itself, and anew
// when its database is restored, which its invocationId tells.
type usn struct{}

func (usn) local() bool { return true }

func (usn) begin(ctx context.Context, d *deltas) (string, error) {
	if d.conn.root.entry.First("highestCommittedUSN") == "" {
		return "", fmt.Errorf("the root DSE has no highestCommittedUSN: %w", errNotOffered)
	}
	if err := d.wantID("objectGUID"); err != nil {
		return "", err
	}
	for _, part := range d.parts {
		if err := d.seesDeleted(ctx, part); err != nil {
			return "", err
		}
	}
	return d.controller(ctx)
}

// controller gives the identity of the domain controller and of its database.
func (d *deltas) controller(ctx context.Context) (string, error) {
	service := d.conn.root.entry.First("dsServiceName")
	if service == "" {
		return "", fmt.Errorf("the root DSE has no dsServiceName: %w", errNotOffered)
	}
	e, err := d.one(ctx, service, "invocationId")
	if err != nil {
		return "", err
	}
	if len(e["invocationId"]) != 1 {
		return "", fmt.Errorf("the account may not read the invocationId of %s: %w", service, errNotOffered)
	}
	return service + " " + hex.EncodeToString([]byte(e["invocationId"][0])), nil
}

func (usn) place(_ context.Context, d *deltas) (map[string]string, error) {
	return map[string]string{"": d.conn.root.entry.First("highestCommittedUSN")}, nil
}

func (h usn) changes(ctx context.Context, d *deltas, since map[string]string) (map[string]string, error) {
	if err := d.fresh(ctx); err != nil {
		return nil, err
	}
	// The root DSE was read before the search, so that what is written meanwhile is seen again.
	next, err := h.place(ctx, d)
	if err != nil {
		return nil, err
	}
	from, err1 := strconv.ParseInt(since[""], 10, 64)
	to, err2 := strconv.ParseInt(next[""], 10, 64)
	if err1 != nil || err2 != nil || to < from {
		return nil, expired("the domain controller counts less than before: its database was restored")
	}
	if to == from {
		return next, nil
	}
	req := wire.Request{Scope: ldap.ScopeWholeSubtree, Attributes: []string{d.rules.ID, "replPropertyMetaData", "isDeleted"},
		Filter:   combine(ldap.FilterGreaterOrEqual, octets("uSNChanged"), octets(strconv.FormatInt(from+1, 10))),
		Controls: append(d.controls(), showDeleted(d.conn.root)...)}
	return next, d.eachBelow(ctx, d.parts, req, func(e *entry.Entry) error {
		id, err := d.rules.id(e)
		if err != nil {
			return nil
		}
		m := changed
		stamps := e.First("replPropertyMetaData")
		if since, ok := stampedSince(stamps, attributeName, uint64(from)); since || !ok {
			m |= renamed
		}
		if since, _ := stampedSince(stamps, attributeIsDeleted, uint64(from)); since && !strings.EqualFold(e.First("isDeleted"), "TRUE") {
			m |= restored
		}
		d.note(id, m)
		return nil
	})
}

// Numbers of attributes in every schema (MS-ADTS section 3.1.1.2.6).
const (
	attributeName      = 0x00090001 // stamped whenever an entry gets another name or another place
	attributeIsDeleted = 0x00020030
)

// stampedSince reports whether an attribute of an entry was written after an update sequence number, by what each of
// them was stamped with: replPropertyMetaData, as it is stored; and whether that tells.
func stampedSince(stamps string, attribute uint32, usn uint64) (since, ok bool) {
	const header, size = 16, 48
	b := []byte(stamps)
	if len(b) < header || binary.LittleEndian.Uint32(b) != 1 {
		return false, false
	}
	n := binary.LittleEndian.Uint32(b[8:])
	for b = b[header:]; n > 0 && len(b) >= size; n-- {
		if binary.LittleEndian.Uint32(b) == attribute {
			return binary.LittleEndian.Uint64(b[40:]) > usn, true
		}
		b = b[size:]
	}
	return false, false
}

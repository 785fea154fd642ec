package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// dirSync is the replication stream of Active Directory (MS-ADTS section 3.1.1.3.4.1.3), of whole naming contexts. Only the
// values of links that changed are asked for (LDAP_DIRSYNC_INCREMENTAL_VALUES), so that a group of 100,000 costs little.
type dirSync struct{ flags int64 }

// now runs through the whole history with a filter that nothing matches, for the cookie alone.
func (h dirSync) now(ctx context.Context, p *pass) (place, error) {
	return h.run(ctx, p, place{}, equals(p.rules.ID, strings.Repeat("\x00", 16)), nil)
}

func (h dirSync) since(ctx context.Context, p *pass, from place, touch func(provisioning.ID)) (place, error) {
	if time.Since(from.At) > lifetime {
		return place{}, expired("the cursor is older than removals are remembered")
	}
	to, err := h.run(ctx, p, from, presentFilter, touch)
	var result *ResultError
	if errors.As(err, &result) && (result.Code == ldap.LDAPResultUnwillingToPerform || result.Code == ldap.LDAPResultProtocolError ||
		result.Code == ldap.LDAPResultOperationsError) {
		return place{}, fmt.Errorf("%w: %w", err, provisioning.ErrCursorExpired)
	}
	return to, err
}

// run reads each naming context to its end.
func (h dirSync) run(ctx context.Context, p *pass, from place, filter *ber.Packet, touch func(provisioning.ID)) (place, error) {
	to := place{Cookies: map[string][]byte{}}
	for _, nc := range p.contexts() {
		cookie, ok := from.Cookies[nc]
		if !ok && touch != nil {
			return place{}, expired("the cursor is of another domain")
		}
		for more := true; more; {
			control := ldap.NewRequestControlDirSync(h.flags|ldap.DirSyncIncrementalValues, 1<<20, cookie)
			req := wire.Request{Base: nc, Scope: ldap.ScopeWholeSubtree, Filter: filter, Attributes: p.interests(), Controls: []ldap.Control{control}}
			before := string(cookie)
			err := p.all(ctx, req, func(m *wire.Message) error {
				switch {
				case m.Entry != nil && touch != nil:
					if id, err := p.rules.id(m.Entry); err == nil {
						touch(id)
					}
				case m.Done != nil:
					var err error
					more, cookie, err = dirSyncResult(m)
					return err
				}
				return nil
			})
			if err != nil {
				return place{}, err
			}
			if more && string(cookie) == before {
				return place{}, fmt.Errorf("%w: the server says that there are more changes, and does not give them", ErrIncomplete)
			}
		}
		to.Cookies[nc] = cookie
	}
	return to, nil
}

// interests are the attributes whose changes matter: all, when all are read.
func (p *pass) interests() []string {
	if len(p.options.Attributes) == 0 {
		return nil
	}
	list := []string{"objectGUID", "isDeleted", "name", "objectSid"}
	for k, kind := range p.rules.order {
		list = append(list, newShape(p.rules, &p.options, kind).attributes()...)
		list = append(list, p.rules.kinds[k].Attributes()...)
	}
	return list
}

// dirSyncResult reads the control of the last answer.
func dirSyncResult(m *wire.Message) (more bool, cookie []byte, err error) {
	value, ok := m.Control(ldap.ControlTypeDirSync)
	if !ok {
		return false, nil, fmt.Errorf("%w: the server ended DirSync without a cookie", ErrIncomplete)
	}
	n, cookie, err := wire.DirSync(value)
	return n != 0, cookie, err
}

package ldapsource

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// syncrepl is content synchronization (RFC 4533) in its mode refreshOnly. It asks for everything in the naming
// context, and not for the scope alone, so that what is moved out is a change, and not up to the server to find. A
// place is a cookie.
type syncrepl struct{}

func (syncrepl) local() bool { return false }

func (syncrepl) begin(ctx context.Context, d *deltas) (string, error) {
	if !d.conn.root.supports(ldap.ControlTypeSyncRequest) {
		return "", fmt.Errorf("the server does not offer content synchronization: %w", errNotOffered)
	}
	if d.options.Increments == BestIncrements && d.conn.root.dialect().Name == DirectoryServer389().Name {
		return "", fmt.Errorf("389 Directory Server loses changes there: %w", errNotOffered)
	}
	if !strings.EqualFold(d.rules.ID, "nsUniqueId") { // which is what stands for it there
		if err := d.wantID("entryUUID"); err != nil {
			return "", err
		}
	}
	return d.identity(ctx)
}

// place makes the cookie of OpenLDAP of the contextCSN. From any other server it is got by a refresh without one,
// which gives everything.
func (syncrepl) place(ctx context.Context, d *deltas) (map[string]string, error) {
	places := map[string]string{}
	for _, part := range d.parts {
		e, err := d.one(ctx, part, "contextCSN")
		if err != nil {
			return nil, err
		}
		if list := e["contextCSN"]; len(list) > 0 {
			places[part] = "rid=000,csn=" + strings.Join(list, ";")
			continue
		}
		if d.options.Increments == BestIncrements {
			return nil, fmt.Errorf("%s has no contextCSN that the account may read; is the overlay syncprov configured? %w", part, errNotOffered)
		}
		s := &refresh{}
		if err := d.refresh(ctx, part, s); err != nil {
			return nil, err
		}
		if s.cookie == "" {
			return nil, fmt.Errorf("the server gives no cookie for %s: %w", part, errNotOffered)
		}
		places[part] = s.cookie
	}
	return places, nil
}

func (syncrepl) changes(ctx context.Context, d *deltas, since map[string]string) (map[string]string, error) {
	places := map[string]string{}
	for _, part := range d.parts {
		if since[part] == "" {
			return nil, expired("it has no place in %s", part)
		}
		s := &refresh{cookie: since[part], note: func(id provisioning.ID) { d.note(id, changed|unclear) }}
		err := d.refresh(ctx, part, s)
		// That the server does not know this place (e-syncRefreshRequired), has gone back behind it, or may not say so
		// much in one answer, a full read mends.
		if isResult(err, ldap.LDAPResultSyncRefreshRequired, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultSizeLimitExceeded,
			ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultAdminLimitExceeded) {
			return nil, expired("the server refuses it: %v", err)
		}
		if err != nil {
			return nil, err
		}
		places[part] = s.cookie
	}
	return places, nil
}

// refresh asks for what changed since the cookie of s.
func (d *deltas) refresh(ctx context.Context, part string, s *refresh) error {
	req := wire.Request{Base: part, Scope: ldap.ScopeWholeSubtree, Filter: presentFilter, Attributes: []string{"1.1"},
		Controls: []ldap.Control{ldap.NewControlSyncRequest(ldap.SyncRequestModeRefreshOnly, []byte(s.cookie), false)}}
	return d.search(ctx, d.conn, &req, func(m *wire.Message) error {
		if m.Referrals != nil {
			return d.reference(part, m.Referrals)
		}
		return s.take(m)
	})
}

// A refresh is one answer. In its delete phase the server names what is gone; in its present phase it names what
// is still there, and everything else is gone (section 3.3). To know who that is takes all the IDs from
// before, which are not kept: 16 bytes of each entry would be more than a cursor should hold, and a full read, which
// then follows, costs little more than a present phase.
type refresh struct {
	cookie string
	note   func(provisioning.ID) // nil: of no interest
}

// errPresent ends a refresh.
var errPresent = expired("the server does not know what was deleted since (its session log is too short, or was lost when it was restarted)")

func (s *refresh) take(m *wire.Message) error {
	switch {
	case m.Entry != nil:
		value, ok := m.Control(ldap.ControlTypeSyncState)
		state, err := wire.ReadSyncState(value)
		if !ok || err != nil {
			return fmt.Errorf("%w: an entry without its synchronization state", ErrProtocol)
		}
		return s.entry(&state)
	case m.Intermediate != nil && m.Intermediate.OID == ldap.ControlTypeSyncInfo:
		info, err := wire.ReadSyncInfo(m.Intermediate.Value)
		if err != nil {
			return err
		}
		return s.info(&info)
	case m.Done != nil:
		value, ok := m.Control(ldap.ControlTypeSyncDone)
		cookie, deletes, err := wire.SyncDone(value)
		if !ok || err != nil {
			return fmt.Errorf("%w: the server did not say how the synchronization ended", ErrIncomplete)
		}
		if s.note != nil && !deletes {
			return errPresent
		}
		if cookie != "" {
			s.cookie = cookie
		}
	}
	return nil
}

func (s *refresh) entry(state *wire.SyncState) error {
	if s.note == nil {
		return nil
	}
	if state.State == wire.SyncPresent {
		return errPresent
	}
	s.note(provisioning.ID(adtype.GUID(state.UUID).String()))
	return nil
}

func (s *refresh) info(info *wire.SyncInfo) error {
	if s.note == nil {
		return nil
	}
	if info.Present {
		return errPresent
	}
	for _, uuid := range info.UUIDs {
		s.note(provisioning.ID(adtype.GUID(uuid).String()))
	}
	return nil
}

package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// syncrepl is content synchronisation (RFC 4533), in refreshOnly mode.
type syncrepl struct{}

// now synchronises content that is empty, for the cookie alone.
func (h syncrepl) now(ctx context.Context, p *pass) (place, error) {
	return h.run(ctx, p, place{}, equals(p.rules.ID, "00000000-0000-0000-0000-000000000000"), nil)
}

func (h syncrepl) since(ctx context.Context, p *pass, from place, touch func(provisioning.ID)) (place, error) {
	any := anyOf()
	for _, f := range p.rules.kinds {
		any.AppendChild(f.Packet())
	}
	return h.run(ctx, p, from, any, touch)
}

func (h syncrepl) run(ctx context.Context, p *pass, from place, filter *ber.Packet, touch func(provisioning.ID)) (place, error) {
	to := place{Cookies: map[string][]byte{}}
	for _, base := range p.bases {
		cookie, ok := from.Cookies[base]
		if !ok && touch != nil {
			return place{}, expired("the cursor is of another base")
		}
		s := &session{cookie: string(cookie), named: true, touch: touch}
		req := wire.Request{Base: base, Scope: ldap.ScopeWholeSubtree, Filter: filter, Attributes: []string{p.rules.ID},
			Controls: []ldap.Control{ldap.NewControlSyncRequest(ldap.SyncRequestModeRefreshOnly, cookie, false)}}
		err := p.all(ctx, req, s.message)
		var result *ResultError
		if errors.As(err, &result) && (result.Code == ldap.LDAPResultSyncRefreshRequired || result.Code == ldap.LDAPResultUnavailableCriticalExtension && touch != nil) {
			return place{}, fmt.Errorf("%w: %w", err, provisioning.ErrCursorExpired)
		}
		if errors.As(err, &result) && result.Code == ldap.LDAPResultUnavailableCriticalExtension {
			return place{}, fmt.Errorf("%w: %w", err, errUnsupportedHistory)
		}
		if err != nil {
			return place{}, err
		}
		if touch != nil && !s.named {
			return place{}, expired("the server no longer knows what was removed since (syncprov-sessionlog is too short), and named what is left instead")
		}
		if s.cookie == "" {
			return place{}, fmt.Errorf("the server gave no cookie: %w", errUnsupportedHistory)
		}
		to.Cookies[base] = []byte(s.cookie)
	}
	return to, nil
}

// session is one synchronisation. Either the server names what was removed (delete phase), or it names all that is
// still there (present phase), from which nobody can tell what is gone who does not know what there was.
type session struct {
	cookie string
	named  bool
	touch  func(provisioning.ID)
}

func (s *session) message(m *wire.Message) error {
	switch {
	case m.Entry != nil:
		value, ok := m.Control(ldap.ControlTypeSyncState)
		if !ok {
			return fmt.Errorf("%w: an entry without its state", ErrProtocol)
		}
		state, err := wire.ReadSyncState(value)
		if err != nil {
			return err
		}
		if state.State == wire.SyncPresent {
			s.named = false
		} else if s.touch != nil {
			s.touch(provisioning.ID(adtype.GUID(state.UUID).String()))
		}
	case m.Intermediate != nil && m.Intermediate.OID == ldap.ControlTypeSyncInfo:
		info, err := wire.ReadSyncInfo(m.Intermediate.Value)
		if err != nil {
			return err
		}
		if info.Cookie != "" {
			s.cookie = info.Cookie
		}
		if info.Present {
			s.named = false
		}
		if info.Deletes && s.touch != nil {
			for _, uuid := range info.UUIDs {
				s.touch(provisioning.ID(adtype.GUID(uuid).String()))
			}
		}
	case m.Referrals != nil:
		return fmt.Errorf("%w: a part of the tree is on another server (%.200q)", ErrIncomplete, strings.Join(m.Referrals, " "))
	case m.Done != nil:
		value, ok := m.Control(ldap.ControlTypeSyncDone)
		if !ok {
			return fmt.Errorf("the server does not synchronise (is syncprov configured?): %w", errUnsupportedHistory)
		}
		cookie, deletes, err := wire.SyncDone(value)
		if err != nil {
			return err
		}
		if cookie != "" {
			s.cookie = cookie
		}
		// At its end a refresh says by which phase it told what is gone (section 3.3.1). One that had nothing to tell may leave
		// that open only when the cookie is still the same.
		s.named = s.named && deletes
	}
	return nil
}

// errUnsupportedHistory says that the server has no history after all.
var errUnsupportedHistory = errors.ErrUnsupported

package ldapsource

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// dirSync is the control LDAP_SERVER_DIRSYNC_OID (MS-ADTS section 3.1.1.3.4.1.3). It searches whole naming contexts. A place is
// the flags and the cookie.
//
// A cookie is good for every domain controller: what one has told, another does not tell again. But of an entry
// that changed here and there the other may not have heard all, and what is read there as its whole state would be
// older than what was given before, for ever. So a cursor is of one controller only.
type dirSync struct{}

func (dirSync) local() bool { return true }

func (dirSync) begin(ctx context.Context, d *deltas) (string, error) {
	if !d.conn.root.supports(ldap.ControlTypeDirSync) {
		return "", fmt.Errorf("the server does not offer the control: %w", errNotOffered)
	}
	if err := d.wantID("objectGUID"); err != nil {
		return "", err
	}
	return d.controller(ctx)
}

// dirSyncFlags are the ways to ask, the best first. Without incremental values a group comes with all of its
// members when one is added. With object security the right to replicate is not needed, but that to see what is deleted.
var dirSyncFlags = []int64{
	ldap.DirSyncIncrementalValues, 0,
	ldap.DirSyncIncrementalValues | ldap.DirSyncObjectSecurity, ldap.DirSyncObjectSecurity,
}

// dirSyncRefusals are the answers of servers that do not understand a request, or a cookie.
var dirSyncRefusals = []int{ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultProtocolError, ldap.LDAPResultOperationsError,
	ldap.LDAPResultUnavailableCriticalExtension, ldap.LDAPResultInvalidAttributeSyntax}

// place goes through the history with a filter that nothing matches, for the sake of the cookie.
func (dirSync) place(ctx context.Context, d *deltas) (map[string]string, error) {
	places := map[string]string{}
	way := 0
	for _, part := range d.parts {
		for places[part] == "" {
			flags := dirSyncFlags[way]
			cookie, err := d.dirSync(ctx, part, flags, "", not(presentFilter), nil)
			if err == nil && (flags&ldap.DirSyncObjectSecurity != 0 || d.samba()) {
				if err := d.seesDeleted(ctx, part); err != nil {
					return nil, fmt.Errorf("DirSync would not show deletions: %w", err)
				}
			}
			switch {
			case err == nil:
				places[part] = strconv.FormatInt(flags, 16) + ":" + base64.StdEncoding.EncodeToString([]byte(cookie))
			case isResult(err, ldap.LDAPResultInsufficientAccessRights) && way < 2:
				way = 2
			case isResult(err, dirSyncRefusals...) && way%2 == 0:
				way++ // a server from before Windows Server 2003 knows no incremental values
			case isResult(err, dirSyncRefusals...), isResult(err, ldap.LDAPResultInsufficientAccessRights):
				return nil, fmt.Errorf("%w: %w", errNotOffered, err)
			default:
				return nil, err
			}
		}
	}
	return places, nil
}

func (dirSync) changes(ctx context.Context, d *deltas, since map[string]string) (map[string]string, error) {
	if err := d.fresh(ctx); err != nil {
		return nil, err
	}
	places := map[string]string{}
	for _, part := range d.parts {
		text, cookie, ok := strings.Cut(since[part], ":")
		flags, err1 := strconv.ParseInt(text, 16, 64)
		raw, err2 := base64.StdEncoding.DecodeString(cookie)
		if !ok || err1 != nil || err2 != nil || len(raw) == 0 {
			return nil, expired("it has no place in %s", part)
		}
		next, err := d.dirSync(ctx, part, flags, string(raw), presentFilter, func(e *entry.Entry) error {
			id, err := d.rules.id(e)
			if err != nil {
				return fmt.Errorf("%w: DirSync of %s does not tell whose a change is: %w", ErrIncomplete, part, err)
			}
			m := changed
			if e.Has("name") { // the stamp of every new name and every new place
				m |= renamed
			}
			if e.Has("isDeleted") && !strings.EqualFold(e.First("isDeleted"), "TRUE") {
				m |= restored
			}
			d.note(id, m)
			return nil
		})
		if isResult(err, dirSyncRefusals...) || isResult(err, ldap.LDAPResultInsufficientAccessRights) {
			return nil, expired("the server refuses it: %v", err)
		}
		if err != nil {
			return nil, err
		}
		places[part] = text + ":" + base64.StdEncoding.EncodeToString([]byte(next))
	}
	return places, nil
}

// dirSync asks for what changed in a naming context until there is no more, and gives the new cookie.
func (d *deltas) dirSync(ctx context.Context, part string, flags int64, cookie string, filter *ber.Packet, f func(*entry.Entry) error) (string, error) {
	attributes := d.interests()
	for {
		req := wire.Request{Base: part, Scope: ldap.ScopeWholeSubtree, Filter: filter, Attributes: attributes,
			Controls: []ldap.Control{ldap.NewRequestControlDirSync(flags, 1<<20, []byte(cookie))}}
		next, more := "", false
		err := d.search(ctx, d.conn, &req, func(m *wire.Message) error {
			switch {
			case m.Entry != nil && f != nil:
				return f(m.Entry)
			case m.Done != nil:
				value, ok := m.Control(ldap.ControlTypeDirSync)
				flag, b, err := wire.DirSync(value)
				if !ok || err != nil || len(b) == 0 {
					return fmt.Errorf("%w: DirSync of %s ended without a cookie", ErrIncomplete, part)
				}
				next, more = string(b), flag != 0
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		if more && next == cookie {
			return "", fmt.Errorf("%w: DirSync of %s says that there is more, and does not give it", ErrIncomplete, part)
		}
		if cookie = next; !more {
			return cookie, nil
		}
	}
}

// interests are the attributes whose changes matter; none stands for all.
func (d *deltas) interests() []string {
	// In AD LDS the attributes that disable an account are views of userAccountControl, whose change is what is replicated.
	list := []string{d.rules.ID, "name", "isDeleted", "userAccountControl"}
	for k, s := range d.shapes {
		if s.all {
			return nil
		}
		list = append(append(list, s.attributes()...), d.rules.kinds[k].Attributes()...)
	}
	return list
}

// wantID sees that records have the identifier by which a history names entries.
func (d *deltas) wantID(name string) error {
	if !strings.EqualFold(d.rules.ID, name) {
		return fmt.Errorf("it names entries by %s, and the dialect by %s: %w", name, d.rules.ID, errNotOffered)
	}
	return nil
}

// samba reports whether the server is Samba's, whose DirSync keeps to the rights of the account even where Active
// Directory takes that to replicate for enough.
func (d *deltas) samba() bool {
	return strings.Contains(strings.ToLower(d.conn.root.entry.First("vendorName")), "samba")
}

// seesDeleted sees whether the account may read what was deleted. Otherwise who was deleted would stay for ever. That
// the container is there everybody sees, but what it is called only those who may look into it.
func (d *deltas) seesDeleted(ctx context.Context, part string) error {
	e, err := d.one(ctx, "CN=Deleted Objects,"+part, d.rules.ID)
	if err == nil && len(e[d.rules.ID]) == 0 {
		err = fmt.Errorf("the account may not read deleted objects; grant it List Contents and Read Property on CN=Deleted Objects,%s "+
			"(dsacls): %w", part, provisioning.ErrUnauthorized)
	}
	return err
}

// fresh refuses a cursor that is older than the directory remembers what was deleted: tombstoneLifetime, which is 60
// days when it is not set (MS-ADTS section 3.1.1.5.5.1.1).
func (d *deltas) fresh(ctx context.Context) error {
	days := 60
	configuration := d.conn.root.entry.First("configurationNamingContext")
	if configuration == "" {
		configuration = "CN=Configuration," + d.parts[0]
	}
	e, err := d.one(ctx, "CN=Directory Service,CN=Windows NT,CN=Services,"+configuration, "tombstoneLifetime")
	if err != nil {
		return err
	}
	for _, v := range e["tombstoneLifetime"] {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			days = n
		}
	}
	// A day less, for clocks and for the while that reading takes.
	if age := d.now().Sub(d.since); age > time.Duration(days-1)*24*time.Hour {
		return expired("it is %d days old, and the directory forgets what was deleted after %d", int(age.Hours()/24), days)
	}
	return nil
}

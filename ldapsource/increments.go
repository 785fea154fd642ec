package ldapsource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// Increments names a way to find out what changed.
type Increments string

// The ways. With each, what a change left of a record is read anew, so that a Delta is its whole state, and a record
// that left the scope is gone.
const (
	// DirSync asks Active Directory for its replication stream. The account needs the right "Replicating Directory
	// Changes" on the domain.
	DirSync Increments = "dirsync"
	// DirSyncVisible is DirSync without that right: for what the account may see (LDAP_DIRSYNC_OBJECT_SECURITY). It needs the
	// right to list deleted objects, or it will not see removals.
	DirSyncVisible Increments = "dirsync-visible"
	// USN asks one domain controller of Active Directory for higher update sequence numbers. The account needs the right to
	// list deleted objects. A cursor holds for that controller only, and while its database is the same.
	USN Increments = "usn"
	// Syncrepl is RFC 4533, as OpenLDAP's syncprov has it. Give that a session log, for without one it knows no removals
	// and every cursor counts as expired.
	Syncrepl Increments = "syncrepl"
	// Changelog reads the retro changelog of 389 Directory Server (cn=changelog).
	Changelog Increments = "changelog"
	// Modified asks for entries by the time of their last change. It never sees removals nor entries that leave the scope;
	// those wait for the next full read. It is never chosen unless it is named.
	Modified Increments = "modified"
	// NoIncrements finds no changes: every run reads everything.
	NoIncrements Increments = "none"
)

// A history is a way to find out what changed.
type history interface {
	// now gives the present place.
	now(ctx context.Context, p *pass) (place, error)
	// since gives each changed record's ID to touch, some perhaps twice, and then the place that is reached.
	since(ctx context.Context, p *pass, from place, touch func(provisioning.ID)) (place, error)
}

// A place is where a cursor stands. All of it is text of one server, or of one kind of server.
type place struct {
	Way   Increments `json:"way"`
	At    time.Time  `json:"at"`
	Bases []string   `json:"bases"`
	// Server, Database and USN are of USN.
	Server   string `json:"server,omitempty"`
	Database []byte `json:"database,omitempty"`
	USN      int64  `json:"usn,omitempty"`
	// Cookies are by naming context or base.
	Cookies map[string][]byte `json:"cookies,omitempty"`
}

// lifetime is how long Active Directory remembers removals at least (tombstoneLifetime, 60 days where nobody set it), with a
// day to spare. A cursor that is older would miss some.
const lifetime = 59 * 24 * time.Hour

func expired(why string) error { return fmt.Errorf("%s: %w", why, provisioning.ErrCursorExpired) }

// history gives the way by its name.
func (p *pass) history(way Increments) (history, error) {
	switch way {
	case DirSync:
		return dirSync{}, nil
	case DirSyncVisible:
		return dirSync{ldap.DirSyncObjectSecurity}, nil
	case USN:
		return usn{}, nil
	case Syncrepl:
		return syncrepl{}, nil
	case Changelog:
		return changelog{}, nil
	case Modified:
		return modified{}, nil
	case NoIncrements:
		return nil, fmt.Errorf("increments are turned off: %w", errors.ErrUnsupported)
	}
	return nil, fmt.Errorf("there is no way %q to find changes", way)
}

// offered gives the ways that the server offers, the best first.
func (p *pass) offered() []Increments {
	if p.options.Increments != "" {
		return []Increments{p.options.Increments}
	}
	var ways []Increments
	capabilities := p.conn.root.entry.Get("supportedCapabilities")
	switch {
	case slices.Contains(capabilities, oidActiveDirectory) || slices.Contains(capabilities, oidLightweight):
		if p.conn.root.supports(ldap.ControlTypeDirSync) {
			ways = append(ways, DirSync)
		}
		ways = append(ways, USN)
	case p.conn.root.entry.First("changelog") != "":
		ways = append(ways, Changelog)
	case p.conn.root.supports(ldap.ControlTypeSyncRequest) && p.rules.ID == "entryUUID":
		ways = append(ways, Syncrepl)
	}
	return ways
}

// follows tells why changes cannot be followed with these options; nil when they can.
func (p *pass) follows() error {
	if p.options.PrimaryGroups {
		return fmt.Errorf("PrimaryGroups changes groups that do not change themselves: %w", errors.ErrUnsupported)
	}
	for _, name := range p.options.Attributes {
		if strings.EqualFold(name, "memberOf") {
			return fmt.Errorf("memberOf changes without the person changing; use the members of groups: %w", errors.ErrUnsupported)
		}
	}
	return nil
}

// Cursor gives the present place in the directory's history. Where the server offers no history that the account may
// read, the error wraps [errors.ErrUnsupported].
func (s *Source) Cursor(ctx context.Context) (provisioning.Cursor, error) {
	c, err := s.cursor(ctx)
	if err != nil {
		return "", fmt.Errorf("ldapsource: finding the place in history: %w", err)
	}
	return c, nil
}

func (s *Source) cursor(ctx context.Context) (provisioning.Cursor, error) {
	p, err := s.begin(ctx, provisioning.User)
	if err != nil {
		return "", err
	}
	defer p.end()
	if err := p.follows(); err != nil {
		return "", err
	}
	why := fmt.Errorf("the server keeps none that is known: %w", errors.ErrUnsupported)
	for _, way := range p.offered() {
		h, err := p.history(way)
		if err != nil {
			return "", err
		}
		at := time.Now().UTC()
		place, err := h.now(ctx, p)
		if err == nil {
			place.Way, place.At, place.Bases = way, at, p.bases
			return place.cursor()
		}
		why = fmt.Errorf("%s: %w", way, err)
		if p.options.Increments != "" || !errors.Is(err, provisioning.ErrUnauthorized) && !errors.Is(err, errors.ErrUnsupported) {
			return "", why
		}
	}
	if errors.Is(why, errors.ErrUnsupported) {
		return "", why
	}
	return "", fmt.Errorf("%w: %w", why, errors.ErrUnsupported)
}

func (c place) cursor() (provisioning.Cursor, error) {
	b, err := json.Marshal(c)
	return provisioning.Cursor(b), err
}

// Deltas gives what changed since a cursor: the present state of each record, or that it is gone. A removal that does
// not tell its kind is given for each kind.
func (s *Source) Deltas(ctx context.Context, since provisioning.Cursor) iter.Seq2[provisioning.Delta, error] {
	return func(yield func(provisioning.Delta, error) bool) {
		if err := s.deltas(ctx, since, yield); err != nil && !errors.Is(err, errLeft) {
			yield(provisioning.Delta{}, fmt.Errorf("ldapsource: reading changes: %w", err))
		}
	}
}

func (s *Source) deltas(ctx context.Context, since provisioning.Cursor, yield func(provisioning.Delta, error) bool) error {
	var from place
	if err := json.Unmarshal([]byte(since), &from); err != nil || from.Way == "" {
		return expired("the cursor is not one of this source's")
	}
	if way := s.options.Increments; way != "" && way != from.Way {
		return expired("the way to find changes is another now")
	}
	p, err := s.beginAt(ctx, from)
	if err != nil {
		return err
	}
	defer p.end()
	if err := p.follows(); err != nil {
		return err
	}
	if !slices.Equal(p.bases, from.Bases) {
		return expired("the bases are others now")
	}
	h, err := p.history(from.Way)
	if err != nil {
		return err
	}
	var seen idSet
	var touched []provisioning.ID
	at := time.Now().UTC()
	next, err := h.since(ctx, p, from, func(id provisioning.ID) {
		if seen.add(id) {
			touched = append(touched, id)
		}
	})
	if err != nil {
		return err
	}
	if err := p.present(ctx, touched, yield); err != nil {
		return err
	}
	next.Way, next.At, next.Bases = from.Way, at, from.Bases
	c, err := next.cursor()
	if err == nil && !yield(provisioning.Delta{Cursor: c}, nil) {
		return errLeft
	}
	return err
}

// beginAt begins a read at the server that a place is of, where that matters.
func (s *Source) beginAt(ctx context.Context, from place) (*pass, error) {
	if from.Server == "" {
		return s.begin(ctx, provisioning.User)
	}
	servers, err := s.servers(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(servers, func(at server) bool { return at.String() == from.Server })
	if i < 0 {
		return nil, expired("the cursor is of a server that is no longer used")
	}
	c, err := s.takeFrom(ctx, servers[i])
	if passing(err) && len(servers) > 1 {
		return nil, expired("the cursor is of a server that cannot be reached")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", servers[i], err)
	}
	return s.beginOn(c, provisioning.User)
}

// contextOf gives the naming context that a base lies in.
func (p *pass) contextOf(base string) string {
	best := ""
	form, _ := dn.Fold(base)
	for _, name := range p.conn.root.entry.Get("namingContexts") {
		if context, err := dn.Fold(name); err == nil && len(name) > len(best) && dn.Within(form, context) {
			best = name
		}
	}
	if best == "" {
		return base
	}
	return best
}

// contexts gives the naming contexts of all bases, each once.
func (p *pass) contexts() []string {
	var list []string
	for _, base := range p.bases {
		if name := p.contextOf(base); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// all sends a search that is not paged, and hands everything over.
func (p *pass) all(ctx context.Context, req wire.Request, f func(*wire.Message) error) error {
	return p.search(ctx, p.conn, &req, f)
}

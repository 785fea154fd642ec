package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/provisioning"
)

// Increments name a way to learn what changed in a directory since a moment.
type Increments string

// The ways. All see changes of membership, which are changes of the group, and entries that were moved out of scope.
const (
	// BestIncrements takes the first that the root DSE offers and that shows everything: DirSync, then USN, Syncrepl,
	// Changelog. When there is none, or the account that reads may not use it, everything is read each time.
	BestIncrements Increments = ""
	// NoIncrements reads everything each time.
	NoIncrements Increments = "none"
	// DirSync is Active Directory's control of that name. The account needs the right "Replicating Directory Changes", or that
	// to read deleted objects. It is bound to one domain controller: when another answers, or its database was
	// restored, everything is read once. So name the controllers, or their domain (ldap:///dc=…), not one name for them all.
	DirSync Increments = "dirsync"
	// USN compares uSNChanged of Active Directory, and is bound to one domain controller as DirSync is. The account needs the
	// right to read deleted objects.
	USN Increments = "usn"
	// Syncrepl is content synchronization (RFC 4533). OpenLDAP with the overlay syncprov must have a session log
	// (syncprov-sessionlog), which it loses when it is restarted: then everything is read once. It does not tell a rename from
	// another change, so that the groups of somebody who was moved into the scope are given when they change, or
	// with the next full read. The implementation of 389 Directory Server 2.3 loses changes: there it is taken only when named.
	Syncrepl Increments = "syncrepl"
	// Changelog is the retro changelog of 389 Directory Server (cn=changelog), which the account must be allowed to read.
	Changelog Increments = "changelog"
	// Modified compares the time of the last change, which every directory keeps. It shows no deletions: those wait
	// for the next full read. So it is taken only when named.
	Modified Increments = "modified"
)

// A method is one of the Increments.
type method interface {
	// begin sees whether the server offers what is needed, and gives the identity of that which the places
	// belong to. Its errors wrap errNotOffered when the server does not.
	begin(ctx context.Context, d *deltas) (identity string, err error)
	// place gives the present place in the history of each part of it.
	place(ctx context.Context, d *deltas) (map[string]string, error)
	// changes notes what changed since, and gives the new places.
	changes(ctx context.Context, d *deltas, since map[string]string) (map[string]string, error)
	// local says that the places are those of one server only.
	local() bool
}

// automatic are the methods to try, the best first.
var automatic = []Increments{DirSync, USN, Syncrepl, Changelog}

func (i Increments) method() (method, error) {
	switch i {
	case DirSync:
		return &dirSync{}, nil
	case USN:
		return usn{}, nil
	case Syncrepl:
		return syncrepl{}, nil
	case Changelog:
		return changelog{}, nil
	case Modified:
		return modified{}, nil
	}
	return nil, fmt.Errorf("ldapsource: Increments: there is no way called %q", string(i))
}

// Cursor gives the present place in the history of the directory. It wraps [errors.ErrUnsupported] when the directory
// keeps none that shows everything, when the account may not read it, or when the options make records depend on
// entries that are not theirs: PrimaryGroups, attributes that the server works out (Dialect.Computed, such as memberOf),
// and references by value (Reference.By). Then everything is read each time. When Increments were named that cannot be
// had, the error does not wrap it, so that nobody believes to have them.
func (s *Source) Cursor(ctx context.Context) (provisioning.Cursor, error) {
	c, err := s.cursor(ctx)
	if err != nil {
		return "", fmt.Errorf("ldapsource: taking a cursor: %w", err)
	}
	return c, nil
}

func (s *Source) cursor(ctx context.Context) (provisioning.Cursor, error) {
	d, err := s.beginDeltas(ctx, "")
	if err != nil {
		return "", err
	}
	defer d.end()
	if err := s.options.increments(d.rules); err != nil {
		return "", err
	}
	if name := s.options.Increments; name != BestIncrements { // somebody counts on it, so that nothing else will do
		c, err := d.take(ctx, name)
		if err != nil {
			return "", fmt.Errorf("by %s, as Options.Increments says: %w", name, err)
		}
		return c.encode(), nil
	}
	why := fmt.Errorf("everything has to be read each time: %w", errors.ErrUnsupported)
	for _, name := range automatic {
		c, err := d.take(ctx, name)
		if err == nil {
			return c.encode(), nil
		}
		if !notForUs(err) || ctx.Err() != nil {
			return "", fmt.Errorf("by %s: %w", name, err)
		}
		why = fmt.Errorf("%w; by %s: %w", why, name, err)
	}
	return "", why
}

// errNotOffered says that a server has not what a method needs.
var errNotOffered = errors.New("not offered")

// notForUs reports whether an error says that the server does not offer a method, or not to this account.
func notForUs(err error) bool {
	var result *ResultError
	return errors.Is(err, errNotOffered) || !passing(err) && (errors.Is(err, provisioning.ErrUnauthorized) || errors.As(err, &result))
}

// take gives a cursor by one method.
func (d *deltas) take(ctx context.Context, name Increments) (*cursor, error) {
	m, err := name.method()
	if err != nil {
		return nil, err
	}
	if d.catalog {
		return nil, fmt.Errorf("the global catalogue keeps no history of its own: %w", errNotOffered)
	}
	c := &cursor{Method: name, Options: d.options.print(d.rules.Dialect), Time: d.now(), Address: d.conn.server.address}
	if c.Server, err = m.begin(ctx, d); err != nil {
		return nil, err
	}
	c.Places, err = m.place(ctx, d)
	return c, err
}

// increments tells why what changed cannot be told with these options.
func (o *Options) increments(r *rules) error {
	switch {
	case o.Increments == NoIncrements:
		return fmt.Errorf("Increments is %q: %w", NoIncrements, errors.ErrUnsupported)
	case o.PrimaryGroups:
		return fmt.Errorf("with PrimaryGroups the members of a group change without it: %w", errors.ErrUnsupported)
	case slices.ContainsFunc(r.References, func(ref Reference) bool { return ref.By != "" && o.asks(&ref) }):
		return fmt.Errorf("who has the login name in a reference by value changes without the entry that has it: %w", errors.ErrUnsupported)
	}
	asked := o.Attributes
	if r.disabled != nil {
		asked = slices.Concat(asked, r.disabled.Attributes())
	}
	for _, name := range asked {
		attribute := name
		if ref := r.reference(name); ref != nil {
			attribute = ref.Attribute
		}
		if r.computed[strings.ToLower(attribute)] {
			return fmt.Errorf("the server works out %s, which changes without a change of its entry; do without it (of groups, read the members): %w",
				name, errors.ErrUnsupported)
		}
	}
	return nil
}

// Deltas gives what changed since a cursor: whole records, read again, and word of those that are gone or no longer in
// scope. A cursor that does not lead to a whole history wraps [provisioning.ErrCursorExpired]: one that is too old, of another
// server, or from before the options were changed. The last Delta, which comes only after everything was read, has
// the new cursor.
//
// An entry that is deleted takes its membership with it, which Active Directory and the overlays of OpenLDAP do not call a
// change of the group. So the group is given with its next change, or with the next full read, and until then it has a
// member whose account is deactivated. When Active Directory shows that an entry in scope was restored, the cursor has
// expired: everything is read, so that nobody comes back with more than the directory gives.
func (s *Source) Deltas(ctx context.Context, since provisioning.Cursor) iter.Seq2[provisioning.Delta, error] {
	return func(yield func(provisioning.Delta, error) bool) {
		if err := s.deltas(ctx, since, yield); err != nil && !errors.Is(err, errLeft) {
			yield(provisioning.Delta{}, fmt.Errorf("ldapsource: reading what changed: %w", err))
		}
	}
}

func (s *Source) deltas(ctx context.Context, since provisioning.Cursor, yield func(provisioning.Delta, error) bool) error {
	c, err := parseCursor(since)
	if err != nil {
		return err
	}
	if s.options.Increments != BestIncrements && s.options.Increments != c.Method {
		return expired("Increments is %q now", s.options.Increments)
	}
	m, err := c.Method.method()
	if err != nil {
		return expired("%v", err)
	}
	address := ""
	if m.local() {
		address = c.Address
	}
	d, err := s.beginDeltas(ctx, address)
	if err != nil {
		return err
	}
	defer d.end()
	if err := s.options.increments(d.rules); err != nil {
		return expired("%v", err)
	}
	if d.catalog {
		return expired("the global catalogue keeps no history")
	}
	if s.options.print(d.rules.Dialect) != c.Options {
		return expired("the options or the dialect were changed")
	}
	next := *c
	next.Time, next.Address = d.now(), d.conn.server.address
	if next.Server, err = m.begin(ctx, d); err != nil {
		if notForUs(err) {
			return expired("%v", err)
		}
		return err
	}
	if next.Server != c.Server {
		return expired("it is of another server, or its database was restored")
	}
	d.since = c.Time
	if next.Places, err = m.changes(ctx, d, c.Places); err != nil {
		return err
	}
	if err := d.give(ctx, yield); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	yield(provisioning.Delta{Cursor: next.encode()}, nil)
	return nil
}

// now gives the server's time, where it tells, else ours.
func (d *deltas) now() time.Time {
	if t, err := adtype.GeneralizedTime(d.conn.root.entry.First("currentTime")); err == nil {
		return t
	}
	return time.Now().UTC()
}

// expired makes an error that says why a full read must follow.
func expired(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{provisioning.ErrCursorExpired}, args...)...)
}

var _ provisioning.DeltaSource = (*Source)(nil)

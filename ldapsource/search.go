package ldapsource

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/wire"
)

// search sends one request and gives all that comes to f, the last message of each page included. It ends well only after
// a success; f ends it with an error of its own, and then the connection is of no more use.
func (s *Source) search(ctx context.Context, c *conn, req *wire.Request, f func(*wire.Message) error) (err error) {
	steps := startPages(ctx, req)
	defer func() { steps.end(err) }()
	op := "search below " + quoteDN(req.Base)
	search, err := c.mux.Search(req)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", op, err, errBroken)
	}
	defer func() {
		if !search.Close() {
			c.mux.Close()
		}
	}()
	var m wire.Message
	for {
		if err := search.Next(ctx, s.timeout, &m); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("%s: %w", op, context.Cause(ctx))
			}
			return fmt.Errorf("%s: %w: %w", op, err, errBroken)
		}
		if m.Done != nil && m.Done.Code != ldap.LDAPResultSuccess {
			return fmt.Errorf("%w: %w", ErrIncomplete, &ResultError{Op: op, Code: m.Done.Code, Text: m.Done.Text})
		}
		if err := f(&m); err != nil {
			return err
		}
		if search.Ended() {
			return nil
		}
		if m.Done != nil {
			steps.next()
		}
	}
}

// pages sends a request page by page, and gives every entry to f. It ends well only when the server has said that
// there are no more pages, and left nothing out.
func (s *Source) pages(ctx context.Context, c *conn, req wire.Request, f func(*wire.Message) error) error {
	// One entry is no page: 389 Directory Server says nothing of pages then.
	paging := c.root.supports(ldap.ControlTypePaging) && req.Scope != ldap.ScopeBaseObject
	if paging {
		req.PageSize = s.pageSize
	}
	return s.search(ctx, c, &req, func(m *wire.Message) error {
		switch {
		case m.Referrals != nil:
			return s.reference(req.Base, m.Referrals)
		case m.Done != nil && paging:
			_, paged, err := m.Cookie()
			if err == nil && !paged {
				err = fmt.Errorf("%w: search below %s: the server offers paging, and ended a page without saying whether another follows",
					ErrIncomplete, quoteDN(req.Base))
			}
			return err
		case m.Entry != nil:
			return f(m)
		}
		return nil
	})
}

// reference decides about a part of the tree that the server did not search.
func (s *Source) reference(base string, urls []string) error {
	if s.options.IgnoreReferences {
		return nil
	}
	for _, u := range urls {
		if harmlessReference(u) {
			return nil
		}
	}
	return fmt.Errorf("%w: search below %s: a part of the tree is on another server (%.200q); read it by a source of its own, "+
		"and set IgnoreReferences for this one", ErrIncomplete, quoteDN(base), urls[0])
}

// harmlessReference reports whether a reference leads to a partition of Active Directory that never holds people.
func harmlessReference(url string) bool {
	_, rest, _ := strings.Cut(url, "://")
	_, name, _ := strings.Cut(rest, "/")
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "cn=configuration,") || strings.HasPrefix(name, "dc=domaindnszones,") ||
		strings.HasPrefix(name, "dc=forestdnszones,")
}

func quoteDN(base string) string {
	if base == "" {
		return "the root"
	}
	return base
}

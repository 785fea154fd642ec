package ldapsource

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/provisioning"
)

// Options say what is read and how. The zero value reads all people and groups of the directory.
type Options struct {
	// Dialect says how the directory writes people and groups. Nil: it is recognised, on a server by its root
	// DSE and in a file by the first identifier in it.
	Dialect *Dialect
	// Attributes are those to give, in this spelling; "dn" stands for the distinguished name. One that an entry does
	// not have is given without values. References are asked for by the directory's name ("member") or by
	// that of Record.Refs ("members"). Empty: all that entries have, in the directory's spelling, but for those that
	// the dialect calls Computed (memberOf) or Omitted, and for binary ones.
	Attributes []string
	// Bases are the distinguished names below which to read. Empty: on a server all of its naming contexts, in a
	// file everything.
	Bases []string
	// Filters replace the dialect's filters of single kinds (RFC 4515). Other kinds may be added.
	Filters map[provisioning.Kind]string
	// Include, when not empty, are the only subtrees and entries taken, by distinguished name.
	Include []string
	// Exclude are subtrees and entries that are left out, by distinguished name.
	Exclude []string
	// MemberOf, when not empty, are groups, by distinguished name: only people in one of them, directly or through other
	// groups, are in scope. Which groups are in scope it leaves open.
	MemberOf []string
	// Nested gives as the members of a group all people in it, directly or through other groups, and no groups.
	Nested bool
	// PrimaryGroups adds to the members of a group of Active Directory those whose primary group it is, as "Domain Users" is
	// nearly everybody's.
	PrimaryGroups bool

	// Of servers:

	// Bind proves who reads. Nil reads anonymously.
	Bind Bind
	// TLS holds the CAs to trust and a client certificate. Nil: the system's CAs.
	TLS *tls.Config
	// AllowPlaintext gives up StartTLS on ldap:// URLs: passwords and people cross the network in the clear.
	AllowPlaintext bool
	// Fallbacks are the URLs of more servers of the same directory, tried in this order when one cannot be reached.
	Fallbacks []string
	// Timeout bounds connecting, and every wait for the server: 30 s when zero.
	Timeout time.Duration
	// PageSize is how many entries are asked for at once: 1,000 when zero, which is also the most that Active Directory
	// gives.
	PageSize int
	// Parallel is how many Bases are read at once, each over a connection of its own: 1 when zero. It pays where the
	// server has processors to spare.
	Parallel int
	// Increments is how changes are found. Empty: the best way that the server offers and the account may use.
	Increments Increments
	// IgnoreReferences takes a read for complete though parts of the tree are on other servers.
	IgnoreReferences bool
	// LookupSRV asks DNS for servers, as [net.Resolver.LookupSRV] does when nil.
	LookupSRV func(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)

	// TempDir is where a file goes that keeps what does not fit into memory: the hashed names and the identifiers of
	// more than some 100,000 records. It may be read by its owner only, and is gone after the read, or a minute after
	// it for an [LDIF]. Empty: the folder of the operating system for such files. Where none can be made, memory is taken instead.
	TempDir string

	// Of LDIF files:

	// MaxValue is the size of the largest value taken, in bytes: 16 MiB when zero. A larger one ends the read.
	MaxValue int
	// AllowOpenEnd takes a file whose last record is not followed by an empty line for whole. Every exporter writes
	// that line, so a file without it was most likely cut off.
	AllowOpenEnd bool

	// Dangling, when not nil, is told of references that lead to nothing in scope: of which record, by which
	// name, and how many. They are left out of the record's Refs.
	Dangling func(of provisioning.Ref, name string, n int)
}

// scope is the part of the tree that is read, in the form for comparing.
type scope struct{ bases, include, exclude []string }

func (o *Options) scope() (scope, error) {
	var s scope
	for _, list := range []struct {
		name string
		dns  []string
		into *[]string
	}{{"Bases", o.Bases, &s.bases}, {"Include", o.Include, &s.include}, {"Exclude", o.Exclude, &s.exclude}} {
		for _, name := range list.dns {
			form, err := dn.Fold(name)
			if err != nil {
				return s, fmt.Errorf("ldapsource: %s: %q: %w", list.name, name, err)
			}
			*list.into = append(*list.into, form)
		}
	}
	return s, nil
}

// holds reports whether the name with this form is in scope.
func (s *scope) holds(form []byte) bool {
	return within(form, s.bases, true) && within(form, s.include, true) && !within(form, s.exclude, false)
}

func within(form []byte, bases []string, whenEmpty bool) bool {
	for _, base := range bases {
		if dn.Within(form, base) {
			return true
		}
	}
	return whenEmpty && len(bases) == 0
}

// asks reports whether a reference is asked for.
func (o *Options) asks(ref *Reference) bool {
	return len(o.Attributes) == 0 || slices.ContainsFunc(o.Attributes, func(name string) bool {
		return strings.EqualFold(name, ref.Name) || strings.EqualFold(name, ref.Attribute)
	})
}

package ldapsource

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/table"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
)

// catalog reports whether this is the global catalogue of an Active Directory: all domains of the forest, but only some
// attributes (MS-ADTS section 3.1.1.1.8). Nothing but the port tells it apart.
func (c *conn) catalog() bool {
	_, port, err := net.SplitHostPort(c.server.address)
	return err == nil && (port == "3268" || port == "3269") && slices.Contains(c.root.entry.Get("supportedCapabilities"), oidActiveDirectory)
}

// catalogHas sees that the global catalogue has what is asked for. What it does not have would look as if nobody had it.
func (p *pass) catalogHas(ctx context.Context) error {
	has := map[string]bool{}
	schema := "CN=Schema," + p.conn.root.entry.First("configurationNamingContext")
	req := wire.Request{Base: schema, Scope: ldap.ScopeWholeSubtree, Attributes: []string{"lDAPDisplayName"},
		Filter: allOf(equals("objectClass", "attributeSchema"), equals("isMemberOfPartialAttributeSet", "TRUE"))}
	err := p.pages(ctx, p.conn, req, func(m *wire.Message) error {
		has[strings.ToLower(m.Entry.First("lDAPDisplayName"))] = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading which attributes the global catalogue has: %w", err)
	}
	var missing []string
	for _, name := range p.shape.attributes() {
		base, _, _ := strings.Cut(name, ";")
		if name != "*" && !has[strings.ToLower(base)] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: the global catalogue does not have the attributes %s, which would look empty: read each domain from a controller of "+
			"its own (ports 389 and 636), have them replicated to the catalogue (isMemberOfPartialAttributeSet), or leave them out "+
			"(Attributes; accountExpires by a Dialect without ValidUntil)", ErrIncomplete, strings.Join(missing, ", "))
	}
	return nil
}

// universal is the bit of groupType for groups whose members the global catalogue has whatever their domain.
const universal = 8

// foreignGroup reports whether the global catalogue has the members of a group not, or not all: those of global and
// domain-local groups are in the controllers of their domain only.
func (p *pass) foreignGroup(e *entry.Entry) bool {
	if !p.catalog {
		return false
	}
	kind, err := strconv.ParseInt(e.First("groupType"), 10, 64)
	if err == nil && kind&universal != 0 {
		return false
	}
	own, err1 := dn.Fold(p.conn.root.entry.First("defaultNamingContext"))
	name, err2 := dn.Fold(e.DN)
	return err1 != nil || err2 != nil || domainForm(name) != own
}

// domainForm gives the end of a name's form that is of domain components alone.
func domainForm(form string) string {
	domain := ""
	for name, ok := form, true; ok; name, ok = dn.Parent(name) {
		switch {
		case !strings.HasPrefix(name, "dc="):
			domain = ""
		case domain == "":
			domain = name
		}
	}
	return domain
}

// errForeignGroup says that the members of a group are not here.
var errForeignGroup = fmt.Errorf("%w: the global catalogue does not have the members of global and domain-local groups of other domains; "+
	"read that domain from a controller of its own, or leave such groups out: (groupType:1.2.840.113556.1.4.803:=%d)", ErrIncomplete, universal)

// hide takes in a group whose members nobody knows.
func (g *graph) hide(form []byte) {
	if g.hidden == nil {
		g.hidden = map[table.Key]bool{}
	}
	g.hidden[g.index.key(form)] = true
}

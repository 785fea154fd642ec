package ldapsource

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/provisioning"
)

// Findings are what [Source.Check] found out, as data and, by String, in words.
type Findings struct {
	// Server is the one that was connected to, Security how.
	Server, Security string
	// Dialect is the name of that in use.
	Dialect string
	// Bases are those read, with the number of records in scope of each kind.
	Bases []BaseFindings
	// Increments are the ways to find changes that work, the one that is chosen first. Refused tells, for each other way
	// that the brand of directory has, why it does not.
	Increments []Increments
	Refused    map[Increments]string
	// Warnings are what is likely wrong, in words.
	Warnings []string
}

// BaseFindings are about one base.
type BaseFindings struct {
	DN     string
	Counts map[provisioning.Kind]int
}

// Check connects, binds, and reads what is in scope, the attributes that were asked for included, to see what is likely
// wrong. It fails only where a read would fail too.
func (s *Source) Check(ctx context.Context) (*Findings, error) {
	c := &checker{Findings: Findings{Refused: map[Increments]string{}}, having: map[string]int{}}
	if err := c.run(ctx, s); err != nil {
		return nil, fmt.Errorf("ldapsource: checking: %w", err)
	}
	return &c.Findings, nil
}

// String gives the findings for a person to read.
func (f *Findings) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "connected to %s, %s\ndialect: %s\n", f.Server, f.Security, f.Dialect)
	for _, base := range f.Bases {
		fmt.Fprintf(&b, "below %s:", base.DN)
		for _, kind := range slices.SortedFunc(keys(base.Counts), compareKinds) {
			fmt.Fprintf(&b, " %d %ss", base.Counts[kind], kind)
		}
		b.WriteByte('\n')
	}
	if len(f.Increments) > 0 {
		fmt.Fprintf(&b, "changes are found by: %s\n", f.Increments[0])
	} else {
		b.WriteString("changes cannot be found: every run reads everything\n")
	}
	for _, way := range []Increments{DirSync, USN, Syncrepl, Changelog} {
		if why, ok := f.Refused[way]; ok {
			fmt.Fprintf(&b, "  not by %s: %s\n", way, why)
		}
	}
	for _, w := range f.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// checker is a check under way.
type checker struct {
	Findings
	pass   *pass
	total  int
	noID   map[provisioning.Kind]int
	having map[string]int // how many entries have an attribute, by lower-case name
}

func (c *checker) warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}

func (c *checker) run(ctx context.Context, s *Source) error {
	p, err := s.begin(ctx, provisioning.User)
	if err != nil {
		return err
	}
	defer p.end()
	c.pass, c.noID = p, map[provisioning.Kind]int{}
	c.Server, c.Dialect = p.conn.server.String(), p.rules.Name
	c.security()
	if found := p.conn.root.dialect().Name; s.options.Dialect != nil && found != s.options.Dialect.Name {
		c.warn("the dialect is set to %s, and the server looks like %s", s.options.Dialect.Name, found)
	}
	if p.view, err = p.newView(ctx, false); err != nil {
		return err
	}
	for _, base := range p.bases {
		if err := c.count(ctx, base); err != nil {
			return err
		}
	}
	c.judge()
	if err := c.scope(ctx); err != nil {
		return err
	}
	c.increments(ctx, s)
	return nil
}

// security looks at the connection.
func (c *checker) security() {
	state, ok := c.pass.conn.secured()
	if !ok {
		c.Security = "without TLS"
		if c.pass.conn.server.scheme != "ldapi" {
			c.warn("passwords and people cross the network in the clear; use ldaps://, or leave AllowPlaintext out")
		}
		return
	}
	c.Security = tls.VersionName(state.Version)
	if until := state.PeerCertificates[0].NotAfter; time.Until(until) < 14*24*time.Hour {
		c.warn("the server's certificate ends on %s", until.Format(time.DateOnly))
	}
}

// count counts what is in scope below a base, and which attributes it has.
func (c *checker) count(ctx context.Context, base string) error {
	p := c.pass
	found := BaseFindings{DN: base, Counts: map[provisioning.Kind]int{}}
	for k, kind := range p.rules.order {
		found.Counts[kind] = 0
		shape := newShape(p.rules, &p.options, kind)
		err := p.eachBelow(ctx, []string{base}, p.request(k, shape.attributes()), func(e *entry.Entry) error {
			if !p.view.holds(e, k) {
				return nil
			}
			found.Counts[kind]++
			if _, err := p.rules.id(e); err != nil {
				c.noID[kind]++
			}
			for _, a := range e.Attributes {
				name, _, _ := strings.Cut(strings.ToLower(a.Name), ";")
				c.having[name]++
			}
			return nil
		})
		if err != nil {
			return err
		}
		c.total += found.Counts[kind]
	}
	c.Bases = append(c.Bases, found)
	return nil
}

// judge says what the counts tell.
func (c *checker) judge() {
	p := c.pass
	for k, kind := range p.rules.order {
		n := 0
		for _, base := range c.Bases {
			n += base.Counts[kind]
		}
		if n == 0 {
			c.warn("no %s is in scope; check the filter %s, Bases, Include, Exclude and MemberOf, and what the account may see", kind, p.rules.kinds[k])
		}
		if bad := c.noID[kind]; bad > 0 {
			c.warn("%d of %d %ss have no %s that can be read, and will be held; see that the account may read it", bad, n, kind, p.rules.ID)
		}
	}
	for _, name := range p.options.Attributes {
		lower, _, _ := strings.Cut(strings.ToLower(name), ";")
		if ref := p.rules.reference(name); ref != nil {
			lower = strings.ToLower(ref.Attribute)
		}
		if c.total > 0 && c.having[lower] == 0 && lower != "dn" && lower != "distinguishedname" {
			c.warn("nothing in scope has the attribute %s; is it spelled as the directory spells it, and may the account read it?", name)
		}
	}
	if p.catalog {
		c.warn("this is the global catalogue, which has only some attributes, and of the members of domain-local and global groups nothing from other domains")
	}
}

// scope sees whether what the scope names is there.
func (c *checker) scope(ctx context.Context) error {
	p := c.pass
	for _, list := range []struct {
		name string
		dns  []string
	}{{"Include", p.options.Include}, {"Exclude", p.options.Exclude}} {
		for _, name := range list.dns {
			form, _ := dn.Fold(name)
			if bases := c.forms(); !within([]byte(form), bases, false) {
				c.warn("%s: %s does not lie below any base, so it does nothing", list.name, name)
				continue
			}
			req := p.request(0, []string{p.rules.ID})
			req.Base, req.Scope, req.Filter = name, ldap.ScopeBaseObject, presentFilter
			found := false
			err := p.ask(ctx, req, func(*entry.Entry) error { found = true; return nil })
			if err != nil && !errors.Is(err, provisioning.ErrNotFound) {
				return err
			}
			if !found {
				c.warn("%s: there is no %s, or the account may not see it", list.name, name)
			}
		}
	}
	return nil
}

func (c *checker) forms() []string {
	var forms []string
	for _, base := range c.pass.bases {
		form, _ := dn.Fold(base)
		forms = append(forms, form)
	}
	return forms
}

// increments tries the ways to find changes that this brand of directory may have.
func (c *checker) increments(ctx context.Context, s *Source) {
	ways := []Increments{Syncrepl, Changelog}
	if capabilities := c.pass.conn.root.entry.Get("supportedCapabilities"); slices.Contains(capabilities, oidActiveDirectory) ||
		slices.Contains(capabilities, oidLightweight) {
		ways = []Increments{DirSync, USN}
	}
	if s.options.Increments != "" {
		ways = []Increments{s.options.Increments}
	}
	for _, way := range ways {
		try := &Source{options: s.options, locators: s.locators, scope: s.scope, timeout: s.timeout, pageSize: s.pageSize,
			dialer: s.dialer, lookupSRV: s.lookupSRV}
		try.options.Increments = way
		if _, err := try.Cursor(ctx); err != nil {
			c.Refused[way] = err.Error()
		} else {
			c.Increments = append(c.Increments, way)
		}
		try.Close()
	}
}

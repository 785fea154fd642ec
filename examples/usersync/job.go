package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/ilumy/usersync/datamapper"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// A job is what a configuration describes, ready to run. Making one connects to nothing.
type job struct {
	config     *config
	rules      *datamapper.Mapping
	source     provisioning.Source
	sink       provisioning.Sink
	reconciler *provisioning.Reconciler
	audit      *auditFile             // nil when there is none
	tell       *provisioning.Observer // writes it
}

// open makes the job of a configuration file. What opts leaves open, the file says.
func open(name string, opts *provisioning.Options) (*job, error) {
	return openWith(name, opts, wiring{})
}

// A wiring is what a command wants of the target besides what the configuration says.
type wiring struct {
	// spans makes spans of what is sent; nil makes none.
	spans trace.TracerProvider
	// keys lets the external ID of an account be replaced by another, which is for repair by hand.
	keys bool
}

func openWith(name string, opts *provisioning.Options, w wiring) (*job, error) {
	cfg, err := loadConfig(name)
	if err != nil {
		return nil, err
	}
	rules, err := cfg.rules()
	if err != nil {
		return nil, err
	}
	j := &job{config: cfg, rules: rules}
	if j.source, err = cfg.source(rules); err != nil {
		return nil, cfg.placed("source", err)
	}
	if j.sink, err = cfg.sink(w); err != nil {
		return nil, cfg.placed("target", err)
	}
	if err := j.checkNames(); err != nil {
		return nil, err
	}
	o, err := cfg.options(rules, opts)
	if err != nil {
		return nil, err
	}
	if cfg.Audit.set() {
		if j.audit, err = openAudit(cfg.path(cfg.Audit)); err != nil {
			j.close()
			return nil, cfg.placed("audit", err)
		}
		audit := provisioning.NewAudit(j.audit, &provisioning.AuditOptions{Job: jobName(cfg.file)})
		j.tell = provisioning.Observers(audit.Observer(), j.audit.observer(o.Logger))
		o.Observer = provisioning.Observers(o.Observer, j.tell)
	}
	if j.reconciler, err = provisioning.New(j.source, rules, j.sink, o); err != nil {
		j.close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return j, nil
}

// close ends what is kept open.
func (j *job) close() {
	j.audit.close()
	if c, ok := j.source.(io.Closer); ok {
		c.Close()
	}
}

// placed puts the place of a field of the configuration before an error.
func (c *config) placed(path string, err error) error {
	return c.placedAt(c.wrong(path, settings(err.Error())))
}

func (c *config) placedAt(err error) error { return placed(c.file, nil, err) }

// rules loads the mapping.
func (c *config) rules() (*datamapper.Mapping, error) {
	return datamapper.LoadFile(c.path(c.Mapping), nil)
}

// source makes the system that leads, which gives only what the rules read.
func (c *config) source(rules *datamapper.Mapping) (provisioning.Source, error) {
	if c.Source.LDIF != nil {
		o, err := c.Source.LDIF.Scope.options(rules)
		if err != nil {
			return nil, err
		}
		return ldapsource.OpenLDIF(c.path(c.Source.LDIF.File), o)
	}
	l := c.Source.LDAP
	o, err := l.Scope.options(rules)
	if err != nil {
		return nil, err
	}
	if o.TLS, err = c.tls(l.CA, l.Certificate, l.Key); err != nil {
		return nil, err
	}
	switch k := l.Kerberos; {
	case k != nil:
		o.Bind = ldapsource.KerberosBind{
			User: k.User.value, Realm: k.Realm.value, Keytab: c.path(k.Keytab), Cache: c.path(k.Cache),
			Config: c.path(k.Config), Service: k.Service.value,
		}
	case l.User.set():
		o.Bind = ldapsource.SimpleBind{DN: l.User.value, Password: l.Password.value}
	case l.Certificate.set():
		o.Bind = ldapsource.ExternalBind{}
	}
	o.AllowPlaintext, o.Fallbacks = bool(l.AllowPlaintext), l.Fallbacks.values()
	o.Increments = ldapsource.Increments(l.Increments.value)
	return ldapsource.New(l.URL.value, o)
}

func (s *scopeConfig) options(rules *datamapper.Mapping) (*ldapsource.Options, error) {
	o := &ldapsource.Options{
		Bases: s.Bases.values(), Include: s.Include.values(), Exclude: s.Exclude.values(),
		MemberOf: s.MemberOf.values(), Nested: bool(s.Nested), PrimaryGroups: bool(s.Primary),
		Filters: map[provisioning.Kind]string{},
	}
	for _, kind := range rules.Kinds() {
		o.Attributes = append(o.Attributes, rules.Attributes(kind)...)
	}
	slices.Sort(o.Attributes)
	o.Attributes = slices.Compact(o.Attributes)
	if s.UserFilter.set() {
		o.Filters[provisioning.User] = s.UserFilter.value
	}
	if s.GroupFilter.set() {
		o.Filters[provisioning.Group] = s.GroupFilter.value
	}
	switch s.Dialect.value {
	case "":
	case "active-directory":
		o.Dialect = ldapsource.ActiveDirectory()
	case "openldap":
		o.Dialect = ldapsource.OpenLDAP()
	case "ad-lds":
		o.Dialect = ldapsource.LightweightDirectory()
	case "389ds":
		o.Dialect = ldapsource.DirectoryServer389()
	default:
		return nil, fmt.Errorf("dialect: %q is unknown, expected one of active-directory, ad-lds, openldap, 389ds", s.Dialect.value)
	}
	return o, nil
}

// options says how the reconciler works.
func (c *config) options(rules *datamapper.Mapping, o *provisioning.Options) (*provisioning.Options, error) {
	if o == nil {
		o = &provisioning.Options{}
	}
	state, err := newStateFolder(c.path(c.State))
	if err != nil {
		return nil, c.placed("state", err)
	}
	o.State = state
	o.Kinds = rules.Kinds()
	o.Concurrency, o.MaxErrors, o.FullEvery = int(c.Apply.Concurrency), int(c.Apply.MaxErrors), time.Duration(c.Apply.FullEvery)
	p := c.Policy
	o.Policy = provisioning.Policy{
		Gone: map[provisioning.Kind]provisioning.Gone{
			provisioning.User:  provisioning.Gone(p.UsersGone.value),
			provisioning.Group: provisioning.Gone(p.GroupsGone.value),
		},
		OutOfScope: map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.Gone(p.OutOfScope.value)},
		Grace:      time.Duration(p.Grace),
		Unique:     p.Unique.values(), CreateOnly: rules.CreateOnly(),
	}
	for _, name := range p.Adopt {
		o.Policy.Adopt = append(o.Policy.Adopt, provisioning.Match{Kind: provisioning.User, Attributes: []string{name.value}})
	}
	if len(p.Protect) > 0 {
		o.Policy.Protect = []provisioning.Lookup{{Kind: provisioning.User, By: "userName", Values: p.Protect.values()}}
	}
	c.Limits.options(o)
	o.Fingerprint = c.fingerprint(rules)
	return o, nil
}

// fingerprint names the rules and what of the configuration a plan depends on, without any secret.
func (c *config) fingerprint(rules *datamapper.Mapping) string {
	h := sha256.New()
	fmt.Fprintln(h, rules.Fingerprint())
	fmt.Fprintln(h, c.doc.String()) // as written, with ${env:NAME} for the secrets
	return hex.EncodeToString(h.Sum(nil)[:16])
}

package main

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A config is what the configuration file says. "usersync init" writes one that explains each field.
type config struct {
	file string
	doc  *ast.File

	Source   sourceConfig   `yaml:"source"`
	Mapping  text           `yaml:"mapping"`
	Target   targetConfig   `yaml:"target"`
	State    text           `yaml:"state"`
	Audit    text           `yaml:"audit"`
	Policy   policyConfig   `yaml:"policy"`
	Limits   limitsConfig   `yaml:"limits"`
	Apply    applyConfig    `yaml:"apply"`
	Schedule scheduleConfig `yaml:"schedule"`
	Monitor  monitorConfig  `yaml:"monitor"`
}

// A sourceConfig is the system that leads; one of its fields is set.
type sourceConfig struct {
	LDAP *ldapConfig `yaml:"ldap"`
	LDIF *ldifConfig `yaml:"ldif"`
}

type ldapConfig struct {
	URL            text            `yaml:"url"`
	Fallbacks      texts           `yaml:"fallbacks"`
	User           text            `yaml:"user"`
	Password       secret          `yaml:"password"`
	Kerberos       *kerberosConfig `yaml:"kerberos"`
	Certificate    text            `yaml:"certificate"`
	Key            text            `yaml:"key"`
	CA             text            `yaml:"ca"`
	AllowPlaintext bool            `yaml:"allowPlaintext"`
	Increments     text            `yaml:"increments"`
	Scope          scopeConfig     `yaml:",inline"`
}

// A kerberosConfig is a principal with its keytab, or a cache of tickets.
type kerberosConfig struct {
	User    text `yaml:"user"`
	Realm   text `yaml:"realm"`
	Keytab  text `yaml:"keytab"`
	Cache   text `yaml:"cache"`
	Config  text `yaml:"config"`
	Service text `yaml:"service"`
}

type ldifConfig struct {
	File  text        `yaml:"file"`
	Scope scopeConfig `yaml:",inline"`
}

// A scopeConfig says what is read of a directory, live or exported.
type scopeConfig struct {
	Dialect     text  `yaml:"dialect"`
	Bases       texts `yaml:"bases"`
	Include     texts `yaml:"include"`
	Exclude     texts `yaml:"exclude"`
	UserFilter  text  `yaml:"userFilter"`
	GroupFilter text  `yaml:"groupFilter"`
	MemberOf    texts `yaml:"memberOf"`
	Nested      bool  `yaml:"nestedMembers"`
	Primary     bool  `yaml:"primaryGroups"`
}

// A targetConfig is the system that follows; one of its fields is set.
type targetConfig struct {
	Plek *plekConfig `yaml:"plek"`
	SCIM *scimConfig `yaml:"scim"`
}

type plekConfig struct {
	Endpoint endpointConfig `yaml:",inline"`
	BasePath text           `yaml:"basePath"`
}

type scimConfig struct {
	Endpoint endpointConfig `yaml:",inline"`
	Profile  text           `yaml:"profile"`
}

// An endpointConfig is how a service is reached over HTTP.
type endpointConfig struct {
	URL            text         `yaml:"url"`
	Token          secret       `yaml:"token"`
	OAuth          *oauthConfig `yaml:"oauth"`
	CA             text         `yaml:"ca"`
	Rate           float64      `yaml:"rate"`
	AllowPlaintext bool         `yaml:"allowPlaintext"`
}

// An oauthConfig is the client credentials grant (RFC 6749 section 4.4).
type oauthConfig struct {
	TokenURL     text   `yaml:"tokenURL"`
	ClientID     text   `yaml:"clientID"`
	ClientSecret secret `yaml:"clientSecret"`
	Scopes       texts  `yaml:"scopes"`
}

type policyConfig struct {
	UsersGone  text  `yaml:"usersGone"`
	GroupsGone text  `yaml:"groupsGone"`
	OutOfScope text  `yaml:"usersOutOfScope"`
	Grace      span  `yaml:"grace"`
	Adopt      texts `yaml:"adopt"`
	Unique     texts `yaml:"unique"`
	Protect    texts `yaml:"protect"`
}

// A limitsConfig bounds what a run may change, and says what becomes of one that would change more.
type limitsConfig struct {
	Exceeded       text             `yaml:"exceeded"`
	Run            countsConfig     `yaml:",inline"`
	RemoveRefsEach limit            `yaml:"removeRefsEach"`
	Attributes     map[string]limit `yaml:"attributes"`
	SourceFloor    limit            `yaml:"sourceFloor"`
	SinkFloor      limit            `yaml:"sinkFloor"`
	Canaries       texts            `yaml:"canaries"`
	Day            countsConfig     `yaml:"day"`
}

// A countsConfig bounds numbers of changes, of one run or of a day.
type countsConfig struct {
	Create     limit `yaml:"create"`
	Adopt      limit `yaml:"adopt"`
	Update     limit `yaml:"update"`
	Deactivate limit `yaml:"deactivate"`
	Reactivate limit `yaml:"reactivate"`
	Delete     limit `yaml:"delete"`
	RemoveRefs limit `yaml:"removeRefs"`
}

// A scheduleConfig is when "usersync run" runs: at an interval, or at times of the day.
type scheduleConfig struct {
	Every    span  `yaml:"every"`
	Daily    texts `yaml:"daily"`
	TimeZone text  `yaml:"timezone"`
	Jitter   span  `yaml:"jitter"`
}

// A monitorConfig is where "usersync run" shows how it is.
type monitorConfig struct {
	Address text `yaml:"address"`
}

type applyConfig struct {
	Concurrency int  `yaml:"concurrency"`
	MaxErrors   int  `yaml:"maxErrors"`
	FullEvery   span `yaml:"fullEvery"`
}

// check finds what is missing or contradicts itself.
func (c *config) check() error {
	s, t := c.Source, c.Target
	switch {
	case s.LDAP == nil && s.LDIF == nil:
		return c.missing("source", "what leads: expected ldap or ldif in it")
	case s.LDAP != nil && s.LDIF != nil:
		return c.wrong("source", "ldap and ldif exclude each other")
	case s.LDAP != nil && !s.LDAP.URL.set():
		return c.missing("source.ldap", "url, such as ldaps://dc1.example.com")
	case s.LDAP != nil && s.LDAP.Password.set() && !s.LDAP.User.set():
		return c.missing("source.ldap", "user, whose password is given")
	case s.LDAP != nil && s.LDAP.User.set() && s.LDAP.Kerberos != nil:
		return c.wrong("source.ldap", "user and kerberos exclude each other")
	case s.LDAP != nil && s.LDAP.Certificate.set() != s.LDAP.Key.set():
		return c.missing("source.ldap", "certificate and key, which belong together")
	case s.LDIF != nil && !s.LDIF.File.set():
		return c.missing("source.ldif", "file, the path of the export")
	case c.Limits.SourceFloor.Count > 0:
		return c.wrong("limits.sourceFloor", "expected a share such as 80%, or off")
	case c.Limits.SinkFloor.Count > 0:
		return c.wrong("limits.sinkFloor", "expected a share such as 80%, or off")
	case !c.Mapping.set():
		return c.missing("", "mapping, the path of the rules file")
	case !c.State.set():
		return c.missing("", "state, the folder for what must be remembered between runs")
	case !oneOf(c.Limits.Exceeded, "", "refuse", "stage"):
		return c.wrong("limits.exceeded", "expected one of refuse, stage")
	case !oneOf(c.Policy.UsersGone, "", "keep", "deactivate", "delete"):
		return c.wrong("policy.usersGone", "expected one of keep, deactivate, delete")
	case !oneOf(c.Policy.OutOfScope, "", "keep", "deactivate", "delete"):
		return c.wrong("policy.usersOutOfScope", "expected one of keep, deactivate, delete")
	case !oneOf(c.Policy.GroupsGone, "", "keep", "delete"):
		return c.wrong("policy.groupsGone", "expected one of keep, delete")
	case t.Plek == nil && t.SCIM == nil:
		return c.missing("target", "what follows: expected plek or scim in it")
	case t.Plek != nil && t.SCIM != nil:
		return c.wrong("target", "plek and scim exclude each other")
	case t.Plek != nil:
		return c.checkEndpoint("target.plek", &t.Plek.Endpoint)
	default:
		return c.checkEndpoint("target.scim", &t.SCIM.Endpoint)
	}
}

func (c *config) checkEndpoint(path string, e *endpointConfig) error {
	switch {
	case !e.URL.set():
		return c.missing(path, "url")
	case e.Token.set() && e.OAuth != nil:
		return c.wrong(path, "token and oauth exclude each other")
	case !e.Token.set() && e.OAuth == nil:
		return c.missing(path, "token, or oauth with client credentials")
	case e.OAuth != nil && (!e.OAuth.TokenURL.set() || !e.OAuth.ClientID.set() || !e.OAuth.ClientSecret.set()):
		return c.missing(path+".oauth", "tokenURL, clientID and clientSecret, which belong together")
	}
	return nil
}

func oneOf(t text, allowed ...string) bool { return slices.Contains(allowed, t.value) }

func (c *config) missing(path, what string) error { return c.wrong(path, "missing "+what) }

// wrong is an error about the field at path, or else about the nearest one around it.
func (c *config) wrong(path, msg string) error {
	var at *token.Token
	if p, err := yaml.PathString("$." + path); err == nil && path != "" {
		if node, err := p.FilterFile(c.doc); err == nil && node != nil {
			at = node.GetToken()
		}
	}
	return &placedError{at, cmp.Or(path, "the configuration") + ": " + msg}
}

// path gives a file named in the configuration, which is seen from where the configuration lies.
func (c *config) path(t text) string {
	if t.value == "" || filepath.IsAbs(t.value) {
		return t.value
	}
	return filepath.Join(filepath.Dir(c.file), t.value)
}

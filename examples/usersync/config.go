package main

import "github.com/goccy/go-yaml/ast"

// A config is what the configuration file says. "usersync init" writes one that explains each field.
type config struct {
	file    string
	doc     *ast.File
	reading *reading

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
	AllowPlaintext toggle          `yaml:"allowPlaintext"`
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
	Dialect     text   `yaml:"dialect"`
	Bases       texts  `yaml:"bases"`
	Include     texts  `yaml:"include"`
	Exclude     texts  `yaml:"exclude"`
	UserFilter  text   `yaml:"userFilter"`
	GroupFilter text   `yaml:"groupFilter"`
	MemberOf    texts  `yaml:"memberOf"`
	Nested      toggle `yaml:"nestedMembers"`
	Primary     toggle `yaml:"primaryGroups"`
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
	Rate           rate         `yaml:"rate"`
	AllowPlaintext toggle       `yaml:"allowPlaintext"`
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
	Exceeded    text         `yaml:"exceeded"`
	Run         countsConfig `yaml:",inline"`
	SourceFloor limit        `yaml:"sourceFloor"`
	SinkFloor   limit        `yaml:"sinkFloor"`
	Canaries    texts        `yaml:"canaries"`
	Day         countsConfig `yaml:"day"`
}

// A countsConfig bounds numbers of changes, of one run or of a day.
type countsConfig struct {
	Create         limit           `yaml:"create"`
	Adopt          limit           `yaml:"adopt"`
	Update         limit           `yaml:"update"`
	Deactivate     limit           `yaml:"deactivate"`
	Reactivate     limit           `yaml:"reactivate"`
	Delete         limit           `yaml:"delete"`
	RemoveRefs     limit           `yaml:"removeRefs"`
	RemoveRefsEach limit           `yaml:"removeRefsEach"`
	Attributes     attributeLimits `yaml:"attributes"`
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
	Concurrency count `yaml:"concurrency"`
	MaxErrors   count `yaml:"maxErrors"`
	FullEvery   span  `yaml:"fullEvery"`
}

// path gives a file named in the configuration.
func (c *config) path(t text) string { return c.reading.path(t.value) }

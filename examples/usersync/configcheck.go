package main

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"

	"github.com/ilumy/usersync/ldapsource"
)

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
	case !oneOf(c.dialect(), "", "active-directory", "ad-lds", "openldap", "389ds"):
		return &placedError{c.dialect().at, fmt.Sprintf("dialect: %q is unknown, expected one of active-directory, ad-lds, openldap, 389ds", c.dialect().value)}
	case s.LDAP != nil && !oneOf(s.LDAP.Increments, increments...):
		return c.wrong("source.ldap.increments", "expected one of "+strings.Join(increments[1:], ", "))
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
		return cmp.Or(c.checkEndpoint("target.plek", &t.Plek.Endpoint), c.checkLoop())
	default:
		return cmp.Or(c.checkEndpoint("target.scim", &t.SCIM.Endpoint), c.checkLoop())
	}
}

// increments are the ways to learn what changed in a directory.
var increments = []string{
	string(ldapsource.BestIncrements), string(ldapsource.NoIncrements), string(ldapsource.DirSync), string(ldapsource.USN),
	string(ldapsource.Syncrepl), string(ldapsource.Changelog), string(ldapsource.Modified),
}

func (c *config) dialect() text {
	if c.Source.LDAP != nil {
		return c.Source.LDAP.Scope.Dialect
	}
	return c.Source.LDIF.Scope.Dialect
}

// checkState finds what keeps the state from being found.
func (c *config) checkState() error {
	if !c.State.set() {
		return c.missing("", "state, the folder for what must be remembered between runs")
	}
	return c.State.lacks
}

// checkLoop finds what "usersync run" would trip over.
func (c *config) checkLoop() error {
	s := c.Schedule
	if s.Every > 0 && len(s.Daily) > 0 {
		return c.wrong("schedule", "every and daily exclude each other")
	}
	for _, at := range s.Daily {
		if _, err := time.Parse("15:04", at.value); err != nil {
			return &placedError{at.at, fmt.Sprintf("schedule.daily: %q is no time of day: expected one such as \"02:30\"", at.value)}
		}
	}
	if _, err := s.location(); err != nil {
		return c.wrong("schedule.timezone", err.Error()+": expected a name such as Europe/Amsterdam, which this machine knows")
	}
	if c.Monitor.Address.set() {
		_, port, err := net.SplitHostPort(c.Monitor.Address.value)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if err != nil {
			return c.wrong("monitor.address", fmt.Sprintf("%v: expected a host and a port such as \"127.0.0.1:9464\"", err))
		}
	}
	return nil
}

func (c *config) checkEndpoint(path string, e *endpointConfig) error {
	switch {
	case !e.URL.set():
		return c.missing(path, "url")
	case e.Token.set() && e.OAuth != nil:
		return c.wrong(path, "token and oauth exclude each other")
	case !e.Token.set() && e.OAuth == nil:
		return c.missing(path, "token, or oauth with client credentials")
	case strings.ContainsFunc(e.Token.value, unicode.IsControl):
		return c.wrong(path+".token", "it has a line break or another control character inside, which no token has; see that nothing but the token is there")
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

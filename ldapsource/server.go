package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// server is where to connect.
type server struct {
	scheme        string
	host, address string // for TLS; with the port, or the path of a socket
}

func (s server) String() string { return s.scheme + "://" + s.address }

// locator is a URL that was checked: a server, or a domain whose servers DNS knows.
type locator struct {
	server
	domain string
}

// parseURL reads ldap://host:port, ldaps://host:port, ldapi:///path, or ldap:///dc=example,dc=org, which stands for the
// servers that DNS names for that domain (RFC 2782).
func parseURL(text string) (locator, error) {
	bad := func(why string) (locator, error) {
		return locator{}, fmt.Errorf("ldapsource: server URL: %s; write ldaps://host, ldap://host or ldap:///dc=example,dc=org", why)
	}
	scheme, rest, ok := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "ldap" && scheme != "ldaps" && scheme != "ldapi" {
		return bad("the scheme is not ldap, ldaps or ldapi")
	}
	if scheme == "ldapi" {
		path, err := url.PathUnescape(strings.TrimPrefix(rest, "//"))
		if err != nil || path == "" || path == "/" {
			return bad("ldapi needs the path of a socket")
		}
		return locator{server: server{scheme, "", path}}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return bad("it holds more than a host, a port and a domain")
	}
	name := strings.Trim(u.Path, "/")
	if u.Host == "" {
		domain, err := domainOf(name)
		if err != nil {
			return bad(err.Error())
		}
		return locator{server: server{scheme: scheme}, domain: domain}, nil
	}
	if name != "" {
		return bad("a base belongs into Bases")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"ldap": "389", "ldaps": "636"}[scheme]
	}
	return locator{server: server{scheme, u.Hostname(), net.JoinHostPort(u.Hostname(), port)}}, nil
}

// domainOf makes of "dc=example,dc=org" the domain it stands for (RFC 2247).
func domainOf(name string) (string, error) {
	var labels []string
	for part := range strings.SplitSeq(name, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if !strings.EqualFold(key, "dc") || value == "" {
			return "", errors.New("it has neither a host nor a domain")
		}
		labels = append(labels, value)
	}
	return strings.Join(labels, "."), nil
}

// servers gives the places to try, the best first.
func (s *Source) servers(ctx context.Context) ([]server, error) {
	var list []server
	var failed error
	for _, l := range s.locators {
		if l.domain == "" {
			list = append(list, l.server)
			continue
		}
		found, err := s.lookup(ctx, l)
		if err != nil {
			failed = err
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("finding servers by DNS: %w: %w", failed, errBroken)
	}
	return list, nil
}

// lookup asks DNS for the servers of a domain. Those for LDAPS have no record of their own in an Active Directory,
// which names port 389 only.
func (s *Source) lookup(ctx context.Context, l locator) ([]server, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	port := ""
	_, records, err := s.lookupSRV(ctx, l.scheme, "tcp", l.domain)
	if err != nil && l.scheme == "ldaps" {
		port = "636"
		_, records, err = s.lookupSRV(ctx, "ldap", "tcp", l.domain)
	}
	if err != nil {
		return nil, err
	}
	var list []server
	for _, r := range records { // in order of priority, and by chance within it
		host := strings.TrimSuffix(r.Target, ".")
		p := port
		if p == "" {
			p = fmt.Sprint(r.Port)
		}
		list = append(list, server{l.scheme, host, net.JoinHostPort(host, p)})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no _%s._tcp record for %s", l.scheme, l.domain)
	}
	return list, nil
}

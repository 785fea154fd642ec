package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"sync"
	"time"

	"github.com/ilumy/usersync/provisioning"
)

// A Source is a [provisioning.Source] of a directory server. It is safe for concurrent use, each iteration having
// connections of its own.
//
// A read ends well only when the server has said that it gave everything. When the connection breaks, the read of the
// base at hand starts again, and what was given already is not given twice.
type Source struct {
	options   Options
	locators  []locator
	scope     scope
	timeout   time.Duration
	pageSize  int
	dialer    *net.Dialer
	lookupSRV func(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)

	mu   sync.Mutex
	pool []*conn
}

// New makes a source of the server at a URL: ldaps://host, ldap://host, which goes on with StartTLS, ldapi:///path, or
// ldap:///dc=example,dc=org for the servers that DNS names. Nothing is connected yet.
func New(url string, o *Options) (*Source, error) {
	s := &Source{timeout: 30 * time.Second, pageSize: 1000, dialer: &net.Dialer{}, lookupSRV: net.DefaultResolver.LookupSRV}
	if o != nil {
		s.options = *o
	}
	for _, u := range append([]string{url}, s.options.Fallbacks...) {
		l, err := parseURL(u)
		if err != nil {
			return nil, err
		}
		s.locators = append(s.locators, l)
	}
	if s.options.Timeout > 0 {
		s.timeout = s.options.Timeout
	}
	if s.options.PageSize > 0 {
		s.pageSize = s.options.PageSize
	}
	if s.options.LookupSRV != nil {
		s.lookupSRV = s.options.LookupSRV
	}
	d := s.options.Dialect
	if d == nil {
		d = ActiveDirectory() // only to see that the filters are well formed
	}
	if _, err := d.check(s.options.Filters); err != nil {
		return nil, err
	}
	var err error
	s.scope, err = s.options.scope()
	return s, err
}

// Ping connects, agrees on TLS and binds.
func (s *Source) Ping(ctx context.Context) error {
	c, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("ldapsource: %w", err)
	}
	c.close()
	return nil
}

// Close closes connections that are kept for the next read. The source may be used again.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.pool {
		c.close()
	}
	s.pool = nil
	return nil
}

// Records gives the records of a kind, in the order of the server.
func (s *Source) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if err := s.records(ctx, kind, yield); err != nil && !errors.Is(err, errLeft) {
			yield(nil, fmt.Errorf("ldapsource: reading %s records: %w", kind, err))
		}
	}
}

// errLeft says that the receiver wants no more.
var errLeft = errors.New("left early")

func (s *Source) records(ctx context.Context, kind provisioning.Kind, yield func(*provisioning.Record, error) bool) error {
	r, err := s.begin(ctx, kind)
	if err != nil {
		return err
	}
	defer r.end()
	return r.run(ctx, yield)
}

var (
	_ provisioning.DeltaSource = (*Source)(nil)
	_ provisioning.Pinger      = (*Source)(nil)
)

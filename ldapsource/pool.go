package ldapsource

import (
	"context"
	"slices"
	"time"
)

// Connections that are not used stay open this long, and only so many.
const (
	poolTime = time.Minute
	poolSize = 4
)

// take gives a connection: one that is kept, when the server has not closed it meanwhile, or a new one.
func (s *Source) take(ctx context.Context) (*conn, error) {
	s.mu.Lock()
	for len(s.pool) > 0 {
		c := s.pool[len(s.pool)-1]
		s.pool = s.pool[:len(s.pool)-1]
		c.expiry.Stop()
		if !c.ldap.IsClosing() {
			s.mu.Unlock()
			return c, nil
		}
		c.close()
	}
	s.mu.Unlock()
	return s.connect(ctx)
}

// takeFrom gives a connection to one server.
func (s *Source) takeFrom(ctx context.Context, at server) (*conn, error) {
	s.mu.Lock()
	for i, c := range s.pool {
		if c.server == at && !c.ldap.IsClosing() {
			s.pool = slices.Delete(s.pool, i, i+1)
			s.mu.Unlock()
			c.expiry.Stop()
			return c, nil
		}
	}
	s.mu.Unlock()
	return s.dial(ctx, at)
}

// put keeps a connection for the next read.
func (s *Source) put(c *conn) {
	if c.ldap.IsClosing() || c.mux.Broken() {
		c.close()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pool) == poolSize {
		c.close()
		return
	}
	s.pool = append(s.pool, c)
	c.expiry = time.AfterFunc(poolTime, func() { s.expire(c) })
}

func (s *Source) expire(c *conn) {
	s.mu.Lock()
	i := slices.Index(s.pool, c)
	if i >= 0 {
		s.pool = slices.Delete(s.pool, i, i+1)
	}
	s.mu.Unlock()
	if i >= 0 {
		c.close()
	}
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// headerTimeout is how long a client may take for the headers of a request, if -read-timeout is not less.
	headerTimeout = 10 * time.Second
	// maxHeader bounds the headers of a request, of which a token and a filter are the longest.
	maxHeader = 64 << 10
	// dialTimeout is how long a connection to the database may take.
	dialTimeout = 10 * time.Second
	// idleConnection is how long a connection to the database is kept that nobody needs.
	idleConnection = 5 * time.Minute
	// readyTimeout is how long the database may take to be called ready.
	readyTimeout = 2 * time.Second
)

// listeners serve requests until they are told to end.
type listeners struct {
	*settings
	log *slog.Logger
}

// run serves SCIM at -addr, and what operators ask at -ops-addr, or at -addr too. Ready is told the URL as soon as
// clients can connect. When the context ends, no more requests are taken, and those under way are finished.
func (l *listeners) run(ctx context.Context, scim, ops http.Handler, ready func(address string)) error {
	main := scim
	if l.opsAddr == "" {
		main = beside(scim, ops)
	}
	servers := []*http.Server{l.server(main)}
	config, err := l.tls()
	if err != nil {
		return err
	}
	listener, err := listen(l.addr, config)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	listening := []net.Listener{listener}
	if l.opsAddr != "" {
		listener, err := listen(l.opsAddr, nil)
		if err != nil {
			return errors.Join(fmt.Errorf("-ops-addr: %w", err), listening[0].Close())
		}
		listening, servers = append(listening, listener), append(servers, l.server(ops))
		l.log.InfoContext(ctx, "serving operators", "url", "http://"+listener.Addr().String())
	}
	failed := make(chan error, len(servers))
	for i, s := range servers {
		go func() { failed <- s.Serve(listening[i]) }()
	}
	scheme := "http://"
	if config != nil {
		scheme = "https://"
	}
	ready(scheme + listener.Addr().String())
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("serving: %w", err), l.end(servers))
	case <-ctx.Done():
		l.log.Info("ending; requests that are under way are finished first")
		return l.end(servers)
	}
}

// end ends the servers, that for operators last.
func (l *listeners) end(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.shutdown)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("some requests were not finished within %v: %w", l.shutdown, err), s.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	l.log.Info("ended")
	return nil
}

// server makes a server that waits for no client for ever.
func (l *listeners) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           l.patient(h),
		ReadHeaderTimeout: min(headerTimeout, l.read),
		ReadTimeout:       l.read,
		WriteTimeout:      l.writeTimeout(l.limits.Timeout),
		IdleTimeout:       l.idle,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(l.log.Handler(), slog.LevelWarn),
	}
}

// writeTimeout is when the answer must have been taken, from the end of the headers on: the body comes in, the work is
// done, the answer goes out.
func (l *listeners) writeTimeout(work time.Duration) time.Duration { return l.read + work + l.read }

// patient lets bulk requests take the longer time that they have.
func (l *listeners) patient(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/Bulk") {
			// An error means that there is no deadline to move.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(l.writeTimeout(10 * l.limits.Timeout)))
		}
		h.ServeHTTP(w, r)
	})
}

// tls reads the certificate; nil without one.
func (l *listeners) tls() (*tls.Config, error) {
	if l.cert == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(l.cert, l.key)
	if err != nil {
		return nil, fmt.Errorf("-tls-cert and -tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

func listen(address string, config *tls.Config) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err == nil && config != nil {
		l = tls.NewListener(l, config)
	}
	return l, err
}

// loopback reports whether only this machine can connect to a URL.
func loopback(address string) bool {
	u, err := url.Parse(address)
	return err == nil && net.ParseIP(u.Hostname()).IsLoopback()
}

// withoutPassword gives an address without the password in it.
func withoutPassword(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		u.User = url.User(u.User.Username())
		return u.String()
	}
	return address
}

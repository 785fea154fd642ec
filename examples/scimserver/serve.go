package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// settings are the flags of serve.
type settings struct {
	db            *string
	connections   int
	addr, opsAddr string
	base, scim1   string
	publicURL     string
	strict        bool
	trustProxy    bool
	discovery     bool
	cert, key     string
	log           string
	limits        server.Limits
	read, idle    time.Duration
	shutdown      time.Duration
	gateway       gateway
	events        events
}

func addServe(cmd *cobra.Command, db *string) {
	s := &settings{db: db}
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:8080", "the `address` to serve at")
	f.StringVar(&s.opsAddr, "ops-addr", "", "serve /healthz, /readyz and /metrics at this `address`, not at -addr")
	f.StringVar(&s.base, "base", "", "the `path` that the endpoints lie below, as /scim/v2 (default any)")
	f.StringVar(&s.scim1, "scim1", "", "speak SCIM 1.1 too, below this `path`, as /scim/v1")
	f.StringVar(&s.publicURL, "public-url", "", "the `URL` in front of the endpoints in locations (default that of the request)")
	f.BoolVar(&s.trustProxy, "trust-proxy", false, "believe Forwarded and X-Forwarded-*, which a proxy in front must set itself")
	f.BoolVar(&s.strict, "strict", false, "refuse what the RFCs do not allow, although identity providers send it")
	f.BoolVar(&s.discovery, "public-discovery", false, "answer /ServiceProviderConfig, /ResourceTypes and /Schemas without a token")
	f.StringVar(&s.cert, "tls-cert", "", "the `file` with the certificate, for HTTPS")
	f.StringVar(&s.key, "tls-key", "", "the `file` with the key of the certificate")
	f.StringVar(&s.log, "log", "json", "the `form` of the log: json or text")
	f.IntVar(&s.connections, "db-connections", 0, "how many connections to the database are used at most (default 20 for PostgreSQL, 4 for SQLite)")
	f.IntVar(&s.limits.Body, "max-body", 1<<20, "how many `bytes` a request may have")
	f.IntVar(&s.limits.Results, "max-results", 1000, "how many resources an answer may have")
	f.IntVar(&s.limits.Members, "max-members", 20_000, "how many members a request may send")
	f.IntVar(&s.limits.Operations, "max-patch-operations", 1000, "how many operations a PATCH may have")
	f.IntVar(&s.limits.BulkOperations, "max-bulk-operations", 1000, "how many operations a bulk request may have; -1 turns bulk off")
	f.IntVar(&s.limits.BulkBody, "max-bulk-body", 4<<20, "how many `bytes` a bulk request may have")
	f.DurationVar(&s.limits.Timeout, "timeout", 30*time.Second, "how long the answer to a request may take, and ten times that for a bulk request")
	f.DurationVar(&s.read, "read-timeout", 30*time.Second, "how long a client may take to send a request, and to take an answer")
	f.DurationVar(&s.idle, "idle-timeout", 2*time.Minute, "how long a connection is kept without a request")
	f.DurationVar(&s.shutdown, "shutdown-timeout", 30*time.Second, "how long to wait at the end for requests that are under way")
	s.gateway.flags(cmd)
	s.events.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := s.check(); err != nil {
			return err
		}
		return s.serve(cmd.Context(), cmd.ErrOrStderr())
	}
}

// check refuses what cannot be meant.
func (s *settings) check() error {
	switch {
	case s.log != "json" && s.log != "text":
		return cli.Usagef("-log: %q is neither json nor text", s.log)
	case (s.cert == "") != (s.key == ""):
		return cli.Usagef("-tls-cert and -tls-key are needed together")
	case s.base != "" && s.base[0] != '/':
		return cli.Usagef("-base: %q does not begin with a slash", s.base)
	case s.read <= 0 || s.idle <= 0 || s.limits.Timeout <= 0 || s.shutdown < 0:
		return cli.Usagef("a timeout must be longer than 0")
	case s.limits.Body <= 0 || s.limits.Results <= 0 || s.limits.Members <= 0 || s.limits.Operations <= 0 || s.limits.BulkBody <= 0 || s.limits.BulkOperations == 0 || s.connections < 0:
		return cli.Usagef("a limit must be larger than 0")
	}
	if err := s.events.check(s.publicURL); err != nil {
		return err
	}
	return s.checkSCIM1()
}

// serve runs the server until the context ends.
func (s *settings) serve(ctx context.Context, stderr io.Writer) (err error) {
	log := newLog(stderr, s.log)
	d, err := openDatabase(ctx, *s.db, s.connections)
	if err != nil {
		return err
	}
	defer d.pool.Close()
	stores, err := s.gateway.stores(d, log)
	if err != nil {
		return err
	}
	told, err := s.events.open(d, log)
	if err != nil {
		return err
	}
	m := newMetrics(d.pool)
	o := &server.Options{
		Dialect: s.dialect, Limits: s.limits, Base: s.base, TrustProxy: s.trustProxy, PublicDiscovery: s.discovery,
		Logger: log, Observer: observer(m, &auditLog{log}), Events: told,
	}
	if s.publicURL != "" {
		o.BaseURL = s.public
	}
	types := []*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}
	scimHandler, err := server.New(types, stores, server.Bearer(d.VerifyToken), o)
	if err != nil {
		return err
	}
	var h http.Handler = scimHandler
	if s.base == "" {
		h = rooted(h)
	}
	if h, err = s.withSCIM1(h, scimHandler); err != nil {
		return err
	}
	l := &listeners{settings: s, log: log}
	pushing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var g errgroup.Group
	g.Go(func() error { return s.events.run(pushing) })
	err = l.run(ctx, m.watch(traced(s.events.beside(h))), operations(d, m), func(address string) { s.welcome(ctx, d, log, address) })
	// What was taken to be done later is done now. What tells of it waits in the database, and is pushed at the next start.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.shutdown)
	defer cancel()
	if e := scimHandler.Shutdown(ending); e != nil {
		err = errors.Join(err, fmt.Errorf("requests that were taken to be done later were broken off: %w", e))
	}
	stop()
	return errors.Join(err, g.Wait())
}

// newLog makes the log of the server.
func newLog(w io.Writer, form string) *slog.Logger {
	var h slog.Handler = slog.NewJSONHandler(w, nil)
	if form == "text" {
		h = slog.NewTextHandler(w, nil)
	}
	return slog.New(traceHandler{h})
}

// welcome says what is still missing, and where the server is.
func (s *settings) welcome(ctx context.Context, d *database, log *slog.Logger, address string) {
	if s.cert == "" && !loopback(address) {
		log.WarnContext(ctx, "tokens can be read on their way: serve HTTPS with -tls-cert and -tls-key, or have a proxy in front do it")
	}
	switch tokens, err := d.Tokens(ctx); {
	case err != nil:
		log.ErrorContext(ctx, "counting the tokens", "error", err)
	case len(tokens) == 0:
		log.WarnContext(ctx, "there is no token, so nobody is let in; make one with: scimserver token create NAME"+dbFlag(*s.db))
	}
	attrs := []any{"url", address + s.base, "database", d.name, "strict", s.strict}
	if s.scim1 != "" {
		attrs = append(attrs, "scim1", address+s.scim1)
	}
	if s.events.on() {
		attrs = append(attrs, "events", s.events.issuer)
	}
	if s.gateway.url != "" {
		attrs = append(attrs, "gateway", s.gateway.url)
	}
	log.InfoContext(ctx, "serving", attrs...)
}

// dbFlag is how the command for tokens names the same database.
func dbFlag(db string) string {
	if db == "" {
		return ""
	}
	return " -db " + withoutPassword(db)
}

// dialect tells how a request is read: as it asks itself, else as the server was told.
func (s *settings) dialect(r *http.Request) scim.Dialect {
	asked := r.Header.Get("SCIM-Dialect")
	if asked == "" && r.URL.RawQuery != "" {
		asked = r.URL.Query().Get("dialect")
	}
	switch {
	case asked == "strict", s.strict && asked != "tolerant":
		return scim.Strict
	}
	return scim.Tolerant
}

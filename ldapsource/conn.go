package ldapsource

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/wire"
)

// conn is a connection that is bound, with the root DSE of its server.
type conn struct {
	server server
	mux    *wire.Mux
	ldap   *ldap.Conn
	root   *rootDSE
	expiry *time.Timer // of one that is kept
}

func (c *conn) close() {
	c.mux.Close() // first, so that go-ldap waits for nobody
	c.ldap.Close()
}

// connect gives a connection to the first server that answers. A server that lets us in not is no reason to try
// another: they all know the same accounts, and an account is soon locked.
func (s *Source) connect(ctx context.Context) (*conn, error) {
	servers, err := s.servers(ctx)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, at := range servers {
		c, err := s.dial(ctx, at)
		if err == nil {
			return c, nil
		}
		failed = append(failed, fmt.Errorf("%s: %w", at, err))
		if !passing(err) || ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(failed...)
}

// dial connects to one server, agrees on TLS, binds and reads the root DSE.
func (s *Source) dial(ctx context.Context, at server) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	missing := false // a client certificate that the server asked for
	raw, err := s.dialTLS(ctx, at, &missing)
	if err != nil {
		return nil, err
	}
	c := &conn{server: at, mux: wire.NewMux(raw, 0)}
	_, secure := raw.(*tls.Conn)
	c.ldap = ldap.NewConn(c.mux, secure)
	c.ldap.SetTimeout(s.timeout)
	c.ldap.Start()
	stop := context.AfterFunc(ctx, func() { c.mux.Close() })
	defer stop()
	if _, simple := s.options.Bind.(SimpleBind); simple && !secure && at.scheme != "ldapi" && !s.options.AllowPlaintext {
		err = fmt.Errorf("bind: %w", ErrInsecure)
	} else if s.options.Bind != nil {
		err = c.classify(ctx, "bind", s.options.Bind.bind(c.ldap, at))
	}
	if err == nil {
		c.root, err = s.readRoot(ctx, c)
	}
	if err != nil {
		c.close()
		if missing && passing(err) { // with TLS 1.3 the server refuses after the handshake (RFC 8446 section 4.4.2.4)
			err = fmt.Errorf("%w; the server asked for a client certificate, and TLS has none", err)
		}
		return nil, err
	}
	return c, nil
}

// dialTLS connects. With ldap:// it goes on with TLS by StartTLS, unless that was given up by name. It notes that the server
// asks for a certificate where there is none.
func (s *Source) dialTLS(ctx context.Context, at server, missing *bool) (net.Conn, error) {
	network := "tcp"
	if at.scheme == "ldapi" {
		network = "unix"
	}
	raw, err := s.dialer.DialContext(ctx, network, at.address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errBroken)
	}
	if at.scheme == "ldapi" || at.scheme == "ldap" && s.options.AllowPlaintext {
		return raw, nil
	}
	if at.scheme == "ldap" {
		if err := s.startTLS(ctx, raw); err != nil {
			raw.Close()
			return nil, err
		}
	}
	config := &tls.Config{}
	if s.options.TLS != nil {
		config = s.options.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = at.host
	}
	if len(config.Certificates) == 0 && config.GetClientCertificate == nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			*missing = true
			return &tls.Certificate{}, nil
		}
	}
	secure := tls.Client(raw, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		raw.Close()
		if err = explainTLS(err); *missing {
			err = fmt.Errorf("%w; the server asked for a client certificate, and TLS has none", err)
		}
		return nil, err
	}
	return secure, nil
}

func (s *Source) startTLS(ctx context.Context, raw net.Conn) error {
	deadline, _ := ctx.Deadline()
	raw.SetDeadline(deadline)
	defer raw.SetDeadline(time.Time{})
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	result, err := wire.StartTLS(raw)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("StartTLS: %w: %w", ctx.Err(), errBroken)
	case errors.Is(err, ErrProtocol):
		return err
	case err != nil:
		return fmt.Errorf("StartTLS: %w: %w", err, errBroken)
	case result.Code != 0:
		return &ResultError{Op: "StartTLS (the server may want ldaps:// instead)", Code: result.Code, Text: result.Text}
	}
	return nil
}

// explainTLS says what to do about a failed handshake. None is passing but one that the network broke.
func explainTLS(err error) error {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var network net.Error
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("TLS: %w; name the CA that signed the server's certificate", err)
	case errors.As(err, &host):
		return fmt.Errorf("TLS: %w; connect by a name that the certificate has", err)
	case errors.As(err, &invalid):
		return fmt.Errorf("TLS: %w; the server needs a new certificate", err)
	case errors.As(err, &record):
		return fmt.Errorf("TLS: %w; does the port speak TLS? ldaps:// is port 636, ldap:// with StartTLS port 389", err)
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("TLS: %w: %w", err, errBroken)
	}
	return fmt.Errorf("TLS: %w", err)
}

// classify brings an error of go-ldap's into ours. Of a connection that broke go-ldap says so in text only.
func (c *conn) classify(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w: %w", op, context.Cause(ctx), errBroken)
	}
	if own := (*ResultError)(nil); errors.As(err, &own) {
		return err
	}
	var e *ldap.Error
	answered := errors.As(err, &e)
	switch {
	case answered && e.ResultCode < ldap.ErrorNetwork:
		return &ResultError{Op: op, Code: int(e.ResultCode), Text: e.Err.Error()}
	case answered || c.mux.Broken():
		return fmt.Errorf("%s: %w: %w", op, err, errBroken)
	}
	return fmt.Errorf("%s: %w", op, err) // which no server has to do with, as with Kerberos
}

// secured gives the state of TLS, when there is any.
func (c *conn) secured() (tls.ConnectionState, bool) {
	if secure, ok := c.mux.Conn.(*tls.Conn); ok {
		return secure.ConnectionState(), true
	}
	return tls.ConnectionState{}, false
}

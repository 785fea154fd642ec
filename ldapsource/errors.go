package ldapsource

import (
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/ldif"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// Classes of errors, for errors.Is.
var (
	// ErrIncomplete says that a server ended a read before it had given everything: at a limit, with a part of the
	// tree on another server, with a result that is no success. Of a file it says that the file changed meanwhile.
	ErrIncomplete = errors.New("the read is not complete")
	// ErrInsecure says that a password would have crossed the network in the clear.
	ErrInsecure = errors.New("no password without TLS")
	// ErrTimeout says that a server was silent for too long.
	ErrTimeout = wire.ErrTimeout
	// ErrProtocol says that the other side does not speak LDAP.
	ErrProtocol = wire.ErrProtocol
	// ErrSyntax says that a file is damaged or no LDIF.
	ErrSyntax = ldif.ErrSyntax
	// ErrTruncated says that a file ends before its content does.
	ErrTruncated = ldif.ErrTruncated
	// ErrTooLarge says that a value or a record of a file is larger than allowed.
	ErrTooLarge = ldif.ErrTooLarge
)

// A ResultError is an answer of a server that is no success (RFC 4511 section 4.1.9).
type ResultError struct {
	// Op is what was being done: "bind", "search below dc=example".
	Op string
	// Code is the result code.
	Code int
	// Text is what the server says about it.
	Text string

	why string // what it says about it in a control
}

func (e *ResultError) Error() string {
	name := ldap.LDAPResultCodeMap[uint16(e.Code)]
	s := fmt.Sprintf("%s: result %d (%s)", e.Op, e.Code, name)
	if e.Text != "" {
		s += fmt.Sprintf(": %.200q", e.Text)
	}
	if hint := e.hint(); hint != "" {
		s += "; " + hint
	}
	return s
}

// hint says what to do.
func (e *ResultError) hint() string {
	if e.why != "" {
		return e.why
	}
	switch e.Code {
	case ldap.LDAPResultInvalidCredentials:
		return refusal(e.Text)
	case ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultTimeLimitExceeded:
		return "raise the limit for the account that reads, or choose smaller Bases"
	case ldap.LDAPResultAdminLimitExceeded:
		return "raise the limit for the account that reads, or choose a smaller PageSize"
	case ldap.LDAPResultUnwillingToPerform:
		return "a page may be too large for the server: choose a smaller PageSize"
	case ldap.LDAPResultNoSuchObject:
		return "the base is not there, or the account may not see it"
	case ldap.LDAPResultReferral:
		return "this part of the tree is on another server: connect to that one"
	case ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultStrongAuthRequired:
		return "the server wants TLS: use ldaps://, or ldap:// without AllowPlaintext"
	case ldap.LDAPResultInsufficientAccessRights:
		return "give the account that reads the right to do so"
	}
	return ""
}

// Unwrap gives the class, as package provisioning has them.
func (e *ResultError) Unwrap() error {
	switch e.Code {
	case ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultInappropriateAuthentication,
		ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultAuthMethodNotSupported:
		return provisioning.ErrUnauthorized
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return provisioning.ErrUnavailable
	case ldap.LDAPResultNoSuchObject:
		return provisioning.ErrNotFound
	}
	return nil
}

// passing reports whether another attempt may succeed: the connection broke, or the server is busy.
func passing(err error) bool {
	var result *ResultError
	if errors.As(err, &result) {
		return result.Code == ldap.LDAPResultBusy || result.Code == ldap.LDAPResultUnavailable
	}
	return errors.Is(err, errBroken)
}

// errBroken is in every error of a connection that broke or never came to be.
var errBroken = fmt.Errorf("connection: %w", provisioning.ErrUnavailable)

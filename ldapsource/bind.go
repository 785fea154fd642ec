package ldapsource

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"
	"github.com/jcmturner/gokrb5/v8/client"
)

// A Bind proves to a server who reads: [SimpleBind], [ExternalBind] or [KerberosBind]. It is never logged.
type Bind interface {
	bind(c *ldap.Conn, server server) error
	slog.LogValuer
}

// SimpleBind is a name with a password. It is refused outside of TLS, unless Options.AllowPlaintext says otherwise.
type SimpleBind struct {
	// DN is a distinguished name; Active Directory takes user@domain and DOMAIN\user too.
	DN, Password string
}

// ExternalBind takes the client certificate in Options.TLS for proof (SASL EXTERNAL), or on ldapi:// the user of
// the operating system.
type ExternalBind struct{}

// KerberosBind is a Kerberos ticket (SASL GSSAPI). It adds no encryption of its own, so it wants TLS too, as
// Active Directory does when channel signing is required.
type KerberosBind struct {
	// User and Realm name the principal, Keytab the file with its key.
	User, Realm, Keytab string
	// Cache is a file with tickets, as kinit makes it, in the place of User, Realm and Keytab.
	Cache string
	// Config is a krb5.conf: /etc/krb5.conf when empty.
	Config string
	// Service is the principal of the server: "ldap/" and its host name when empty.
	Service string
}

func (b SimpleBind) bind(c *ldap.Conn, _ server) error {
	if b.Password == "" { // a server takes this for anonymous, and says yes (RFC 4513 section 5.1.2)
		return errors.New("no password is given for the bind")
	}
	r, err := c.SimpleBind(ldap.NewSimpleBindRequest(b.DN, b.Password, []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}))
	if r == nil {
		return err
	}
	if why := policyRefusal(r.Controls); why != "" {
		if err == nil { // some servers let one in to set a new password, and to nothing else
			return &ResultError{Op: "bind", Code: ldap.LDAPResultInvalidCredentials, Text: why, why: why}
		}
		var e *ldap.Error
		if errors.As(err, &e) && e.ResultCode < ldap.ErrorNetwork {
			return &ResultError{Op: "bind", Code: int(e.ResultCode), Text: e.Err.Error(), why: why}
		}
	}
	return err
}

// policyRefusal puts into words why an account may do nothing, as OpenLDAP (draft-behera-ldap-password-policy) and 389
// Directory Server (draft-vchu-ldap-pwd-policy) say it beside the result.
func policyRefusal(controls []ldap.Control) string {
	for _, c := range controls {
		switch c := c.(type) {
		case *ldap.ControlBeheraPasswordPolicy:
			switch c.Error {
			case 0:
				return passwordExpired
			case 1:
				return "the account is locked"
			case 2:
				return "the password must be changed first"
			}
		case *ldap.ControlVChuPasswordMustChange:
			return passwordExpired
		}
	}
	return ""
}

const passwordExpired = "the password of the account has expired: set a new one, and let it never expire"

func (ExternalBind) bind(c *ldap.Conn, _ server) error { return c.ExternalBind() }

func (b KerberosBind) bind(c *ldap.Conn, at server) error {
	config := b.Config
	if config == "" {
		config = "/etc/krb5.conf"
	}
	var krb *gssapi.Client
	var err error
	if b.Cache != "" {
		krb, err = gssapi.NewClientFromCCache(b.Cache, config, client.DisablePAFXFAST(true))
	} else {
		krb, err = gssapi.NewClientWithKeytab(b.User, b.Realm, b.Keytab, config, client.DisablePAFXFAST(true))
	}
	if err != nil {
		return fmt.Errorf("kerberos: %w", err)
	}
	defer krb.Close()
	service := b.Service
	if service == "" {
		service = "ldap/" + at.host
	}
	return c.GSSAPIBind(krb, service, "")
}

// LogValue keeps the password out of logs.
func (b SimpleBind) LogValue() slog.Value { return slog.StringValue("simple bind") }

// String keeps the password out of messages.
func (b SimpleBind) String() string { return "simple bind" }

// GoString keeps the password out of messages.
func (b SimpleBind) GoString() string { return "ldapsource.SimpleBind{}" }

// LogValue names the way.
func (ExternalBind) LogValue() slog.Value { return slog.StringValue("SASL EXTERNAL") }

// LogValue names the way.
func (KerberosBind) LogValue() slog.Value { return slog.StringValue("Kerberos") }

// adReason finds the reason in what Active Directory says to a refused bind.
var adReason = regexp.MustCompile(`data ([0-9a-f]{3})\b`)

// refusal puts into words why a bind was refused.
func refusal(text string) string {
	if m := adReason.FindStringSubmatch(text); m != nil {
		switch m[1] {
		case "525":
			return "there is no such account"
		case "52e":
			return "the password is wrong"
		case "530", "531":
			return "the account may not log in now, or not from here"
		case "532":
			return passwordExpired
		case "533":
			return "the account is disabled"
		case "701":
			return "the account has expired"
		case "773":
			return "the password must be changed first"
		case "775":
			return "the account is locked out"
		}
	}
	if strings.Contains(strings.ToLower(text), "password expired") {
		return passwordExpired
	}
	return "check the name and the password of the account that reads"
}

var (
	_ Bind = SimpleBind{}
	_ Bind = ExternalBind{}
	_ Bind = KerberosBind{}
)

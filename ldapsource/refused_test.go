package ldapsource_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// policy is the control by which a server says why (draft-behera-ldap-password-policy section 6.2).
func policy(reason byte) []ldap.Control {
	return []ldap.Control{ldap.NewControlString(ldap.ControlTypeBeheraPasswordPolicy, false, "\x30\x03\x81\x01"+string(reason))}
}

// A bind that is refused says in words what to do. It is not tried again, nor elsewhere: an account is soon locked.
func TestBindRefused(t *testing.T) {
	ad := func(data string) string {
		return "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data " + data + ", v1db1"
	}
	for _, tc := range []struct {
		name, text string
		code       int
		controls   []ldap.Control
		says       string
	}{
		{name: "Active Directory, no such account", code: 49, text: ad("525"), says: "there is no such account"},
		{name: "Active Directory, wrong password", code: 49, text: ad("52e"), says: "the password is wrong"},
		{name: "Active Directory, not at this hour", code: 49, text: ad("530"), says: "may not log in now"},
		{name: "Active Directory, not from here", code: 49, text: ad("531"), says: "may not log in now"},
		{name: "Active Directory, password expired", code: 49, text: ad("532"), says: "has expired: set a new one"},
		{name: "Active Directory, account disabled", code: 49, text: ad("533"), says: "the account is disabled"},
		{name: "Active Directory, account expired", code: 49, text: ad("701"), says: "the account has expired"},
		{name: "Active Directory, password must be changed", code: 49, text: ad("773"), says: "must be changed first"},
		{name: "Active Directory, account locked", code: 49, text: ad("775"), says: "the account is locked out"},
		{name: "password expired, in a control", code: 49, controls: policy(0), says: "has expired: set a new one"},
		{name: "account locked, in a control", code: 49, controls: policy(1), says: "the account is locked"},
		{name: "let in for nothing but a new password", controls: policy(2), says: "must be changed first"},
		{name: "password expired, in the control of Netscape", code: 49,
			controls: []ldap.Control{ldap.NewControlString(ldap.ControlTypeVChuPasswordMustChange, false, "0")}, says: "has expired: set a new one"},
		{name: "password expired, in plain text", code: 49, text: "password expired!", says: "has expired: set a new one"},
		{name: "no reason", code: 49, says: "check the name and the password"},
		{name: "simple binds are not allowed", code: 8, says: "the server wants TLS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := ldaptest.NewDirectory(t)
			putPeople(d, 3)
			var binds atomic.Int64
			d.SetBind(func(name, password string) (int, string, []ldap.Control) {
				require.Equal(t, "cn=svc s3cret", name+" "+password)
				binds.Add(1)
				return tc.code, tc.text, tc.controls
			})
			records, bad, err := read(t, plain(t, d, ldapsource.Options{Bind: ldapsource.SimpleBind{DN: "cn=svc", Password: "s3cret"}, Fallbacks: []string{d.URL}}),
				provisioning.User)
			if len(records)+len(bad) > 0 || !errors.Is(err, provisioning.ErrUnauthorized) || !strings.Contains(err.Error(), tc.says) ||
				strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%d records, error %v; want ErrUnauthorized that says %q", len(records), err, tc.says)
			}
			if binds.Load() != 1 {
				t.Errorf("%d binds, want one", binds.Load())
			}
		})
	}
}

// A password that has really expired is told apart from a wrong one, by OpenLDAP with its overlay ppolicy and by 389 Directory
// Server.
func TestPasswordExpired(t *testing.T) {
	check := func(t *testing.T, d *lab.Directory, account string, expire func()) {
		t.Helper()
		o := options(d)
		o.Bind = ldapsource.SimpleBind{DN: account, Password: people.Password}
		require.NoError(t, newSource(t, d.TLSURL, o).Ping(t.Context()), "before")
		expire()
		var err error
		for start := time.Now(); err == nil && time.Since(start) < 20*time.Second; time.Sleep(100 * time.Millisecond) { // ages are in whole seconds
			err = newSource(t, d.TLSURL, o).Ping(t.Context())
		}
		if !errors.Is(err, provisioning.ErrUnauthorized) || !strings.Contains(err.Error(), "has expired: set a new one") {
			t.Errorf("error %v, want one that says what to do", err)
		}
		o.Bind = ldapsource.SimpleBind{DN: account, Password: "wrong"}
		if err := newSource(t, d.TLSURL, o).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "check the name and the password") {
			t.Errorf("a wrong password: error %v", err)
		}
	}
	set := func(t *testing.T, d *lab.Directory, dn string, values map[string]string) {
		t.Helper()
		m := ldap.NewModifyRequest(dn, nil)
		for name, value := range values {
			m.Replace(name, []string{value})
		}
		require.NoError(t, d.Admin(t).Modify(m))
	}
	t.Run("OpenLDAP", func(t *testing.T) {
		d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 10},
			Config: "moduleload ppolicy\noverlay ppolicy\nppolicy_default cn=policy,ou=services,dc=lab,dc=example\nppolicy_use_lockout"})
		account := d.DN(&d.Company.People[0].Entry)
		add := ldap.NewAddRequest("cn=policy,ou=services,"+d.Base, nil)
		for name, values := range map[string][]string{"objectClass": {"device", "pwdPolicy"}, "pwdAttribute": {"userPassword"}} {
			add.Attribute(name, values)
		}
		require.NoError(t, d.Admin(t).Add(add))
		set(t, d, account, map[string]string{"userPassword": people.Password})
		check(t, d, account, func() { set(t, d, add.DN, map[string]string{"pwdMaxAge": "1"}) })
	})
	t.Run("389 Directory Server", func(t *testing.T) {
		d := lab.DS389(t, &lab.DS389Options{Contents: lab.Contents{People: 100}})
		account := d.DN(&d.Company.People[0].Entry)
		check(t, d, account, func() {
			set(t, d, "cn=config", map[string]string{"passwordExp": "on", "passwordMaxAge": "1", "passwordWarning": "0", "passwordGraceLimit": "0"})
			set(t, d, account, map[string]string{"userPassword": people.Password})
		})
	})
}

package ldapsource_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// A Kerberos ticket lets us in, by a keytab and by the tickets that kinit left.
func TestKerberosBind(t *testing.T) {
	d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}, Kerberos: true})
	user, _, _ := strings.Cut(d.BindDN, "@")
	path := filepath.Join(t.TempDir(), "sync.keytab")
	keys := keytab.New()
	for version := range uint8(5) { // whichever the account's password has by now
		require.NoError(t, keys.AddEntry(user, d.Realm, d.Password, d.Company.Now, version, etypeID.AES256_CTS_HMAC_SHA1_96))
	}
	raw, err := keys.Marshal()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	tickets := filepath.Join(t.TempDir(), "tickets")
	writeTickets(t, tickets, d, user)
	for _, tc := range []struct {
		name, url string
		bind      ldapsource.KerberosBind
		fails     string
	}{
		{name: "LDAPS", url: d.TLSURL, bind: ldapsource.KerberosBind{User: user, Realm: d.Realm, Keytab: path, Config: d.KRB5Config, Service: d.SPN}},
		{name: "StartTLS", url: d.URL, bind: ldapsource.KerberosBind{User: user, Realm: d.Realm, Keytab: path, Config: d.KRB5Config, Service: d.SPN}},
		{name: "tickets of kinit", url: d.TLSURL, bind: ldapsource.KerberosBind{Cache: tickets, Config: d.KRB5Config, Service: d.SPN}},
		{name: "unknown service", url: d.TLSURL, bind: ldapsource.KerberosBind{User: user, Realm: d.Realm, Keytab: path, Config: d.KRB5Config, Service: "ldap/elsewhere"}, fails: "kerberos"},
		{name: "no keytab", url: d.TLSURL, bind: ldapsource.KerberosBind{User: user, Realm: d.Realm, Keytab: path + "x", Config: d.KRB5Config, Service: d.SPN}, fails: "keytab"},
		{name: "no tickets", url: d.TLSURL, bind: ldapsource.KerberosBind{Cache: path + "x", Config: d.KRB5Config, Service: d.SPN}, fails: "no such file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := sambaOptions(d)
			o.Bind = tc.bind
			records, _, err := read(t, newSource(t, tc.url, o), provisioning.User)
			if tc.fails == "" && (err != nil || len(records) != 50) || tc.fails != "" && (err == nil || !strings.Contains(strings.ToLower(err.Error()), tc.fails)) {
				t.Errorf("%d records, error %v; want 50, or an error that says %q", len(records), err, tc.fails)
			}
		})
	}
}

// writeTickets logs in and writes the ticket as kinit does: a credential cache of version 4.
func writeTickets(t *testing.T, path string, d *lab.Directory, user string) {
	t.Helper()
	cfg, err := config.Load(d.KRB5Config)
	require.NoError(t, err)
	krb := client.NewWithPassword(user, d.Realm, d.Password, cfg, client.DisablePAFXFAST(true))
	name := types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, user)
	req, err := messages.NewASReqForTGT(d.Realm, cfg, name)
	require.NoError(t, err)
	rep, err := krb.ASExchange(d.Realm, req, 0)
	require.NoError(t, err)
	b := []byte{5, 4, 0, 0}
	long := func(n int) { b = binary.BigEndian.AppendUint32(b, uint32(n)) }
	data := func(s string) { long(len(s)); b = append(b, s...) }
	principal := func(p types.PrincipalName, realm string) {
		long(int(p.NameType))
		long(len(p.NameString))
		data(realm)
		for _, part := range p.NameString {
			data(part)
		}
	}
	part := rep.DecryptedEncPart
	principal(name, d.Realm)
	principal(name, d.Realm)
	principal(rep.Ticket.SName, d.Realm)
	b = binary.BigEndian.AppendUint16(b, uint16(part.Key.KeyType))
	data(string(part.Key.KeyValue))
	for _, at := range []time.Time{part.AuthTime, part.AuthTime, part.EndTime, part.EndTime} {
		long(int(at.Unix()))
	}
	b = append(b, 0)
	b = append(b, part.Flags.Bytes...)
	long(0) // addresses
	long(0) // authorization data
	ticket, err := rep.Ticket.Marshal()
	require.NoError(t, err)
	data(string(ticket))
	data("")
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// Why an account is not let in is said in words, as Active Directory says it in codes.
func TestRefusedAccounts(t *testing.T) {
	d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}})
	admin := d.Admin(t)
	account := d.DN(&d.Company.People[0].Entry)
	set := func(t *testing.T, dn, attribute, value string) {
		t.Helper()
		m := ldap.NewModifyRequest(dn, nil)
		m.Replace(attribute, []string{value})
		require.NoError(t, admin.Modify(m))
	}
	for _, tc := range []struct{ name, attribute, value, after, says string }{
		{name: "disabled", attribute: "userAccountControl", value: "514", after: "512", says: "the account is disabled"},
		{name: "expired", attribute: "accountExpires", value: "116444736000000000", after: "0", says: "the account has expired"},
		{name: "must change the password", attribute: "pwdLastSet", value: "0", after: "-1", says: "password must be changed"},
		{name: "let in"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.attribute != "" {
				set(t, account, tc.attribute, tc.value)
				defer set(t, account, tc.attribute, tc.after)
			}
			o := sambaOptions(d)
			o.Bind = ldapsource.SimpleBind{DN: account, Password: people.Password}
			err := newSource(t, d.TLSURL, o).Ping(t.Context())
			if tc.says == "" {
				require.NoError(t, err)
				return
			}
			if !errors.Is(err, provisioning.ErrUnauthorized) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want one that says %q", err, tc.says)
			}
		})
	}
}

func TestResultError(t *testing.T) {
	for _, tc := range []struct {
		code int
		text string
		says string
		is   error
	}{
		{49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 532, v1db1", "the password of the account has expired", provisioning.ErrUnauthorized},
		{49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1", "the password is wrong", provisioning.ErrUnauthorized},
		{49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 525, v1db1", "there is no such account", provisioning.ErrUnauthorized},
		{49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 775, v1db1", "the account is locked out", provisioning.ErrUnauthorized},
		{49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 530, v1db1", "may not log in now", provisioning.ErrUnauthorized},
		{49, "", "check the name and the password", provisioning.ErrUnauthorized},
		{4, "", "raise the limit", nil},
		{51, "", "Busy", provisioning.ErrUnavailable},
		{32, "", "the base is not there", provisioning.ErrNotFound},
		{50, "", "the right to do so", provisioning.ErrUnauthorized},
	} {
		err := error(&ldapsource.ResultError{Op: "bind", Code: tc.code, Text: tc.text})
		if !strings.Contains(err.Error(), tc.says) || tc.is != nil && !errors.Is(err, tc.is) {
			t.Errorf("code %d %q: %v; want it to say %q and to be %v", tc.code, tc.text, err, tc.says, tc.is)
		}
	}
}

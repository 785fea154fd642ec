package people

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Password is what the first ten people of a loaded directory log in with.
const Password = "Welkom01!"

// withPassword is how many people have it.
const withPassword = 10

// LDAPBase is the DN of the domain in a directory that is no Active Directory.
func (c *Company) LDAPBase() string { return base("dc", c.Domain) }

// LDAPDN is the distinguished name of an entry in a directory that is no Active Directory.
func (c *Company) LDAPDN(e *Entry) string {
	switch {
	case e.Class == GroupEntry:
		return "cn=" + escape(e.CN) + ",ou=groups," + c.LDAPBase()
	case e.Class == Service:
		return "uid=" + e.Login + ",ou=services," + c.LDAPBase()
	case e.Class == Foreign || strings.Contains(e.CN, ", "):
		return "cn=" + escape(e.CN) + ",ou=people," + c.LDAPBase()
	}
	return "uid=" + e.Login + ",ou=people," + c.LDAPBase()
}

// UUID is the text form of the entry's GUID.
func (e *Entry) UUID() string {
	h := hex.EncodeToString(e.GUID[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// WriteOpenLDAP writes the company as slapadd takes it. No overlay runs there, so memberOf is written
// too. Who is disabled has the employeeType "uit dienst".
func (c *Company) WriteOpenLDAP(to io.Writer) error {
	w := newLDIF(to)
	c.writeLDAP(w, false)
	return w.Flush()
}

// Write389 writes the company as ns-slapd ldif2db takes it, with the memberOf of nested groups.
func (c *Company) Write389(to io.Writer) error {
	w := newLDIF(to)
	c.writeLDAP(w, true)
	return w.Flush()
}

func (c *Company) writeLDAP(w *ldif, ds389 bool) {
	in := c.memberOf()
	w.attr("dn", c.LDAPBase())
	w.attrs("objectClass", "top", "domain")
	if ds389 { // it lets nobody read otherwise
		w.attr("aci", `(targetattr!="userPassword")(version 3.0; acl "read"; allow (read,search,compare) userdn="ldap:///all";)`)
	}
	dc, _, _ := strings.Cut(c.Domain, ".")
	w.attr("dc", dc)
	w.end()
	for _, ou := range []string{"people", "groups", "services"} {
		w.attr("dn", "ou="+ou+","+c.LDAPBase())
		w.attr("objectClass", "organizationalUnit")
		w.attr("ou", ou)
		w.end()
	}
	begin := func(e *Entry, classes ...string) {
		w.attr("dn", c.LDAPDN(e))
		w.attrs("objectClass", classes...)
		if ds389 {
			w.attr("objectClass", "nsMemberOf")
			w.attr("nsUniqueId", nsUniqueID(e.UUID()))
		}
		w.attr("entryUUID", e.UUID())
		w.attr("createTimestamp", e.Created.Format("20060102150405Z"))
		w.attr("modifyTimestamp", e.Changed.Format("20060102150405Z"))
		for _, g := range holders(e, in, ds389) {
			w.attr("memberOf", c.LDAPDN(&g.Entry))
		}
	}
	for i, p := range c.People {
		if p.Class == Service {
			begin(&p.Entry, "account")
			w.attr("uid", p.Login)
			w.attr("description", p.Title)
			w.end()
			continue
		}
		begin(&p.Entry, "top", "person", "organizationalPerson", "inetOrgPerson")
		c.ldapPerson(w, p, i < withPassword)
		w.end()
	}
	for _, g := range c.Groups {
		begin(&g.Entry, "groupOfNames")
		w.attr("cn", g.CN)
		w.attr("description", g.Description)
		for _, m := range g.Members {
			w.attr("member", c.LDAPDN(m))
		}
		if len(g.Members) == 0 && !ds389 {
			w.fold("member: ") // the class wants one: the empty DN
		}
		w.end()
	}
}

func (c *Company) ldapPerson(w *ldif, p *Person, password bool) {
	w.attr("uid", p.Login)
	w.attr("cn", p.CN)
	w.attr("sn", p.Surname)
	w.attr("givenName", p.Given)
	w.attr("initials", p.Initials)
	w.attr("displayName", p.Display())
	w.attr("mail", p.Mail)
	w.attr("title", p.Title)
	w.attr("ou", p.Department)
	w.attr("o", c.Name)
	w.attr("employeeNumber", p.EmployeeID)
	kind := "vast"
	if p.Disabled {
		kind = "uit dienst"
	}
	w.attr("employeeType", kind)
	w.attr("preferredLanguage", "nl-NL")
	w.attr("roomNumber", p.Office)
	w.attr("street", p.Street)
	w.attr("postalCode", p.PostalCode)
	w.attr("l", p.City)
	w.attr("telephoneNumber", p.Phone)
	w.attr("mobile", p.Mobile)
	if p.Manager != nil {
		w.attr("manager", c.LDAPDN(p.Manager))
	}
	if password {
		w.attr("userPassword", Password)
	}
}

// holders gives the groups that hold an entry; when nested, the groups of those too.
func holders(e *Entry, in map[*Entry][]*Group, nested bool) []*Group {
	if !nested {
		return in[e]
	}
	var all []*Group
	seen := map[*Group]bool{}
	todo := in[e]
	for len(todo) > 0 {
		g := todo[0]
		todo = todo[1:]
		if !seen[g] {
			seen[g] = true
			all = append(all, g)
			todo = append(todo[:len(todo):len(todo)], in[&g.Entry]...)
		}
	}
	return all
}

// nsUniqueID writes a UUID as 389 Directory Server does: 8-8-8-8.
func nsUniqueID(uuid string) string {
	h := strings.ReplaceAll(uuid, "-", "")
	return h[:8] + "-" + h[8:16] + "-" + h[16:24] + "-" + h[24:]
}

// WriteSamba writes the company as ldbmodify takes it into an Active Directory domain: only what a
// domain controller lets one write, names that lead nowhere left out, and nesting at the end, since
// a member must exist. An empty line ends each record.
func (c *Company) WriteSamba(to io.Writer) error {
	w := newLDIF(to)
	c.writeSamba(w)
	return w.Flush()
}

func (c *Company) writeSamba(w *ldif) {
	ous := [][]string{{"Medewerkers"}, {"Uit dienst"}, {"Service Accounts"}, {"Groepen"}}
	for _, city := range cities {
		ous = append(ous, []string{city[0], "Medewerkers"})
	}
	for _, ou := range ous {
		w.attr("dn", strings.TrimPrefix(c.DN(&Entry{Class: GroupEntry, OU: ou}), "CN=,"))
		w.attr("objectClass", "organizationalUnit")
		w.attr("ou", ou[0])
		w.end()
	}
	for i, p := range c.People {
		c.sambaPerson(w, p, i < withPassword)
	}
	for _, g := range c.Groups {
		w.attr("dn", c.DN(&g.Entry))
		w.attr("objectClass", "group")
		w.attr("sAMAccountName", g.Login)
		w.attr("mail", g.Mail)
		w.attr("description", g.Description)
		w.attr("groupType", strconv.Itoa(int(g.Type)))
		for _, m := range g.Members {
			if m.Class == Employee || m.Class == Service {
				w.attr("member", c.DN(m))
			}
		}
		w.end()
	}
	for _, g := range c.Groups {
		var nested []string
		for _, m := range g.Members {
			if m.Class == GroupEntry {
				nested = append(nested, c.DN(m))
			}
		}
		if nested != nil {
			w.attr("dn", c.DN(&g.Entry))
			w.attr("changetype", "modify")
			w.attr("add", "member")
			w.attrs("member", nested...)
			w.end()
		}
	}
}

func (c *Company) sambaPerson(w *ldif, p *Person, password bool) {
	w.attr("dn", c.DN(&p.Entry))
	w.attr("objectClass", "user")
	w.attr("sAMAccountName", p.Login)
	c.adDetails(w, p)
	if p.Manager != nil && p.Manager.Class == Employee {
		w.attr("manager", c.DN(p.Manager))
	}
	control := p.control()
	if password {
		w.binary("unicodePwd", quoted(Password))
	} else {
		control |= 0x20 // PASSWD_NOTREQD: it has none
	}
	w.attr("userAccountControl", strconv.Itoa(control))
	w.attr("accountExpires", p.expires())
	w.end()
}

// quoted is a password as unicodePwd wants it: in quotation marks, UTF-16, little-endian.
func quoted(password string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(fmt.Sprintf("%q", password))) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

package people

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"time"
)

// pageSize is how many entries ldapsearch asks for at once: what Active Directory gives at most.
const pageSize = 1000

// never is the FILETIME of an account that does not expire.
const never = "9223372036854775807"

// Base is the DN of the domain as Active Directory writes it.
func (c *Company) Base() string { return base("DC", c.Domain) }

// DN is the distinguished name of an entry in Active Directory.
func (c *Company) DN(e *Entry) string {
	dn := "CN=" + escape(e.CN)
	if e.Class == Foreign && e.OU == nil {
		return dn + ",CN=ForeignSecurityPrincipals," + c.Base()
	}
	for _, ou := range e.OU {
		dn += ",OU=" + escape(ou)
	}
	return dn + "," + c.Base()
}

// WriteAD writes the company as
//
//	ldapsearch -L -E pr=1000/noprompt '(|(&(objectCategory=person)(objectClass=user))(objectClass=group))'
//
// writes an Active Directory: folded at 78 columns, in base64 what is not ASCII, with comments, a
// header for each page, and at the end the comments that say that it is complete.
func (c *Company) WriteAD(to io.Writer) error {
	w := newLDIF(to)
	in := c.memberOf()
	c.page(w)
	next := func() {
		if w.entries > 0 && w.entries%pageSize == 0 {
			w.fold("# search result")
			w.fold("# control: 1.2.840.113556.1.4.319 false MIQAAAALAgEABAYBAAAAGAA=")
			w.fold("# pagedresults: cookie=AQAAABgA")
			c.page(w)
		}
	}
	for _, p := range c.People {
		next()
		c.adPerson(w, p, in)
	}
	for _, g := range c.Groups {
		next()
		c.adGroup(w, g, in)
	}
	w.fold("# search result")
	w.fold("# control: 1.2.840.113556.1.4.319 false MIQAAAAFAgEABAA=")
	w.fold("# pagedresults: cookie=")
	w.WriteByte('\n')
	fmt.Fprintf(w, "# numResponses: %d\n# numEntries: %d\n", w.entries+1+w.entries/pageSize, w.entries)
	return w.Flush()
}

func (c *Company) page(w *ldif) {
	w.WriteString("version: 1\n\n#\n# LDAPv3\n")
	w.fold("# base <" + c.Base() + "> with scope subtree")
	w.fold("# filter: (|(&(objectCategory=person)(objectClass=user))(objectClass=group))")
	w.WriteString("# requesting: ALL\n# with pagedResults control: size=1000\n#\n\n")
}

// memberOf tells for each entry which groups hold it.
func (c *Company) memberOf() map[*Entry][]*Group {
	in := make(map[*Entry][]*Group, 3*len(c.People))
	for _, g := range c.Groups {
		for _, m := range g.Members {
			in[m] = append(in[m], g)
		}
	}
	return in
}

// adBegin writes what an entry of any class begins with.
func (c *Company) adBegin(w *ldif, e *Entry, in map[*Entry][]*Group, classes ...string) {
	dn := c.DN(e)
	w.begin(append([]string{e.CN}, e.OU...), c.Domain, dn)
	w.attrs("objectClass", classes...)
	w.attr("cn", e.CN)
	w.attr("distinguishedName", dn)
	w.attr("instanceType", "4")
	w.attr("whenCreated", e.Created.Format("20060102150405.0Z"))
	w.attr("whenChanged", e.Changed.Format("20060102150405.0Z"))
	w.attr("uSNCreated", strconv.Itoa(int(e.RID)*3+9000))
	w.attr("uSNChanged", strconv.FormatInt(e.USN, 10))
	w.attr("name", e.CN)
	w.binary("objectGUID", littleEndian(e.GUID))
	w.binary("objectSid", c.SID(e))
	w.attr("sAMAccountName", e.Login)
	for _, g := range in[e] {
		w.attr("memberOf", c.DN(&g.Entry))
	}
}

func (c *Company) adPerson(w *ldif, p *Person, in map[*Entry][]*Group) {
	c.adBegin(w, &p.Entry, in, "top", "person", "organizationalPerson", "user")
	c.adDetails(w, p)
	if p.Manager != nil {
		w.attr("manager", c.DN(p.Manager))
	}
	w.attr("userAccountControl", strconv.Itoa(p.control()))
	w.attr("accountExpires", p.expires())
	w.attr("pwdLastSet", filetime(p.PasswordSet))
	w.attr("lastLogonTimestamp", filetime(p.LastLogon))
	w.attr("primaryGroupID", "513")
	w.attr("sAMAccountType", "805306368")
	w.attr("objectCategory", "CN=Person,CN=Schema,CN=Configuration,"+c.Base())
	w.end()
}

// adDetails writes those attributes of a person that people write.
func (c *Company) adDetails(w *ldif, p *Person) {
	w.attr("sn", p.Surname)
	w.attr("givenName", p.Given)
	w.attr("initials", p.Initials)
	if p.Class == Employee {
		w.attr("displayName", p.Display())
		w.attr("company", c.Name)
		w.attr("c", "NL")
		w.attr("co", "Nederland")
		w.attr("countryCode", "528")
	}
	w.attr("description", p.description())
	w.attr("title", p.Title)
	w.attr("department", p.Department)
	w.attr("physicalDeliveryOfficeName", p.Office)
	w.attr("streetAddress", p.Street)
	w.attr("postalCode", p.PostalCode)
	w.attr("l", p.City)
	w.attr("telephoneNumber", p.Phone)
	w.attr("mobile", p.Mobile)
	w.attr("employeeID", p.EmployeeID)
	if p.EmployeeID != "" {
		w.attr("employeeNumber", "P"+p.EmployeeID)
	}
	w.attr("userPrincipalName", p.UPN)
	w.attr("mail", p.Mail)
	if p.Mail != "" {
		w.attr("proxyAddresses", "SMTP:"+p.Mail)
	}
	for _, m := range p.OtherMail {
		w.attr("proxyAddresses", "smtp:"+m)
	}
}

func (c *Company) adGroup(w *ldif, g *Group, in map[*Entry][]*Group) {
	c.adBegin(w, &g.Entry, in, "top", "group")
	w.attr("mail", g.Mail)
	w.attr("description", g.Description)
	for _, m := range g.Members {
		w.attr("member", c.DN(m))
	}
	w.attr("groupType", strconv.Itoa(int(g.Type)))
	kind := "268435456" // a security group
	if g.Type == globalDistribution {
		kind = "268435457"
	}
	w.attr("sAMAccountType", kind)
	w.attr("objectCategory", "CN=Group,CN=Schema,CN=Configuration,"+c.Base())
	w.end()
}

func (p *Person) description() string {
	if p.Disabled {
		return "Uit dienst; zie dossier " + p.EmployeeID
	}
	return ""
}

// control is the userAccountControl: NORMAL_ACCOUNT, with ACCOUNTDISABLE and DONT_EXPIRE_PASSWORD.
func (p *Person) control() int {
	uac := 0x200
	if p.Disabled {
		uac |= 0x2
	}
	if p.Class == Service {
		uac |= 0x10000
	}
	return uac
}

// expires is the accountExpires, of which two values say never.
func (p *Person) expires() string {
	switch {
	case !p.Expires.IsZero():
		return filetime(p.Expires)
	case p.RID%4 == 0:
		return "0"
	}
	return never
}

// filetime counts the 100 ns since 1601; no time is 0, which for pwdLastSet asks for a change.
func filetime(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt((t.Unix()+11644473600)*10_000_000, 10)
}

// littleEndian gives a GUID as Active Directory stores it: the first three fields turned round.
func littleEndian(g [16]byte) []byte {
	b := g
	b[0], b[1], b[2], b[3] = g[3], g[2], g[1], g[0]
	b[4], b[5] = g[5], g[4]
	b[6], b[7] = g[7], g[6]
	return b[:]
}

// SID gives an entry's objectSid: revision 1, five parts, authority 5 (NT).
func (c *Company) SID(e *Entry) []byte {
	b := []byte{1, 5, 0, 0, 0, 0, 0, 5}
	b = binary.LittleEndian.AppendUint32(b, 21)
	for _, part := range c.sid {
		b = binary.LittleEndian.AppendUint32(b, part)
	}
	return binary.LittleEndian.AppendUint32(b, e.RID)
}

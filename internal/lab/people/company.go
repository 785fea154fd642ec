package people

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A Class tells what an [Entry] is.
type Class int

// The classes of entries.
const (
	Employee Class = iota
	Service        // an account of a machine, out of scope for provisioning
	GroupEntry
	Foreign // a name that leads out of the directory
)

// An Entry is what people and groups have in common: it can stand in a group.
type Entry struct {
	Class Class
	// GUID is the objectGUID or entryUUID, in the order of its text form.
	GUID [16]byte
	RID  uint32 // the last part of the objectSid
	// CN is the common name, OU the path of organizational units under the base, nearest first.
	CN string
	OU []string
	// Login is the sAMAccountName or uid. At most 20 characters, of letters, digits and hyphens.
	Login            string
	Mail             string
	Created, Changed time.Time
	USN              int64
}

// A Person is a user of the directory.
type Person struct {
	Entry
	Given, Surname, Initials         string // Surname holds the prefix: "de Bruin"
	Title, Department                string
	EmployeeID, Phone, Mobile        string
	Office, Street, City, PostalCode string
	UPN                              string
	OtherMail                        []string
	Manager                          *Entry
	Disabled                         bool
	Expires                          time.Time // zero is never
	PasswordSet, LastLogon           time.Time
}

// Display is the name as people write it.
func (p *Person) Display() string { return p.Given + " " + p.Surname }

// A Group has people and groups as members.
type Group struct {
	Entry
	Description string
	Type        int32 // groupType of Active Directory
	Members     []*Entry
}

// Options say how large a [Company] is and where it stands; zero values give the demo's.
type Options struct {
	People int    // employees; 1,000 when zero
	Groups int    // at least 30, 40 when zero
	Seed   uint64 // the same seed gives the same company
	Domain string // of addresses and of the base DN; "voorbeeld.example" when empty
}

// A Company is a directory's content at one moment.
type Company struct {
	Name, Domain string
	// Now is the moment of the export.
	Now    time.Time
	People []*Person // employees first, then service accounts
	Groups []*Group

	sid    [3]uint32
	rng    *rand.Rand
	rid    uint32
	usn    int64
	number int            // of the last employee
	taken  map[string]int // how often a name was given, by space and name
}

// New makes a company. People are numbered as they come, and what is odd about them follows from
// the number, so that a company of any size has its share.
func New(o *Options) *Company {
	opt := Options{}
	if o != nil {
		opt = *o
	}
	if opt.People == 0 {
		opt.People = 1000
	}
	if opt.Groups == 0 {
		opt.Groups = 40
	}
	if opt.Domain == "" {
		opt.Domain = "voorbeeld.example"
	}
	c := &Company{
		Name: "Coöperatie Voorbeeld U.A.", Domain: opt.Domain,
		Now: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC),
		rng: rand.New(rand.NewPCG(opt.Seed, 0x706c656b)), rid: 1103, usn: 12345,
		taken: make(map[string]int, 3*opt.People),
	}
	c.sid = [3]uint32{c.rng.Uint32(), c.rng.Uint32(), c.rng.Uint32()}
	for i := range opt.People {
		c.hire(i, opt.People)
	}
	for i := range opt.People {
		c.oddities(i)
	}
	for i := range max(2, opt.People/100) {
		c.service(i)
	}
	c.makeGroups(opt.Groups, opt.People)
	return c
}

// entry gives a new entry its place in the directory.
func (c *Company) entry(class Class, created time.Time) Entry {
	e := Entry{Class: class, RID: c.rid, USN: c.usn, Created: created, Changed: created}
	c.rid++
	c.usn += 3
	binary.BigEndian.PutUint64(e.GUID[:8], c.rng.Uint64())
	binary.BigEndian.PutUint64(e.GUID[8:], c.rng.Uint64())
	e.GUID[6] = e.GUID[6]&0x0f | 0x40
	e.GUID[8] = e.GUID[8]&0x3f | 0x80
	return e
}

// hire adds person number i of a company of n.
func (c *Company) hire(i, n int) *Person {
	created := c.Now.Add(-time.Duration(30+c.rng.IntN(4000)) * 24 * time.Hour).Add(time.Duration(c.rng.IntN(36000)) * time.Second)
	p := &Person{Entry: c.entry(Employee, created)}
	p.Given = givenNames[c.rng.IntN(len(givenNames))]
	name := surnames[c.rng.IntN(len(surnames))]
	city := cities[c.rng.IntN(len(cities))]
	team := i * len(departments) / max(n, len(departments))
	if i >= n { // a joiner
		team = c.rng.IntN(len(departments))
	}
	p.setName(c, name, i%10 == 3)
	p.Login = c.unique(shorten(fold(string([]rune(p.Given)[:1])+p.Surname), 14), "login", "%d")
	p.Title = titles[c.rng.IntN(len(titles))]
	p.Department = departments[team%len(departments)]
	p.OU = []string{city[0], "Medewerkers"}
	p.City, p.PostalCode = city[0], city[1]
	p.Street = fmt.Sprintf("%s %d", city[2], 1+c.rng.IntN(200))
	p.Office = fmt.Sprintf("%c%d.%02d", 'A'+rune(c.rng.IntN(4)), 1+c.rng.IntN(9), c.rng.IntN(60))
	c.number++
	p.EmployeeID = fmt.Sprintf("%07d", 1000000+c.number)
	p.Phone = fmt.Sprintf("+31 30 555 %04d", c.number%10000)
	if i%7 != 0 {
		p.Mobile = fmt.Sprintf("+31 6 55%06d", c.number%1000000)
	}
	p.PasswordSet = c.Now.Add(-time.Duration(c.rng.IntN(90*86400)) * time.Second)
	p.LastLogon = c.Now.Add(-time.Duration(c.rng.IntN(13*86400)) * time.Second)
	p.Changed = p.PasswordSet
	if i > 0 && i < n {
		p.Manager = &c.People[(i-1)/8].Entry
	}
	c.People = append(c.People, p)
	return p
}

// setName gives a person a surname, and what follows from it. A backward name is one that the
// directory's keepers write as "Bruin, Jan de", with a comma.
func (p *Person) setName(c *Company, name [2]string, backward bool) {
	p.Surname = strings.TrimSpace(name[0] + " " + name[1])
	p.Initials = initials(p.Given)
	p.UPN = c.unique(fold(p.Given)+"."+fold(p.Surname), "mail", "%d") + "@" + c.Domain
	p.Mail = p.UPN
	cn := p.Display()
	if backward {
		cn = strings.TrimSpace(name[1] + ", " + p.Given + " " + name[0])
	}
	p.CN = c.unique(cn, "cn", " (%d)")
}

// oddities makes of person i what it must be for the tests' sake.
func (c *Company) oddities(i int) {
	p := c.People[i]
	switch {
	case i%33 == 7:
		p.Disabled, p.OU = true, []string{"Uit dienst"}
	case i%100 == 41:
		p.Expires = time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(i) * time.Hour)
	case i%100 == 42:
		p.Expires = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	case i%250 == 78:
		p.Manager = &Entry{Class: Foreign, CN: "Oud-bestuurder, " + surnames[i%len(surnames)][1], OU: []string{"Bestuur"}}
	case i == 13:
		p.Mail = c.People[12].Mail // a mistake of the directory's keepers
	case i == 20:
		p.Mail = ""
	}
}

// service adds service account i.
func (c *Company) service(i int) {
	p := &Person{Entry: c.entry(Service, c.Now.AddDate(-3, 0, -i))}
	p.CN = fmt.Sprintf("svc-%s-%02d", services[i%len(services)], i+1)
	p.Login = shorten(p.CN, 20)
	p.OU = []string{"Service Accounts"}
	p.UPN = p.Login + "@" + c.Domain
	p.Title = "Dienst; geen persoon"
	if i%2 == 0 {
		p.Mail = p.UPN
	}
	p.PasswordSet = p.Created
	c.People = append(c.People, p)
}

// unique gives s, followed by a number where it is taken already within its space.
func (c *Company) unique(s, space, format string) string {
	key := space + "\x00" + strings.ToLower(s)
	c.taken[key]++
	if n := c.taken[key]; n > 1 {
		return s + fmt.Sprintf(format, n)
	}
	return s
}

func initials(given string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(given, "-") {
		b.WriteString(string([]rune(part)[:1]) + ".")
	}
	return b.String()
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

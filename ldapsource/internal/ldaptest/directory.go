package ldaptest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/filter"
)

// A Directory is an Active Directory as Microsoft's is and Samba's is not: it caps pages, cuts long attributes into
// ranges, and says "more" to DirSync. Its content is a list of entries.
type Directory struct {
	*Server
	// PageCap is the largest page, whatever is asked for, and RangeCap the most values of an attribute.
	PageCap, RangeCap int

	// Base is its domain.
	Base string
	// Child and ChildURL, when not empty, are a domain below it, and the server to which it refers there, unless a search
	// is to stay within the domain.
	Child, ChildURL string

	mu      sync.Mutex
	before  func(*Search) bool
	entries []*Entry
	byForm  map[string]*Entry
	usn     int
}

// An Entry of a [Directory]. Values of "member" and "manager" are DNs of others.
type Entry struct {
	DN         string
	GUID       adtype.GUID
	Attributes map[string][]string
	USN        int
	Deleted    bool
	form       string
	named      int // when it got its name
	deleted    int // when it was deleted, or restored
	links      []link
}

// Base is the domain of a [Directory], where nothing else is said.
const Base = "DC=fake,DC=example"

// InvocationID is the identity of its database at first.
const InvocationID = "0123456789abcdef"

// NewDirectory starts one.
func NewDirectory(t testing.TB) *Directory { return NewDomain(t, Base) }

// NewDomain starts one of a domain.
func NewDomain(t testing.TB, base string) *Directory {
	d := &Directory{Base: base, PageCap: 1000, RangeCap: 1500, byForm: map[string]*Entry{}}
	dsa := "CN=NTDS Settings,CN=DC1,CN=Servers," + base
	d.Server = NewServer(t, map[string][]string{
		"supportedCapabilities": {"1.2.840.113556.1.4.800"}, "defaultNamingContext": {base}, "namingContexts": {base},
		"supportedControl": {ldap.ControlTypePaging, "1.2.840.113556.1.4.529", "1.2.840.113556.1.4.1339", ldap.ControlTypeDirSync,
			"1.2.840.113556.1.4.417"},
		"dsServiceName": {dsa},
	}, d.search)
	d.Put(dsa, map[string][]string{"objectClass": {"nTDSDSA"}, "invocationId": {InvocationID}})
	d.Put("CN=Deleted Objects,"+base, map[string][]string{"objectClass": {"container"}, "isDeleted": {"TRUE"}})
	return d
}

// Put adds an entry, or changes the attributes that are named.
func (d *Directory) Put(name string, attributes map[string][]string) *Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.usn++
	d.Root["highestCommittedUSN"] = []string{fmt.Sprint(d.usn)}
	e := d.find(name)
	if e == nil {
		e = &Entry{Attributes: map[string][]string{}}
		d.rename(e, name)
		binary.BigEndian.PutUint32(e.GUID[:], uint32(d.usn))
		e.GUID[14], e.GUID[15] = byte(len(d.Base)), 1 // another in another domain
		d.entries = append(d.entries, e)
	}
	for n, v := range attributes {
		e.Attributes[n] = v
	}
	e.USN = d.usn
	return e
}

// Move gives an entry another name.
func (d *Directory) Move(from, to string) {
	e := d.Put(from, nil)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rename(e, to)
}

func (d *Directory) rename(e *Entry, name string) {
	delete(d.byForm, e.form)
	e.DN, e.named = name, d.usn
	e.form, _ = dn.Fold(name)
	d.byForm[e.form] = e
}

func (d *Directory) find(name string) *Entry {
	form, _ := dn.Fold(name)
	return d.byForm[form]
}

// SetBefore has f see every search from now on first. When f gives true, it has answered the search itself.
func (d *Directory) SetBefore(f func(*Search) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before = f
}

func (d *Directory) search(q *Search) {
	d.mu.Lock()
	before := d.before
	d.mu.Unlock()
	if before != nil && before(q) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := q.Controls[ldap.ControlTypeDirSync]; ok {
		d.dirSync(q)
		return
	}
	if d.find(q.Base) == nil && q.Base != d.Base {
		q.Done(ldap.LDAPResultNoSuchObject, "0000208D: NameErr: DSID-0310028B, problem 2001 (NO_OBJECT)")
		return
	}
	list := d.matching(q)
	base, _ := dn.Fold(q.Base)
	child, _ := dn.Fold(d.Child)
	if _, within := q.Controls["1.2.840.113556.1.4.1339"]; d.Child != "" && !within && dn.Within(child, base) && q.Scope != ldap.ScopeBaseObject {
		q.Reference(d.ChildURL + "/" + d.Child)
	}
	start := 0
	cookie, size, paged := q.Page()
	if paged {
		fmt.Sscan(cookie, &start)
		size = min(size, d.PageCap)
	} else {
		size = len(list)
	}
	end := min(start+size, len(list))
	for _, e := range list[start:end] {
		q.Entry(d.name(q, e), d.attributes(q, e))
	}
	switch {
	case !paged:
		q.Done(0, "")
	case end < len(list):
		q.Done(0, "", Cookie(fmt.Sprint(end)))
	default:
		q.Done(0, "", Cookie(""))
	}
}

// matching gives the entries that a search is for.
func (d *Directory) matching(q *Search) []*Entry {
	f, err := filter.Compile(q.Filter)
	if err != nil || f.Local() != nil {
		return nil
	}
	base, _ := dn.Fold(q.Base)
	var list []*Entry
	for _, e := range d.entries {
		if !dn.Within(e.form, base) || q.Scope == ldap.ScopeBaseObject && e.form != base ||
			e.hidden(q) {
			continue
		}
		if f.Match(d.asEntry(e)) {
			list = append(list, e)
		}
	}
	return list
}

// asEntry gives all that a filter may ask about.
func (d *Directory) asEntry(e *Entry) *entry.Entry {
	x := &entry.Entry{DN: e.DN, Attributes: []entry.Attribute{{Name: "objectGUID", Values: []string{e.GUID.Raw()}},
		{Name: "uSNChanged", Values: []string{fmt.Sprint(e.USN)}}}}
	for n, v := range e.Attributes {
		x.Attributes = append(x.Attributes, entry.Attribute{Name: n, Values: v})
	}
	return x
}

// name gives a name as the search wants it.
func (d *Directory) name(q *Search, e *Entry) string {
	if _, ok := q.Controls["1.2.840.113556.1.4.529"]; ok {
		return "<GUID=" + e.GUID.String() + ">;<SID=S-1-5-21-1>;" + e.DN
	}
	return e.DN
}

// attributes gives those that a search asks for, cut into ranges.
func (d *Directory) attributes(q *Search, e *Entry) map[string][]string {
	all := map[string][]string{"objectGUID": {e.GUID.Raw()}, "uSNChanged": {fmt.Sprint(e.USN)}, "replPropertyMetaData": {e.stamps()}}
	for n, v := range e.Attributes {
		all[n] = v
		if n == "member" || n == "manager" {
			all[n] = make([]string, len(v))
			for i, name := range v {
				all[n][i] = name
				if other := d.find(name); other != nil {
					all[n][i] = d.name(q, other)
				}
			}
		}
	}
	got := map[string][]string{}
	wanted := q.Attributes
	if len(wanted) == 0 { // all there are (RFC 4511 section 4.5.1.8)
		wanted = []string{"*"}
	}
	for n, v := range all {
		for _, asked := range wanted {
			base, option, _ := strings.Cut(asked, ";range=")
			if base != "*" && !strings.EqualFold(base, n) {
				continue
			}
			first := 0
			if option != "" {
				fmt.Sscanf(option, "%d-", &first)
			}
			end := min(first+d.RangeCap, len(v))
			switch {
			case first >= len(v) && option != "":
			case end < len(v):
				got[n] = nil
				got[fmt.Sprintf("%s;range=%d-%d", n, first, end-1)] = v[first:end]
			case option != "":
				got[fmt.Sprintf("%s;range=%d-*", n, first)] = v[first:]
			default:
				got[n] = v
			}
		}
	}
	return got
}

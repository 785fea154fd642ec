package ldaptest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// A Flood is a directory of any size that takes no memory: people with a manager each, and one group that holds them all. It
// writes entries as fast as they are read.
type Flood struct {
	// URL is where it listens, without TLS.
	URL string
	// People is how many there are.
	People int
}

// FloodBase is the base of every [Flood]. Its people are (objectClass=inetOrgPerson), and of the dialect of OpenLDAP.
const FloodBase = "dc=flood,dc=example"

// NewFlood starts one.
func NewFlood(t testing.TB, people int) *Flood {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	f := &Flood{URL: "ldap://" + l.Addr().String(), People: people}
	var wg sync.WaitGroup
	var open sync.Map
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, true)
			wg.Go(func() { f.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return f
}

// PersonDN is the name of a person, and PersonID the identifier.
func (f *Flood) PersonDN(i int) string {
	return fmt.Sprintf("cn=person %08d,ou=people,%s", i, FloodBase)
}

// PersonID is the identifier of a person.
func (f *Flood) PersonID(i int) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i)
}

// ManagerOf gives the manager of a person.
func (f *Flood) ManagerOf(i int) int { return i / 10 }

func (f *Flood) serve(c net.Conn) {
	defer c.Close()
	w := bufio.NewWriterSize(c, 64<<10)
	for {
		p, err := ber.ReadPacket(c)
		if err != nil || len(p.Children) < 2 {
			return
		}
		id, _ := p.Children[0].Value.(int64)
		switch op := p.Children[1]; op.Tag {
		case ldap.ApplicationSearchRequest:
			q := &Search{id: id, net: c, Base: text(op.Children[0]), Controls: controls(p)}
			q.Scope, _ = op.Children[1].Value.(int64)
			q.Filter, _ = ldap.DecompileFilter(op.Children[6])
			for _, a := range op.Children[7].Children {
				q.Attributes = append(q.Attributes, text(a))
			}
			f.answer(w, q)
			w.Flush()
		case ldap.ApplicationUnbindRequest:
			return
		}
	}
}

func (f *Flood) answer(w *bufio.Writer, q *Search) {
	switch {
	case q.Base == "":
		q.Entry("", map[string][]string{"namingContexts": {FloodBase}, "supportedControl": {ldap.ControlTypePaging}})
		q.Done(0, "")
	case strings.HasPrefix(q.Filter, "(&"): // groups, which are not people
		if q.Wants("member") {
			f.group(w, q)
		} else {
			w.Write(f.entry(nil, q, "cn=all,ou=groups,"+FloodBase, "ffffffff-0000-4000-8000-000000000000", func(string) string { return "all" }))
		}
		w.Flush()
		q.Done(0, "", Cookie(""))
	default:
		f.people(w, q)
	}
}

// people writes a page of people.
func (f *Flood) people(w *bufio.Writer, q *Search) {
	cookie, size, _ := q.Page()
	start, _ := strconv.Atoi(cookie)
	end := min(start+size, f.People)
	var b []byte
	for i := start; i < end; i++ {
		b = f.entry(b[:0], q, f.PersonDN(i), f.PersonID(i), func(name string) string {
			if name == "manager" {
				return f.PersonDN(f.ManagerOf(i))
			}
			return name + " " + strconv.Itoa(i)
		})
		w.Write(b)
	}
	w.Flush()
	if end == f.People {
		q.Done(0, "", Cookie(""))
	} else {
		q.Done(0, "", Cookie(strconv.Itoa(end)))
	}
}

// entry appends the message of an entry with one value of each attribute.
func (f *Flood) entry(b []byte, q *Search, dn, id string, value func(name string) string) []byte {
	b = f.begin(b, q, dn, 0)
	list := len(b)
	for _, name := range q.Attributes {
		v := id
		if name != "entryUUID" {
			v = value(name)
		}
		b = append(b, 0x30, byte(len(name)+len(v)+6))
		b = append(append(b, 4, byte(len(name))), name...)
		b = append(append(b, 0x31, byte(len(v)+2), 4, byte(len(v))), v...)
	}
	f.begin(b[:0], q, dn, len(b)-list) // again, with the length
	return b
}

// begin appends what comes before the attributes, which take so many bytes.
func (f *Flood) begin(b []byte, q *Search, dn string, attributes int) []byte {
	element := func(tag byte, n int) {
		b = append(b, tag, 0x84)
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	op := 2 + len(dn) + 6 + attributes
	element(0x30, 6+6+op)
	b = append(b, 2, 4)
	b = binary.BigEndian.AppendUint32(b, uint32(q.id))
	element(0x64, op)
	b = append(append(b, 4, byte(len(dn))), dn...)
	element(0x30, attributes)
	return b
}

// group writes the group of all people, a member at a time.
func (f *Flood) group(w *bufio.Writer, q *Search) {
	const id, name = "ffffffff-0000-4000-8000-000000000000", "cn=all,ou=groups," + FloodBase
	small := *q
	small.Attributes = slices.DeleteFunc(slices.Clone(q.Attributes), func(a string) bool { return a == "member" })
	first := f.entry(nil, &small, name, id, func(string) string { return "all" })
	first = first[len(f.begin(nil, q, name, 0)):]
	values := f.People * (2 + len(f.PersonDN(0)))
	w.Write(f.begin(nil, q, name, len(first)+6+8+6+values))
	w.Write(first)
	element := func(tag byte, n int) {
		w.Write(binary.BigEndian.AppendUint32([]byte{tag, 0x84}, uint32(n)))
	}
	element(0x30, 8+6+values)
	w.WriteString("\x04\x06member")
	element(0x31, values)
	for i := range f.People {
		dn := f.PersonDN(i)
		w.Write([]byte{4, byte(len(dn))})
		w.WriteString(dn)
	}
}

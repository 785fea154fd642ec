package ldif_test

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/ldif"
)

// readAll collects the entries of a file.
func readAll(r io.Reader) ([]entry.Entry, error) {
	in := ldif.NewReader(r, ldif.Limits{Value: 1 << 20})
	var list []entry.Entry
	for {
		e, err := in.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		c := entry.Entry{DN: e.DN, Line: e.Line, Start: e.Start}
		for _, a := range e.Attributes {
			c.Attributes = append(c.Attributes, entry.Attribute{Name: a.Name, Values: append([]string(nil), a.Values...)})
		}
		list = append(list, c)
	}
}

const sample = `version: 1

# Piet
# who is a comment
#  that goes on
dn:: Y249UGnDq3QsZGM9eA==
cn:: UGnDq3Q=
mail: piet
 @x
mail: p@x
sn:
MAIL: third@x

dn: cn=b, dc=x
cn: b


`

var sampleEntries = []entry.Entry{
	{DN: "cn=Piët,dc=x", Line: 6, Start: entry.Place{Offset: 54, Lines: 5}, Attributes: []entry.Attribute{
		{Name: "cn", Values: []string{"Piët"}}, {Name: "mail", Values: []string{"piet@x", "p@x", "third@x"}}, {Name: "sn", Values: []string{""}}}},
	{DN: "cn=b, dc=x", Line: 14, Start: entry.Place{Offset: 138, Lines: 13}, Attributes: []entry.Attribute{{Name: "cn", Values: []string{"b"}}}},
}

func TestRead(t *testing.T) {
	for name, r := range map[string]io.Reader{"at once": strings.NewReader(sample), "byte by byte": iotest.OneByteReader(strings.NewReader(sample))} {
		got, err := readAll(r)
		if diff := cmp.Diff(sampleEntries, got); diff != "" || err != nil {
			t.Errorf("%s: %v, entries (-want +got):\n%s", name, err, diff)
		}
	}
}

// From the place on that an entry has, it and those after it are read as they are from the beginning on.
func TestFrom(t *testing.T) {
	for _, text := range []string{sample, "\xef\xbb\xbf" + sample, strings.ReplaceAll(sample, "\n", "\r\n"), "dn: cn=a\n ,dc=x\nlong: " + strings.Repeat("x", 100<<10) + "\n\n" + strings.TrimPrefix(sample, "version: 1\n")} {
		want, err := readAll(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			in := ldif.NewReader(strings.NewReader(text[want[i].Start.Offset:]), ldif.Limits{Value: 1 << 20})
			in.From(want[i].Start)
			for _, w := range want[i:] {
				e, err := in.Next()
				if err != nil {
					t.Fatal(err)
				}
				if e.DN != w.DN || e.Line != w.Line || e.Start != w.Start {
					t.Errorf("from entry %d on: %s at line %d, %v, want %s at line %d, %v", i, e.DN, e.Line, e.Start, w.DN, w.Line, w.Start)
				}
			}
			if _, err := in.Next(); err != io.EOF {
				t.Errorf("from entry %d on: error %v at the end", i, err)
			}
		}
	}
}

// A file that is cut anywhere is seen to be, but between two records, where nothing can be seen.
func TestCutAnywhere(t *testing.T) {
	for n := range len(sample) {
		got, err := readAll(strings.NewReader(sample[:n]))
		between := n == 0 || strings.HasSuffix(sample[:n], "\n\n") || len(got) == 0 && !strings.Contains(sample[:n], "dn:") && sample[n-1] == '\n'
		if (err == nil) != between {
			t.Errorf("cut after %d bytes, at %q: %d entries, error %v", n, sample[max(0, n-10):n], len(got), err)
		}
		if err != nil && !errors.Is(err, ldif.ErrTruncated) && !errors.Is(err, ldif.ErrSyntax) {
			t.Errorf("cut after %d bytes: error %v of no class", n, err)
		}
	}
}

// What is left out is judged all the same.
func TestOnly(t *testing.T) {
	const text = "dn: cn=a\ncn: a\nMail: a@x\nmember;range=0-1: b\nphoto:: AAEC\nmail: b@x\n\n"
	for _, tc := range []struct {
		name, in string
		only     []string
		limits   ldif.Limits
		want     []entry.Attribute
		err      error
	}{
		{name: "one", in: text, only: []string{"MAIL"}, want: []entry.Attribute{{Name: "Mail", Values: []string{"a@x", "b@x"}}, {Name: "member;range=0-1", Values: []string{"b"}}}},
		{name: "none", in: text, only: []string{}, want: []entry.Attribute{{Name: "member;range=0-1", Values: []string{"b"}}}},
		{name: "base64 that is none", in: strings.Replace(text, "AAEC", "A", 1), only: []string{"cn"}, err: ldif.ErrSyntax},
		{name: "a name that is none", in: strings.Replace(text, "photo", "pho to", 1), only: []string{"cn"}, err: ldif.ErrSyntax},
		{name: "a record too large", in: text, only: []string{"cn"}, limits: ldif.Limits{Record: 30}, err: ldif.ErrTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := ldif.NewReader(strings.NewReader(tc.in), tc.limits)
			r.Only(tc.only)
			e, err := r.Next()
			if !errors.Is(err, tc.err) {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tc.want, e.Attributes); diff != "" || e.DN != "cn=a" {
				t.Errorf("entry %s, attributes (-want +got):\n%s", e.DN, diff)
			}
		})
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	_, err := readAll(io.MultiReader(strings.NewReader(sample), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the reader", err)
	}
}

// Whatever is read can be written and read again.
func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add("dn: cn=a\nchangetype: add\na: b\n\n# search result\nsearch: 2\nresult: 4 Size limit exceeded\n")
	f.Add("dn: cn=a\nmember;range=0-1499: x\n\n# LDAPv3\n# numEntries: 1\n")
	f.Add("ref: ldap://x/dc=y\n")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := readAll(strings.NewReader(text))
		if err != nil {
			return
		}
		var b strings.Builder
		put := func(name, value string) {
			b.WriteString(name + ":: " + base64.StdEncoding.EncodeToString([]byte(value)) + "\n")
		}
		for _, e := range first {
			put("dn", e.DN)
			for _, a := range e.Attributes {
				for _, v := range a.Values {
					put(a.Name, v)
				}
			}
			b.WriteString("\n")
		}
		second, err := readAll(strings.NewReader(b.String()))
		for i := range first {
			first[i].Line, first[i].Start = 0, entry.Place{}
		}
		for i := range second {
			second[i].Line, second[i].Start = 0, entry.Place{}
		}
		if diff := cmp.Diff(first, second); diff != "" || err != nil {
			t.Errorf("written and read again: %v (-first +second):\n%s", err, diff)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text := strings.Repeat("dn: uid=jan,ou=people,dc=example\n"+strings.Repeat("attribute: some value of a person\n", 20)+"\n", 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		in := ldif.NewReader(strings.NewReader(text), ldif.Limits{})
		for {
			if _, err := in.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

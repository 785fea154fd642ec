package ldapsource_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

func openLDIF(t testing.TB, text string, o *ldapsource.Options) *ldapsource.LDIF {
	t.Helper()
	s, err := ldapsource.NewLDIF(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }, o)
	require.NoError(t, err)
	return s
}

// The conformance kit on an export as slapcat makes it, and on one as ldapsearch makes it of an Active Directory.
func TestKitLDIF(t *testing.T) {
	c := people.New(&people.Options{People: 100, Domain: "lab.example"})
	var openldap, ad bytes.Buffer
	require.NoError(t, c.WriteOpenLDAP(&openldap))
	require.NoError(t, c.WriteAD(&ad))
	for _, tc := range []struct {
		name, text string
		want       []*provisioning.Record
		count      map[provisioning.Kind]int
	}{
		{name: "OpenLDAP", text: openldap.String(), want: wanted(c)},
		{name: "Active Directory", text: ad.String(), count: map[provisioning.Kind]int{provisioning.User: 102, provisioning.Group: 40}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "export.ldif")
			require.NoError(t, os.WriteFile(path, []byte(tc.text), 0o600))
			sourcetest.Test(t, sourcetest.Fixture{
				New: func(t *testing.T) provisioning.Source {
					s, err := ldapsource.OpenLDIF(path, &ldapsource.Options{Attributes: attributes})
					require.NoError(t, err)
					return s
				},
				Kinds: both,
				Want:  tc.want,
				Count: tc.count,
				Cut: func(t *testing.T, n int) provisioning.Source {
					return openLDIF(t, tc.text[:n], &ldapsource.Options{Attributes: attributes})
				},
				Cuts: []int{0, 1000, 1007, 5000, len(tc.text) / 2, len(tc.text) - 2, len(tc.text) - 1},
			})
		})
	}
}

// A person of an Active Directory, as ldifde writes one.
const person = `dn: CN=Jan Jansen,OU=Mensen,DC=x
changetype: add
objectClass: user
cn: Jan Jansen
objectGUID:: AAECAwQFBgcICQoLDA0ODw==
userAccountControl: 514
accountExpires: 133801632000000000

`

const group = `dn: CN=Allen,OU=Groepen,DC=x
objectClass: group
cn: Allen
objectGUID:: EAECAwQFBgcICQoLDA0ODw==
member: cn = jan  jansen , ou=mensen,dc=X
member: CN=Niemand,DC=x

`

func TestLDIFBadInput(t *testing.T) {
	second := strings.ReplaceAll(person, "Jan Jansen", "Piet")
	for _, tc := range []struct {
		name, in string
		records  int
		bad      []string // texts in the errors of single records
		end      error    // the class of the error that ends the read
		says     string
	}{
		{name: "one person", in: person, records: 1},
		{name: "with version, comments and Windows line ends", in: strings.ReplaceAll("version: 1\n# a comment\n that goes on\n\n"+person, "\n", "\r\n"), records: 1},
		{name: "byte order mark", in: "\xef\xbb\xbf" + person, records: 1},
		{name: "folded anywhere", in: strings.ReplaceAll(person, "Jansen", "Ja\n nsen"), records: 1},
		{name: "empty file", in: "", says: "it has no entries; see that the export was made"},
		{name: "comments only", in: "# nobody was found\n\n", says: "it has no entries"},
		{name: "entries without any identifier", in: "dn: CN=x\nobjectClass: user\n\n", says: "no entry has objectGUID, entryUUID or nsUniqueId"},
		{name: "no objectGUID", in: person + strings.ReplaceAll(person, "objectGUID::", "other::"), records: 1,
			bad: []string{"line 9): no identifier: attribute objectGUID has 0 values"}},
		{name: "short objectGUID", in: person + strings.ReplaceAll(person, "AAECAwQFBgcICQoLDA0ODw==", "AAEC"), records: 1,
			bad: []string{"a GUID of 3 bytes"}},
		{name: "the same objectGUID twice", in: person + second, bad: []string{"line 1", "line 9"}},
		{name: "the same name twice", in: person + strings.ReplaceAll(person, "AAEC", "AQEC"), bad: []string{"same name", "same name"}},
		{name: "time that is none", in: strings.ReplaceAll(person, "133801632000000000", "soon"), bad: []string{"attribute accountExpires"}},
		{name: "part of the members", in: person + strings.ReplaceAll(group, "member:", "member;range=0-1499:"), records: 1},
		{name: "a line without colon", in: strings.ReplaceAll(person, "cn: ", "cn "), end: ldapsource.ErrSyntax, says: "line 4"},
		{name: "no attribute name", in: strings.ReplaceAll(person, "cn: ", "c n: "), end: ldapsource.ErrSyntax, says: "line 4"},
		{name: "broken base64", in: strings.ReplaceAll(person, "AAEC", "AA~C"), end: ldapsource.ErrSyntax, says: "line 5"},
		{name: "a URL", in: strings.ReplaceAll(person, "cn: Jan", "cn:< file:///etc/passwd"), end: ldapsource.ErrSyntax, says: "URL"},
		{name: "no empty line between records", in: strings.TrimSuffix(person, "\n") + second, end: ldapsource.ErrSyntax, says: "line 8"},
		{name: "a DN that is none", in: strings.ReplaceAll(person, "dn: CN=Jan", "dn: Jan"), end: ldapsource.ErrSyntax, says: "line 1"},
		{name: "changes", in: strings.ReplaceAll(person, "changetype: add", "changetype: delete"), end: ldapsource.ErrSyntax, says: "changes"},
		{name: "version 2", in: "version: 2\n" + person, end: ldapsource.ErrSyntax, says: "version"},
		{name: "UTF-16", in: "\xff\xfed\x00n\x00:\x00\n\x00", end: ldapsource.ErrSyntax, says: "UTF-16"},
		{name: "HTML", in: "<html>\n", end: ldapsource.ErrSyntax, says: "line 1"},
		{name: "cut in a line", in: person + second[:40], end: ldapsource.ErrTruncated, says: "middle of a line"},
		{name: "cut in base64", in: person[:strings.Index(person, "CgsM")+4], end: ldapsource.ErrTruncated},
		{name: "cut between two lines", in: person + second[:strings.Index(second, "userAcc")], end: ldapsource.ErrTruncated, says: "no empty line"},
		{name: "cut before the empty line", in: strings.TrimSuffix(person, "\n"), end: ldapsource.ErrTruncated},
		{name: "ldapsearch, cut between two records", in: "# extended LDIF\n#\n# LDAPv3\n\n" + person, end: ldapsource.ErrTruncated, says: "result are missing"},
		{name: "ldapsearch, whole", in: "# LDAPv3\n\n" + person + "# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 2\n# numEntries: 1\n", records: 1},
		{name: "ldapsearch, an entry is missing", in: "# LDAPv3\n\n" + person + "# search result\nsearch: 2\nresult: 0 Success\n\n# numEntries: 2\n", end: ldapsource.ErrTruncated, says: "2 entries"},
		{name: "ldapsearch, size limit", in: "# LDAPv3\n\n" + person + "# search result\nsearch: 2\nresult: 4 Size limit exceeded\n", end: ldapsource.ErrTruncated, says: "Size limit"},
		{name: "ldapsearch -LL, a page is missing", in: "version: 1\n\n" + person + "# pagedresults: cookie=KwAAAAAAAAA=\n", end: ldapsource.ErrTruncated, says: "another follows"},
		{name: "ldapsearch -LL, two pages", in: "version: 1\n\n" + person + "# pagedresults: cookie=KwAA\nversion: 1\n\n# pagedresults: cookie=\n", records: 1},
		{name: "a referral", in: person + "# search reference\nref: ldap://child.x/DC=child,DC=x\n\n", end: ldapsource.ErrTruncated, says: "another server"},
		{name: "referrals of every domain", in: person + "# search reference\nref: ldap://x/CN=Configuration,DC=x\nref: ldap://DomainDnsZones.x/DC=DomainDnsZones,DC=x\n\n", records: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := openLDIF(t, tc.in, nil)
			records, bad, end := read(t, s, provisioning.User)
			if len(records) != tc.records || len(bad) != len(tc.bad) {
				t.Errorf("%d records and errors %v, want %d and %d", len(records), bad, tc.records, len(tc.bad))
			}
			for i := range min(len(bad), len(tc.bad)) {
				if !strings.Contains(bad[i].Error(), tc.bad[i]) {
					t.Errorf("error %q does not say %q", bad[i], tc.bad[i])
				}
			}
			if failed := tc.end != nil || tc.says != ""; failed != (end != nil) || tc.end != nil && !errors.Is(end, tc.end) {
				t.Errorf("the read ended with %v, want %v", end, tc.end)
			} else if failed && !strings.Contains(end.Error(), tc.says) {
				t.Errorf("error %q does not say %q", end, tc.says)
			}
		})
	}
}

// Of several exports the error says which one is meant.
func TestLDIFErrorsNameTheFile(t *testing.T) {
	for _, tc := range []struct{ name, in, says string }{
		{"empty", "", "it has no entries"},
		{"damaged", strings.ReplaceAll(person, "cn: ", "cn "), "line 4: not LDIF"},
		{"cut off", person[:40], "line 2: the file is cut off"},
		{"a DN that is none", strings.ReplaceAll(person, "dn: CN=Jan", "dn: Jan"), "line 1: not LDIF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "export.ldif")
			require.NoError(t, os.WriteFile(path, []byte(tc.in), 0o600))
			s, err := ldapsource.OpenLDIF(path, nil)
			require.NoError(t, err)
			_, _, end := read(t, s, provisioning.User)
			require.ErrorContains(t, end, "ldapsource: reading User records of "+path+": "+tc.says)
			require.NoError(t, os.Remove(path))
			require.ErrorContains(t, s.Ping(t.Context()), "ldapsource: reading "+path+": opening it: open "+path)
		})
	}
}

// zeros gives a line of so many bytes without having them.
type zeros struct{ left int64 }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), z.left))
	for i := range n {
		b[i] = '0'
	}
	z.left -= int64(n)
	return n, nil
}

func TestLDIFLongLine(t *testing.T) {
	for _, fold := range []string{"", "\n "} {
		read := int64(0)
		open := func() (io.ReadCloser, error) {
			line := &zeros{left: 100 << 20}
			return io.NopCloser(io.MultiReader(strings.NewReader(person+"dn: CN=x\nobjectClass: user\nphoto: "+fold), io.TeeReader(line, counter{&read}), strings.NewReader("\n\n"))), nil
		}
		s, err := ldapsource.NewLDIF(open, nil)
		require.NoError(t, err)
		for r, err := range s.Records(t.Context(), provisioning.User) {
			if r != nil || !errors.Is(err, ldapsource.ErrTooLarge) {
				t.Errorf("record %v, error %v, want ErrTooLarge", r, err)
			}
		}
		if read > 20<<20 {
			t.Errorf("%d bytes were read of a line that is too long", read)
		}
	}
}

type counter struct{ n *int64 }

func (c counter) Write(b []byte) (int, error) { *c.n += int64(len(b)); return len(b), nil }

func TestLDIFRecord(t *testing.T) {
	dangling := 0
	o := &ldapsource.Options{Dangling: func(of provisioning.Ref, name string, n int) { dangling += n }}
	s := openLDIF(t, person+group, o)
	users, _, err := read(t, s, provisioning.User)
	require.NoError(t, err)
	groups, _, err := read(t, s, provisioning.Group)
	require.NoError(t, err)
	jan := provisioning.ID("03020100-0504-0706-0809-0a0b0c0d0e0f")
	want := []*provisioning.Record{
		{Kind: provisioning.User, ID: jan, Disabled: true, ValidUntil: users[0].ValidUntil,
			Attributes: provisioning.Attributes{"objectClass": {"user"}, "cn": {"Jan Jansen"}, "objectGUID": {string(jan)},
				"userAccountControl": {"514"}, "accountExpires": {"133801632000000000"}},
			Refs: provisioning.Refs{"manager": {}}},
		{Kind: provisioning.Group, ID: "03020110-0504-0706-0809-0a0b0c0d0e0f",
			Attributes: provisioning.Attributes{"objectClass": {"group"}, "cn": {"Allen"}, "objectGUID": {"03020110-0504-0706-0809-0a0b0c0d0e0f"}},
			Refs:       provisioning.Refs{"members": {{Kind: provisioning.User, ID: jan}}}},
	}
	if diff := cmp.Diff(want, append(users, groups...)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if got := users[0].ValidUntil.Format("2006-01-02"); got != "2025-01-01" || dangling != 1 {
		t.Errorf("valid until %s, %d dangling members; want 2025-01-01 and 1", got, dangling)
	}
}

// Nested groups, primary groups and scope by membership work on a file as they do on a server.
func TestLDIFGroups(t *testing.T) {
	var b strings.Builder
	put := func(dn, class string, n byte, more ...string) {
		id := base64.StdEncoding.EncodeToString([]byte{n, 15: 0})
		fmt.Fprintf(&b, "dn: %s\nobjectClass: %s\nobjectGUID:: %s\nobjectSid:: %s\n%s\n\n", dn, class, id,
			base64.StdEncoding.EncodeToString([]byte(sid(uint32(n)))), strings.Join(append([]string{"cn: " + dn[3:4]}, more...), "\n"))
	}
	put("CN=a,DC=x", "user", 1, "primaryGroupID: 103")
	put("CN=b,DC=x", "user", 2, "primaryGroupID: 999")
	put("CN=c,DC=x", "user", 3)
	put("CN=O,DC=x", "group", 101, "member: CN=I,DC=x", "member: CN=c,DC=x")
	put("CN=I,DC=x", "group", 102, "member: CN=b,DC=x", "member: CN=O,DC=x")
	put("CN=P,DC=x", "group", 103)
	for _, tc := range []struct {
		name  string
		o     ldapsource.Options
		users int
		want  map[string]string
	}{
		{name: "direct", users: 3, want: map[string]string{"O": "I c", "I": "O b", "P": ""}},
		{name: "nested", o: ldapsource.Options{Nested: true}, users: 3, want: map[string]string{"O": "b c", "I": "b c", "P": ""}},
		{name: "primary", o: ldapsource.Options{PrimaryGroups: true}, users: 3, want: map[string]string{"O": "I c", "I": "O b", "P": "a"}},
		{name: "scope", o: ldapsource.Options{MemberOf: []string{"CN=I,DC=x"}, Exclude: []string{"CN=b,DC=x"}}, users: 1, want: map[string]string{"O": "I c", "I": "O", "P": ""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := openLDIF(t, b.String(), &tc.o)
			users, _, err := read(t, s, provisioning.User)
			require.NoError(t, err)
			if diff := cmp.Diff(tc.want, memberNames(t, s)); diff != "" || len(users) != tc.users {
				t.Errorf("%d people, want %d; members (-want +got):\n%s", len(users), tc.users, diff)
			}
		})
	}
}

// Wherever the entries of a kind lie in a file, all of them are read, with the lines at which they start.
func TestLDIFOrder(t *testing.T) {
	entry := map[byte]string{
		'u': "dn: CN=u%[1]d,DC=x\nobjectClass: user\nobjectCategory: CN=Person,CN=Schema,DC=x\nobjectGUID:: AAAAAAAAAAAAAAAAAAAA%[1]dA==\ncn: u%[1]d\n\n",
		'g': "dn: CN=g%[1]d,DC=x\nobjectClass: group\nobjectGUID:: AAAAAAAAAAAAAAAAAAAA%[1]dA==\ncn: g%[1]d\nmember: CN=u1,DC=x\n\n",
		'o': "dn: OU=o%[1]d,DC=x\nobjectClass: organizationalUnit\nobjectGUID:: AAAAAAAAAAAAAAAAAAAA%[1]dA==\n\n",
		'b': "dn: CN=b%[1]d,DC=x\nobjectClass: user\nobjectCategory: CN=Person,CN=Schema,DC=x\ncn: b%[1]d\n\n",
	}
	for _, order := range []string{"uug", "guu", "ugu", "gug", "ouogo", "oguo", "uu", "gg", "oo", "ubg", "gbu"} {
		var text strings.Builder
		want := map[provisioning.Kind]int{}
		bad := ""
		for i := range len(order) {
			if order[i] == 'b' {
				bad = fmt.Sprintf("line %d", strings.Count(text.String(), "\n")+1)
			}
			fmt.Fprintf(&text, entry[order[i]], i+1)
			want[map[byte]provisioning.Kind{'u': provisioning.User, 'g': provisioning.Group}[order[i]]]++
		}
		s := openLDIF(t, text.String(), &ldapsource.Options{Dialect: ldapsource.ActiveDirectory()})
		for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group, provisioning.User} {
			n, where := 0, ""
			for _, err := range s.Records(t.Context(), kind) {
				if one := (*provisioning.RecordError)(nil); errors.As(err, &one) {
					where = one.Where
				} else if err != nil {
					t.Fatalf("%s: %s: %v", order, kind, err)
				} else {
					n++
				}
			}
			if n != want[kind] || kind == provisioning.User && where != bad {
				t.Errorf("%s: %d records of kind %s, a bad one at %q, want %d and %q", order, n, kind, where, want[kind], bad)
			}
		}
	}
}

// What is read again for every kind must be a file: opening a pipe waits for a writer, whatever ends the context.
func TestOpenLDIFOfNoFile(t *testing.T) {
	for _, path := range []string{t.TempDir(), os.DevNull} {
		if _, err := ldapsource.OpenLDIF(path, nil); err == nil || !strings.Contains(err.Error(), path+" is no regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

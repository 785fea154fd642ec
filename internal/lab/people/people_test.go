package people

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// The files that are checked in are what the generator writes; `go generate` mends them.
func TestDemoFilesAreCurrent(t *testing.T) {
	files, err := Demo()
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "usersync", "demo", name))
		require.NoError(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes; run: go generate ./internal/lab/people", name)
		}
	}
}

func TestSameSeedSameCompany(t *testing.T) {
	write := func(seed uint64) string {
		var b strings.Builder
		require.NoError(t, New(&Options{People: 300, Seed: seed}).WriteAD(&b))
		return b.String()
	}
	first, again := write(1), write(1)
	if first != again {
		t.Error("the same seed gives two companies")
	}
	if first == write(2) {
		t.Error("two seeds give the same company")
	}
}

// What the demo and the tests of connectors count on.
func TestWhatIsOdd(t *testing.T) {
	c := New(&Options{Seed: 1})
	type census struct{ People, Services, Groups, Disabled, Expired, Dangling, NoMail, Comma, Diacritics int }
	var got census
	logins, mails, dns := map[string]int{}, map[string]int{}, map[string]int{}
	legal := regexp.MustCompile(`^[a-z0-9-]{1,20}$`)
	for _, p := range c.People {
		logins[p.Login]++
		dns[strings.ToLower(c.DN(&p.Entry))]++
		if !legal.MatchString(p.Login) {
			t.Errorf("login %q is not a legal sAMAccountName", p.Login)
		}
		if p.Class == Service {
			got.Services++
			continue
		}
		got.People++
		if p.Disabled {
			got.Disabled++
		} else if p.Mail == "" {
			got.NoMail++
		} else {
			mails[p.Mail]++
		}
		if !p.Expires.IsZero() && p.Expires.Before(c.Now) {
			got.Expired++
		}
		if p.Manager != nil && p.Manager.Class == Foreign {
			got.Dangling++
		}
		if strings.Contains(c.DN(&p.Entry), `\,`) {
			got.Comma++
		}
		if strings.IndexFunc(p.Display(), func(r rune) bool { return r > 127 }) >= 0 {
			got.Diacritics++
		}
	}
	for _, g := range c.Groups {
		got.Groups++
		logins[g.Login]++
	}
	want := census{People: 1000, Services: 10, Groups: 40, Disabled: 31, Expired: 10, Dangling: 4, NoMail: 1, Comma: 100, Diacritics: 0}
	if got.Diacritics < 300 {
		t.Errorf("only %d names have diacritics", got.Diacritics)
	}
	got.Diacritics = 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("census (-want +got):\n%s", diff)
	}
	repeated := map[string]int{}
	for _, m := range []map[string]int{logins, mails, dns} {
		for value, n := range m {
			if n > 1 {
				repeated[value] = n
			}
		}
	}
	if diff := cmp.Diff(map[string]int{c.People[12].Mail: 2}, repeated); diff != "" {
		t.Errorf("values that occur more than once (-want +got):\n%s", diff)
	}
	if a, b := c.GroupOf("Kring A"), c.GroupOf("Kring B"); a.Members[1] != &b.Entry || b.Members[0] != &a.Entry {
		t.Error("the two groups do not hold each other")
	}
}

func TestNextDay(t *testing.T) {
	c := New(&Options{Seed: 1})
	before := map[[16]byte]bool{}
	for _, p := range c.People {
		before[p.GUID] = true
		if p.Class == Employee {
			before[p.GUID] = !p.Disabled
		}
	}
	s := c.NextDay()
	joined, disabled, enabled := 0, 0, 0
	seen := map[[16]byte]bool{}
	for _, p := range c.People {
		active, known := before[p.GUID]
		seen[p.GUID] = true
		switch {
		case !known:
			joined++
		case active && p.Disabled:
			disabled++
		case !active && !p.Disabled:
			enabled++
		}
		if p.Manager != nil && p.Manager.Class == Employee && !seen[p.Manager.GUID] {
			t.Errorf("the manager of %s is somebody who left", p.Login)
		}
	}
	if joined != 5 || disabled != 1 || enabled != 1 || len(c.People) != 1014 || seen[s.Left.GUID] {
		t.Errorf("%d joined, %d disabled, %d enabled, %d in all", joined, disabled, enabled, len(c.People))
	}
	if s.Renamed.Mail == s.OldMail || s.Moved.Department == s.OldDepartment || s.Rehired.Disabled || len(c.Groups) != 41 {
		t.Errorf("the day's story did not happen: %+v", s)
	}
	for _, g := range c.Groups {
		for _, m := range g.Members {
			if m.Class == Employee && !seen[m.GUID] {
				t.Errorf("%s still holds somebody who left", g.CN)
			}
		}
	}
}

// Also in a company of so few groups that there are no projects yet, groups grow and shrink.
func TestNextDayOfFewGroups(t *testing.T) {
	for n := 30; n <= 34; n++ {
		c := New(&Options{People: 200, Groups: n})
		require.Len(t, c.Groups, n)
		before := map[*Group]int{}
		for _, g := range c.Groups {
			before[g] = len(g.Members)
		}
		s := c.NextDay()
		if s.Shrunk == s.Grown || len(s.Shrunk.Members) >= before[s.Shrunk] || len(s.Grown.Members) <= before[s.Grown] {
			t.Errorf("of %d groups, %s shrank from %d to %d, and %s grew from %d to %d", n, s.Shrunk.CN, before[s.Shrunk], len(s.Shrunk.Members),
				s.Grown.CN, before[s.Grown], len(s.Grown.Members))
		}
	}
}

// An export is written as ldapsearch writes it: 78 columns, ASCII only, and the number of entries at
// its end is that of its dn lines.
func TestExportForm(t *testing.T) {
	var b bytes.Buffer
	c := New(&Options{People: 2200, Seed: 3})
	require.NoError(t, c.WriteAD(&b))
	entries, pages := 0, 0
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) > columns || strings.IndexFunc(line, func(r rune) bool { return r > 126 || r < 32 }) >= 0 {
			t.Errorf("not a line of ldapsearch: %q", line)
		}
		if strings.HasPrefix(line, "dn:") {
			entries++
		}
		if line == "version: 1" {
			pages++
		}
	}
	if want := len(c.People) + len(c.Groups); entries != want || pages != 3 {
		t.Errorf("%d entries on %d pages, want %d on 3", entries, pages, want)
	}
	if tail := fmt.Sprintf("# numResponses: %d\n# numEntries: %d\n", entries+3, entries); !strings.HasSuffix(b.String(), tail) {
		t.Errorf("the export does not end in %q", tail)
	}
}

func BenchmarkWriteAD(b *testing.B) {
	c := New(&Options{People: 10_000, Seed: 1})
	for b.Loop() {
		if err := c.WriteAD(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleNew() {
	c := New(&Options{People: 300, Seed: 1})
	p := c.People[3]
	fmt.Println(p.Display(), "|", c.DN(&p.Entry))
	// Output: André Åkesson | CN=Åkesson\, André,OU=Súdwest-Fryslân,OU=Medewerkers,DC=voorbeeld,DC=example
}

// In a company of any size each login name, principal and DN is somebody's own.
func TestLargeCompany(t *testing.T) {
	c := New(&Options{People: 30_000, Groups: 200, Seed: 4})
	taken := map[string]bool{}
	claim := func(values ...string) {
		for _, v := range values {
			if taken[strings.ToLower(v)] {
				t.Errorf("%s is two entries'", v)
			}
			taken[strings.ToLower(v)] = true
		}
	}
	for _, p := range c.People {
		claim("login "+p.Login, "upn "+p.UPN, c.DN(&p.Entry), c.LDAPDN(&p.Entry), p.UUID())
	}
	for _, g := range c.Groups {
		claim("login "+g.Login, c.DN(&g.Entry), c.LDAPDN(&g.Entry), g.UUID())
	}
}

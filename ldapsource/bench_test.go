package ldapsource_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// benchAttributes are 22 text attributes of a person, the identifier included.
var benchAttributes = strings.Fields(`entryUUID uid cn sn givenName initials displayName mail title ou o employeeNumber employeeType
	preferredLanguage roomNumber street postalCode l telephoneNumber mobile modifyTimestamp objectClass`)

// BenchmarkRead reads 100,000 people from slapd in pages of 1,000 by three clients in turn, round after round, on plain
// connections: this package, ldapsearch into a file, and go-ldap's SearchWithPaging. What is measured on one machine at one
// time can be compared and nothing else: so it reports the median of the ratios of all rounds, in each of which another
// client begins, and the ratio of the shortest times, which others on the machine disturb least.
func BenchmarkRead(b *testing.B) {
	const people = 100_000
	d := lab.Slapd(b, &lab.SlapdOptions{Contents: lab.Contents{People: people}})
	o := options(d)
	o.Attributes, o.AllowPlaintext, o.TLS = benchAttributes, true, nil
	s := newSource(b, d.URL, o)
	clients := []struct {
		name string
		read func() int
		took []float64
	}{
		{name: "ldapsource", read: func() int {
			n := 0
			for _, err := range s.Records(b.Context(), provisioning.User) {
				require.NoError(b, err)
				n++
			}
			return n
		}},
		{name: "ldapsearch", read: func() int { ldapsearch(b, d); return people }},
		{name: "go-ldap", read: func() int { return searchWithPaging(b, d) }},
	}
	var mallocs uint64
	round := 0
	for b.Loop() {
		for turn := range clients {
			i := (turn + round) % len(clients)
			c := &clients[i]
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			require.Equal(b, people, c.read())
			c.took = append(c.took, time.Since(start).Seconds())
			if runtime.ReadMemStats(&after); i == 0 {
				mallocs += after.Mallocs - before.Mallocs
			}
		}
		round++
	}
	ratio := func(i, j int) (median, ofShortest float64) {
		var all []float64
		for n := range clients[i].took {
			all = append(all, clients[i].took[n]/clients[j].took[n])
		}
		slices.Sort(all)
		return all[len(all)/2], slices.Min(clients[i].took) / slices.Min(clients[j].took)
	}
	for _, c := range clients {
		b.ReportMetric(slices.Min(c.took), "s/"+c.name)
	}
	median, ofShortest := ratio(0, 1)
	b.ReportMetric(median, "x-ldapsearch")
	b.ReportMetric(ofShortest, "x-ldapsearch-shortest")
	median, ofShortest = ratio(2, 0)
	b.ReportMetric(median, "times-faster-than-go-ldap")
	b.ReportMetric(ofShortest, "times-faster-than-go-ldap-shortest")
	b.ReportMetric(float64(mallocs)/float64(b.N)/people, "allocs/user")
}

const benchFilter = "(objectClass=inetOrgPerson)"

// ldapsearch reads everybody into a file.
func ldapsearch(b *testing.B, d *lab.Directory) {
	args := append([]string{"-x", "-LLL", "-H", d.URL, "-D", d.BindDN, "-w", d.Password, "-E", "pr=1000/noprompt", "-b", d.Base, benchFilter}, benchAttributes...)
	f, err := os.Create(filepath.Join(b.TempDir(), "out.ldif"))
	require.NoError(b, err)
	defer f.Close()
	cmd := exec.Command("ldapsearch", args...)
	cmd.Stdout = f
	require.NoError(b, cmd.Run())
}

// searchWithPaging reads everybody with go-ldap.
func searchWithPaging(b *testing.B, d *lab.Directory) int {
	c, err := ldap.DialURL(d.URL)
	require.NoError(b, err)
	defer c.Close()
	require.NoError(b, c.Bind(d.BindDN, d.Password))
	r, err := c.SearchWithPaging(ldap.NewSearchRequest(d.Base, ldap.ScopeWholeSubtree, 0, 0, 0, false, benchFilter, benchAttributes, nil), 1000)
	require.NoError(b, err)
	return len(r.Entries)
}

func perUser(b *testing.B) {
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "users/s")
}

// BenchmarkLDIF reads 100,000 people, with their managers, from an export.
func BenchmarkLDIF(b *testing.B) {
	path := filepath.Join(b.TempDir(), "export.ldif")
	f, err := os.Create(path)
	require.NoError(b, err)
	require.NoError(b, company(100_000).WriteOpenLDAP(f))
	require.NoError(b, f.Close())
	s, err := ldapsource.OpenLDIF(path, &ldapsource.Options{Attributes: append(benchAttributes[:22:22], "manager")})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range s.Records(b.Context(), provisioning.User) {
			require.NoError(b, err)
		}
	}
	perUser(b)
}

package ldapsource_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// benchAttributes are 22 text attributes of a person, the identifier included.
var benchAttributes = strings.Fields(`entryUUID uid cn sn givenName initials displayName mail title ou o employeeNumber employeeType
	preferredLanguage roomNumber street postalCode l telephoneNumber mobile modifyTimestamp objectClass`)

// BenchmarkRead reads 100,000 people from slapd in pages of 1,000, by each of three clients in turn on plain
// connections: this package, ldapsearch into a file, and go-ldap's SearchWithPaging.
func BenchmarkRead(b *testing.B) {
	d := lab.Slapd(b, &lab.SlapdOptions{Contents: lab.Contents{People: 100_000}})
	filter := "(objectClass=inetOrgPerson)"
	b.Run("client=ldapsource", func(b *testing.B) {
		o := options(d)
		o.Attributes, o.AllowPlaintext, o.TLS = benchAttributes, true, nil
		s := newSource(b, d.URL, o)
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range s.Records(b.Context(), provisioning.User) {
				require.NoError(b, err)
				n++
			}
			require.Equal(b, 100_000, n)
		}
		perUser(b)
	})
	b.Run("client=ldapsearch", func(b *testing.B) {
		args := append([]string{"-x", "-LLL", "-H", d.URL, "-D", d.BindDN, "-w", d.Password, "-E", "pr=1000/noprompt", "-b", d.Base, filter}, benchAttributes...)
		out := filepath.Join(b.TempDir(), "out.ldif")
		for b.Loop() {
			f, err := os.Create(out)
			require.NoError(b, err)
			cmd := exec.Command("ldapsearch", args...)
			cmd.Stdout = f
			require.NoError(b, cmd.Run())
			f.Close()
		}
		perUser(b)
	})
	b.Run("client=go-ldap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c, err := ldap.DialURL(d.URL)
			require.NoError(b, err)
			require.NoError(b, c.Bind(d.BindDN, d.Password))
			r, err := c.SearchWithPaging(ldap.NewSearchRequest(d.Base, ldap.ScopeWholeSubtree, 0, 0, 0, false, filter, benchAttributes, nil), 1000)
			require.NoError(b, err)
			require.Len(b, r.Entries, 100_000)
			c.Close()
		}
		perUser(b)
	})
}

func perUser(b *testing.B) {
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "users/s")
}

// BenchmarkHeap reports the live heap at its largest while people are read, each with a manager, so that names
// have to be resolved, and is done for two sizes to show what grows.
func BenchmarkHeap(b *testing.B) {
	for _, size := range []struct {
		name   string
		people int
	}{{"people=10k", 10_000}, {"people=100k", 100_000}} {
		b.Run(size.name, func(b *testing.B) {
			d := lab.Slapd(b, &lab.SlapdOptions{Contents: lab.Contents{People: size.people}})
			for _, c := range []struct {
				name string
				kind provisioning.Kind
				more []string
			}{{"text", provisioning.User, nil}, {"managers", provisioning.User, []string{"manager"}}, {"members", provisioning.Group, []string{"members"}}} {
				b.Run("read="+c.name, func(b *testing.B) {
					o := options(d)
					o.Attributes = append(benchAttributes[:len(benchAttributes):len(benchAttributes)], c.more...)
					s := newSource(b, d.TLSURL, o)
					most := uint64(0)
					before := heap()
					for b.Loop() {
						n := 0
						for _, err := range s.Records(b.Context(), c.kind) {
							require.NoError(b, err)
							if n++; n%(size.people/10) == 0 || c.kind == provisioning.Group {
								most = max(most, heap()-before)
							}
						}
					}
					b.ReportMetric(float64(most)/(1<<20), "live-MiB")
				})
			}
		})
	}
}

// heap gives the bytes that are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
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

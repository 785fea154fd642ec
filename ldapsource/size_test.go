package ldapsource_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// More people than are kept in memory: everybody is there once with the right manager, the group has them all, and nothing is
// left of the files. Where no file can be made it is the same.
func TestBeyondMemory(t *testing.T) {
	const people = 120_000
	f := ldaptest.NewFlood(t, people)
	for name, dir := range map[string]string{"a folder": t.TempDir(), "no folder": "/nowhere/at/all"} {
		t.Run(name, func(t *testing.T) {
			s := newSource(t, f.URL, &ldapsource.Options{AllowPlaintext: true, TempDir: dir, Attributes: []string{"cn", "manager", "members"}})
			i := 0
			for r, err := range s.Records(t.Context(), provisioning.User) {
				require.NoError(t, err)
				boss := provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(f.PersonID(f.ManagerOf(i)))}
				if string(r.ID) != f.PersonID(i) || len(r.Refs["manager"]) != 1 || r.Refs["manager"][0] != boss {
					t.Fatalf("person %d: %s with manager %v, want %s and %v", i, r.ID, r.Refs["manager"], f.PersonID(i), boss)
				}
				i++
			}
			require.Equal(t, people, i)
			groups, bad, err := read(t, s, provisioning.Group)
			require.NoError(t, err)
			require.Empty(t, bad)
			require.Len(t, groups[0].Refs["members"], people)
			for i, m := range groups[0].Refs["members"] {
				if string(m.ID) != f.PersonID(i) || m.Kind != provisioning.User {
					t.Fatalf("member %d is %v, want %s", i, m, f.PersonID(i))
				}
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

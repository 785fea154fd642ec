package ldapsource_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// export is a file of n people with numbers from a first one on, and of a group of them all.
func export(first, n int) string {
	var b strings.Builder
	var members strings.Builder
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, "dn: CN=p%05d,DC=x\nobjectClass: user\ncn: p%05d\nobjectGUID:: %s\ndescription: %s\n\n", i, i, guid(i), strings.Repeat("x", 100))
		fmt.Fprintf(&members, "member: CN=p%05d,DC=x\n", i)
	}
	fmt.Fprintf(&b, "dn: CN=all,DC=x\nobjectClass: group\ncn: all\nobjectGUID:: %s\n%s\n", guid(99999), members.String())
	return b.String()
}

// guid gives an identifier in base64, and guidOf its number.
func guid(n int) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(make([]byte, 12), uint32(n)))
}

func guidOf(ref provisioning.Ref) int {
	n, _ := strconv.ParseInt(string(ref.ID[len(ref.ID)-8:]), 16, 32)
	return int(n)
}

// A counted file tells how much of it was read.
type counted struct {
	*os.File
	n *atomic.Int64
}

func (f counted) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	f.n.Add(int64(n))
	return n, err
}

// unknown hides that a file is one.
type unknown struct{ io.ReadCloser }

// exported is a file of an export, its source, and how much of it was read.
type exported struct {
	*testing.T
	path string
	s    *ldapsource.LDIF
	read atomic.Int64
}

func newExported(t *testing.T, text string, stream bool) *exported {
	x := &exported{T: t, path: filepath.Join(t.TempDir(), "export.ldif")}
	require.NoError(t, os.WriteFile(x.path, []byte(text), 0o600))
	var err error
	x.s, err = ldapsource.NewLDIF(func() (io.ReadCloser, error) {
		f, err := os.Open(x.path)
		if err != nil {
			return nil, err
		}
		if stream {
			return unknown{counted{f, &x.read}}, nil
		}
		return counted{f, &x.read}, nil
	}, &ldapsource.Options{Dialect: ldapsource.ActiveDirectory()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.s.Close()) })
	return x
}

// overwrite changes the file where it is, and leaves its time as it was when asked to.
func (x *exported) overwrite(text string, sameTime bool) {
	info, err := os.Stat(x.path)
	require.NoError(x, err)
	require.NoError(x, os.WriteFile(x.path, []byte(text), 0o600))
	at := info.ModTime()
	if !sameTime {
		at = at.Add(time.Second)
	}
	require.NoError(x, os.Chtimes(x.path, at, at))
}

// replace puts another file with the same time in its place.
func (x *exported) replace(text string) {
	info, err := os.Stat(x.path)
	require.NoError(x, err)
	next := x.path + ".new"
	require.NoError(x, os.WriteFile(next, []byte(text), 0o600))
	require.NoError(x, os.Chtimes(next, info.ModTime(), info.ModTime()))
	require.NoError(x, os.Rename(next, x.path))
}

// A file is proved once, and then read once for every kind.
func TestLDIFIsProvedOnce(t *testing.T) {
	text := export(0, 100)
	for _, tc := range []struct {
		name   string
		stream bool
		before func(x *exported) // the groups are read
		passes []int             // of the users, and of the groups
	}{
		{name: "file", passes: []int{2, 1}},
		{name: "file with another time", before: func(x *exported) { x.overwrite(text, false) }, passes: []int{2, 2}},
		{name: "file that was replaced by itself", before: func(x *exported) { x.replace(text) }, passes: []int{2, 2}},
		{name: "stream", stream: true, passes: []int{2, 2}}, // once only for its hash
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := newExported(t, text, tc.stream)
			var passes []int
			for i, kind := range both {
				if i == 1 && tc.before != nil {
					tc.before(x)
				}
				x.read.Store(0)
				records, _, err := read(t, x.s, kind)
				if err != nil || len(records) != []int{100, 1}[i] {
					t.Errorf("%s: %d records, %v", kind, len(records), err)
				}
				if i == 1 && len(records[0].Refs["members"]) != 100 {
					t.Errorf("%d members, want 100", len(records[0].Refs["members"]))
				}
				passes = append(passes, int(x.read.Load())/len(text))
			}
			if diff := cmp.Diff(tc.passes, passes); diff != "" {
				t.Errorf("how often the file was read (-want +got):\n%s", diff)
			}
		})
	}
}

// Another file between two kinds is proved anew, and never mixed with what is known of the first.
func TestLDIFChangedBetweenKinds(t *testing.T) {
	first, second := export(0, 100), export(50, 100)
	for _, tc := range []struct {
		name    string
		change  func(x *exported)
		end     error
		members []int // the first and the last; nil: no group is given
	}{
		{name: "rewritten", change: func(x *exported) { x.overwrite(second, false) }, members: []int{50, 149}},
		{name: "grown", change: func(x *exported) { x.overwrite(export(0, 120), false) }, members: []int{0, 119}},
		{name: "replaced by a rename, of the same size and time", change: func(x *exported) { x.replace(second) }, members: []int{50, 149}},
		{name: "cut in a record", change: func(x *exported) { x.overwrite(first[:len(first)-500], false) }, end: ldapsource.ErrTruncated},
		{name: "cut in a record, of the same time", change: func(x *exported) { x.overwrite(first[:len(first)-500], true) }, end: ldapsource.ErrTruncated},
		{name: "gone", change: func(x *exported) { require.NoError(x, os.Remove(x.path)) }, end: os.ErrNotExist},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", tc.name, stream), func(t *testing.T) {
				x := newExported(t, first, stream)
				_, _, err := read(t, x.s, provisioning.User)
				require.NoError(t, err)
				tc.change(x)
				groups, bad, err := read(t, x.s, provisioning.Group)
				if tc.end != nil {
					require.ErrorIs(t, err, tc.end)
				} else {
					require.NoError(t, err)
				}
				var members []int
				if len(groups) > 0 {
					refs := groups[0].Refs["members"]
					members = []int{guidOf(refs[0]), guidOf(refs[len(refs)-1])}
				}
				if diff := cmp.Diff(tc.members, members); diff != "" || len(bad) > 0 {
					t.Errorf("errors %v, members (-want +got):\n%s", bad, diff)
				}
			})
		}
	}
}

// A change that leaves size and time as they were is found before the read ends, and forgotten with it.
func TestLDIFChangedInSecret(t *testing.T) {
	first, second := export(0, 100), export(50, 100)
	x := newExported(t, first, false)
	_, _, err := read(t, x.s, provisioning.User)
	require.NoError(t, err)
	other := strings.Replace(first, "cn: all", "cn: ALL", 1)
	require.Len(t, second, len(first))
	for _, text := range []string{other, second} {
		x.overwrite(text, true)
		if _, _, err := read(t, x.s, provisioning.Group); !errors.Is(err, ldapsource.ErrIncomplete) {
			t.Errorf("the read ended with %v, want ErrIncomplete", err)
		}
		groups, _, err := read(t, x.s, provisioning.Group)
		if err != nil || len(groups) != 1 || len(groups[0].Refs["members"]) != 100 {
			t.Errorf("a second read: %d groups, %v", len(groups), err)
		}
	}
}

// A file that changes while it is read never gives a read without an error.
func TestLDIFChangedInAPass(t *testing.T) {
	first, second := export(0, 5000), export(2500, 5000)
	for _, tc := range []struct {
		name string
		text string
		same bool // size and time
	}{{"rewritten", second, false}, {"rewritten in secret", second, true}, {"grown", export(0, 6000), false}, {"emptied", "", false}, {"cut", first[:len(first)/2], true}} {
		t.Run(tc.name, func(t *testing.T) {
			x := newExported(t, first, false)
			n := 0
			var end error
			for _, err := range x.s.Records(t.Context(), provisioning.User) {
				if n++; n == 10 {
					x.overwrite(tc.text, tc.same)
				}
				if one := (*provisioning.RecordError)(nil); err != nil && !errors.As(err, &one) {
					end = err
				}
			}
			if end == nil {
				t.Errorf("%d records and no error", n)
			}
		})
	}
}

// Texts are opened one after another, the last of them again and again.
type texts struct {
	list []string
	file bool // each is a file of its own
	dir  string
	n    int
}

func (o *texts) open() (io.ReadCloser, error) {
	text := o.list[min(o.n, len(o.list)-1)]
	o.n++
	if !o.file {
		return io.NopCloser(strings.NewReader(text)), nil
	}
	path := filepath.Join(o.dir, strconv.Itoa(o.n))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return os.Open(path)
}

// What changes from one opening to the next is an error, and of a file nothing is given then.
func TestLDIFChangedBetweenPasses(t *testing.T) {
	first, second := export(0, 100), strings.Replace(export(0, 100), "cn: p00050", "cn: q00050", 1)
	unix := "dn: cn=a,dc=x\nobjectClass: inetOrgPerson\nentryUUID: 00000000-0000-0000-0000-000000000001\ncn: a\n\n"
	for _, tc := range []struct {
		name    string
		o       ldapsource.Options
		texts   texts
		records int // at most
		fails   bool
	}{
		{name: "after the proof", texts: texts{list: []string{first, first, second}}, records: 100, fails: true},
		{name: "after the proof, a file", texts: texts{list: []string{first, first, second}, file: true}, fails: true},
		{name: "another file with the same content each time", texts: texts{list: []string{first}, file: true}, records: 100},
		{name: "before the proof, of another brand", texts: texts{list: []string{unix, first}}, fails: true},
		{name: "before the proof, of the same brand", texts: texts{list: []string{first, second}}, records: 100},
		{name: "between the passes of the proof", o: ldapsource.Options{Nested: true}, texts: texts{list: []string{first, first, second}}, fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.texts.dir = t.TempDir()
			s, err := ldapsource.NewLDIF(tc.texts.open, &tc.o)
			require.NoError(t, err)
			defer s.Close()
			records, bad, err := read(t, s, provisioning.User)
			if len(records) > tc.records || !tc.fails && len(records) < tc.records || len(bad) > 0 {
				t.Errorf("%d records and errors %v, want %d and none", len(records), bad, tc.records)
			}
			if tc.fails != errors.Is(err, ldapsource.ErrIncomplete) {
				t.Errorf("the read ended with %v", err)
			}
		})
	}
}

// Reads that go on side by side do not disturb each other, and one that is left early no later one.
func TestLDIFSideBySide(t *testing.T) {
	x := newExported(t, export(0, 300), false)
	for range 3 {
		next, stop := iter.Pull2(x.s.Records(t.Context(), provisioning.User))
		for n := range 300 {
			r, err, ok := next()
			require.NoError(t, err)
			require.True(t, ok)
			if guidOf(r.Ref()) != n {
				t.Fatalf("record %d is %s", n, r.ID)
			}
			if n%100 == 0 {
				groups, _, err := read(t, x.s, provisioning.Group)
				if err != nil || len(groups) != 1 || len(groups[0].Refs["members"]) != 300 {
					t.Errorf("beside it: %d groups, %v", len(groups), err)
				}
			}
		}
		stop()
	}
}

// What is known of a file is kept for a minute, or until the source is closed.
func TestLDIFForgets(t *testing.T) {
	text := export(0, 100)
	synctest.Test(t, func(t *testing.T) {
		x := newExported(t, text, false)
		for _, tc := range []struct {
			name   string
			before func()
			passes int
		}{
			{"first", func() {}, 2},
			{"soon", func() { time.Sleep(59 * time.Second) }, 1},
			{"again", func() { time.Sleep(59 * time.Second) }, 1},
			{"late", func() { time.Sleep(61 * time.Second) }, 2},
			{"closed", func() { require.NoError(t, x.s.Close()) }, 2},
		} {
			tc.before()
			x.read.Store(0)
			_, _, err := read(t, x.s, provisioning.User)
			require.NoError(t, err)
			if passes := int(x.read.Load()) / len(text); passes != tc.passes {
				t.Errorf("%s: the file was read %d times, want %d", tc.name, passes, tc.passes)
			}
		}
	})
}

package table

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A table is what a map is, whatever of it is in memory and whatever in the file.
func TestTable(t *testing.T) {
	for _, tc := range []struct {
		name       string
		width, n   int
		o          Options
		wantSpill  bool
		collisions uint64 // keys share their first half with so many others
	}{
		{name: "in memory", width: 17, n: 100, o: Options{Rows: 1000}},
		{name: "in a file", width: 17, n: 20_000, o: Options{Rows: 500}, wantSpill: true},
		{name: "set", width: 0, n: 20_000, o: Options{Rows: 1000}, wantSpill: true},
		{name: "full pages", width: 17, n: 3000, o: Options{Rows: 100}, wantSpill: true, collisions: 300},
		{name: "no folder", width: 4, n: 5000, o: Options{Rows: 100, Dir: filepath.Join(t.TempDir(), "gone")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			tab := New(tc.width, tc.o)
			defer tab.Close()
			want := map[Key]uint32{}
			var keys []Key
			for i := range tc.n {
				k := Key{r.Uint64(), r.Uint64()}
				switch {
				case i == 7:
					k = Key{}
				case tc.collisions > 0 && i%2 == 0:
					k[0] = ^uint64(0) - k[0]%2 // in the last page, and then in the first
				}
				if i%5 == 4 {
					k = keys[r.IntN(len(keys))] // another value for an old one
				}
				keys = append(keys, k)
				value := make([]byte, max(4, tc.width))
				binary.LittleEndian.PutUint32(value, uint32(i))
				_, there := want[k]
				if tab.Has(k) != there {
					t.Fatalf("row %d: Has %v, want %v", i, !there, there)
				}
				tab.Put(k, value[:tc.width])
				want[k] = uint32(i)
			}
			for k, v := range want {
				value := make([]byte, max(4, tc.width))
				if !tab.Get(k, value[:tc.width]) || tc.width > 0 && binary.LittleEndian.Uint32(value) != v {
					t.Fatalf("key %x: value %x, want %d", k, value, v)
				}
			}
			for range 1000 {
				if tab.Has(Key{r.Uint64(), r.Uint64()}) {
					t.Fatal("a key that was never added is there")
				}
			}
			require.NoError(t, tab.Err())
			if spilled := tab.pages != nil; spilled != tc.wantSpill {
				t.Errorf("in a file: %v, want %v", spilled, tc.wantSpill)
			}
		})
	}
}

// The file has no name, or goes with the table, and a table is empty after it.
func TestNothingLeft(t *testing.T) {
	dir := t.TempDir()
	tab, log := New(8, Options{Rows: 10, Dir: dir}), NewLog(Options{Dir: dir})
	for i := range uint64(100) {
		tab.Put(Key{i << 40, i}, make([]byte, 8))
	}
	log.Append(make([]byte, 2*tailSize))
	require.NotNil(t, tab.pages)
	require.NotNil(t, log.file)
	info, err := tab.pages.file.Stat()
	require.NoError(t, err)
	if info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the file: %v", info.Mode())
	}
	tab.Close()
	log.Close()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 || tab.Has(Key{1 << 40, 1}) {
		t.Errorf("left: %v, error %v", left, err)
	}
}

// A file that fails is an error, and never a key that is not there.
func TestFileFails(t *testing.T) {
	tab, log := New(8, Options{Rows: 10}), NewLog(Options{})
	for i := range uint64(100) {
		tab.Put(Key{i << 58, i}, make([]byte, 8))
	}
	tab.pages.file.Close()
	tab.pages.at = -1
	if tab.Has(Key{1 << 58, 1}); tab.Err() == nil {
		t.Error("reading from a broken file is no error")
	}
	log.Append(make([]byte, 2*tailSize))
	log.file.Close()
	log.Read(make([]byte, 5), 7)
	if log.Err() == nil {
		t.Error("a log in a broken file has no error")
	}
	log.Append([]byte("more"))
}

// A log gives what was added at each place.
func TestLog(t *testing.T) {
	for name, o := range map[string]Options{"file": {}, "no folder": {Dir: filepath.Join(t.TempDir(), "gone")}} {
		t.Run(name, func(t *testing.T) {
			log := NewLog(o)
			defer log.Close()
			r := rand.New(rand.NewPCG(1, 2))
			places := map[int64][]byte{}
			for range 3000 {
				b := make([]byte, r.IntN(2000))
				for i := range b {
					b[i] = byte(r.Uint32())
				}
				places[log.Append(b)] = b
			}
			for at, want := range places {
				got := make([]byte, len(want))
				log.Read(got, at)
				require.Equal(t, want, got)
			}
			all := make([]byte, log.base+int64(len(log.tail)))
			log.Read(all, 0)
			require.NoError(t, log.Err())
			for at, want := range places {
				require.Equal(t, want, all[at:at+int64(len(want))])
			}
		})
	}
}

func BenchmarkTable(b *testing.B) {
	for _, c := range []struct {
		name string
		rows int
	}{{"memory", 1 << 30}, {"file", 0}} {
		b.Run(c.name, func(b *testing.B) {
			const n = 1_000_000
			for b.Loop() {
				r := rand.New(rand.NewPCG(1, 2))
				tab := New(17, Options{Rows: c.rows})
				value := make([]byte, 17)
				for range n {
					tab.Put(Key{r.Uint64(), r.Uint64()}, value)
				}
				r = rand.New(rand.NewPCG(1, 2))
				for range n {
					if !tab.Get(Key{r.Uint64(), r.Uint64()}, value) {
						b.Fatal("a key is not there")
					}
				}
				tab.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}

package ldapsource

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/ilumy/usersync/provisioning"
)

// stamps makes a replPropertyMetaData of pairs of an attribute and its update sequence number.
func stamps(pairs ...uint64) string {
	b := make([]byte, 16)
	b[0] = 1
	binary.LittleEndian.PutUint32(b[8:], uint32(len(pairs)/2))
	for i := 0; i < len(pairs); i += 2 {
		one := make([]byte, 48)
		binary.LittleEndian.PutUint32(one, uint32(pairs[i]))
		binary.LittleEndian.PutUint64(one[40:], pairs[i+1])
		b = append(b, one...)
	}
	return string(b)
}

func TestStampedSince(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     bool
	}{
		{"not since", stamps(3, 200, attributeName, 100), false},
		{"since", stamps(3, 50, attributeName, 101), true},
		{"no name", stamps(3, 50), true},
		{"nothing", "", true},
		{"another version", "\x02" + stamps(attributeName, 1)[1:], true},
		{"cut off", stamps(3, 50, attributeName, 1)[:80], true},
	} {
		if since, ok := stampedSince(tc.in, attributeName, 100); (since || !ok) != tc.want {
			t.Errorf("%s: since %v, %v", tc.name, since, ok)
		}
	}
}

// Whatever a directory stores, or somebody gives for a cursor, nothing panics.
func FuzzStampedSince(f *testing.F) {
	f.Add(stamps(3, 200, attributeName, 100))
	f.Fuzz(func(t *testing.T, in string) {
		if _, ok := stampedSince(in, attributeName, 1); ok && len(in) < 64 {
			t.Error("too short to tell, and yet it did")
		}
	})
}

func FuzzParseCursor(f *testing.F) {
	f.Add(string((&cursor{Method: USN, Places: map[string]string{"": "1"}}).encode()))
	f.Add("e30")
	f.Fuzz(func(t *testing.T, in string) {
		c, err := parseCursor(provisioning.Cursor(in))
		if err != nil && !errors.Is(err, provisioning.ErrCursorExpired) {
			t.Errorf("error %v, want ErrCursorExpired", err)
		}
		if err == nil && len(c.Places) == 0 {
			t.Error("a cursor without a place")
		}
	})
}

package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

// inParts gives what becomes of a message after its ID when it comes in parts of some size: the parts put together, how
// many they were, and the largest.
func inParts(t testing.TB, content []byte, size int) (whole entry.Entry, controls []Control, n, largest int, err error) {
	t.Helper()
	m := &Mux{in: bufio.NewReader(bytes.NewReader(content)), free: make(chan []byte, 8)}
	s := &Search{mux: m, request: &Request{Parts: true}, batches: make(chan []byte), left: make(chan struct{}), failed: make(chan struct{})}
	go func() {
		err = m.split(s, len(content), size)
		close(s.batches)
	}()
	var bad error
	for b := range s.batches {
		flags, length := readFrame(b)
		require.Equal(t, len(b)-4, length)
		largest = max(largest, length)
		var d decoder
		var msg Message
		if bad = errors.Join(bad, d.decode(string(b[4:]), &msg)); bad != nil {
			continue
		}
		if n++; n > 1 != (flags&frameContinues != 0) {
			t.Errorf("part %d: flags %x", n, flags)
		}
		if whole.More = flags&frameMore != 0; n > 1 && whole.DN != msg.Entry.DN {
			t.Errorf("part %d is of another entry", n)
		}
		whole.DN, controls = msg.Entry.DN, append(controls, msg.Controls...)
		for _, a := range msg.Entry.Attributes {
			last := len(whole.Attributes) - 1
			if flags&frameContinues == 0 || last < 0 || whole.Attributes[last].Name != a.Name {
				whole.Attributes = append(whole.Attributes, entry.Attribute{Name: a.Name})
				last++
			}
			whole.Attributes[last].Values = append(whole.Attributes[last].Values, a.Values...)
		}
	}
	return whole, controls, n, largest, errors.Join(err, bad)
}

// largeEntry is an entry, without message ID, with so many members.
func largeEntry(members int) []byte {
	element := func(class ber.Class, tag ber.Tag, parts ...*ber.Packet) *ber.Packet {
		p := ber.Encode(class, ber.TypeConstructed, tag, nil, "")
		for _, part := range parts {
			p.AppendChild(part)
		}
		return p
	}
	text := func(s string) *ber.Packet {
		return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
	}
	set := element(ber.ClassUniversal, ber.TagSet)
	for i := range members {
		set.AppendChild(text(fmt.Sprintf("cn=person %d,ou=people,dc=lab,dc=example", i)))
	}
	attribute := func(name string, set *ber.Packet) *ber.Packet {
		return element(ber.ClassUniversal, ber.TagSequence, text(name), set)
	}
	op := element(ber.ClassApplication, 4, text("cn=all,dc=lab,dc=example"), element(ber.ClassUniversal, ber.TagSequence,
		attribute("cn", element(ber.ClassUniversal, ber.TagSet, text("all"), text("everybody"))),
		attribute("member", set),
		attribute("description", element(ber.ClassUniversal, ber.TagSet)),
		attribute("entryUUID", element(ber.ClassUniversal, ber.TagSet, text("x")))))
	controls := element(ber.ClassContext, 0, element(ber.ClassUniversal, ber.TagSequence, text("1.2.3"), text("value")))
	return append(op.Bytes(), controls.Bytes()...)
}

// A large entry in parts is the same entry, and no part is much larger than it should be.
func TestSplit(t *testing.T) {
	content := largeEntry(3000)
	var d decoder
	var want Message
	require.NoError(t, d.decode(string(content), &want))
	for _, size := range []int{1, 50, 1000, partSize, len(content)} {
		got, controls, n, largest, err := inParts(t, content, size)
		require.NoError(t, err)
		if diff := cmp.Diff(want.Entry, &got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("parts of %d bytes: the entry is another (-whole +parts):\n%s", size, diff)
		}
		require.Equal(t, want.Controls, controls)
		if size <= 1000 && (n < len(content)/(size+300) || largest > size+300) {
			t.Errorf("parts of %d bytes: %d, the largest of %d", size, n, largest)
		}
	}
}

// An entry that is cut off anywhere is an error.
func TestSplitCut(t *testing.T) {
	content := largeEntry(5)
	for n := range content {
		m := &Mux{in: bufio.NewReader(bytes.NewReader(content[:n])), free: make(chan []byte, 8)}
		s := &Search{mux: m, batches: make(chan []byte, 100), left: make(chan struct{})}
		if err := m.split(s, len(content), 20); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d of %d bytes: error %v", n, len(content), err)
		}
	}
}

// Whatever comes, there is no panic, and what is an entry in parts is the same as a whole.
func FuzzSplit(f *testing.F) {
	f.Add(largeEntry(3), 10)
	f.Add(largeEntry(0), 1)
	f.Add([]byte("\x64\x04\x04\x00\x30\x00"), 1)
	f.Fuzz(func(t *testing.T, content []byte, size int) {
		if len(content) > 1<<12 {
			return
		}
		got, controls, _, _, err := inParts(t, content, size)
		if err != nil {
			return
		}
		var d decoder
		var want Message
		require.NoError(t, d.decode(string(content), &want))
		names := map[string]bool{}
		for _, a := range want.Entry.Attributes {
			if names[a.Name] { // whether it is one attribute or two cannot be told from the parts
				return
			}
			names[a.Name] = true
		}
		if got.DN != want.Entry.DN || len(got.Attributes) != len(want.Entry.Attributes) || len(controls) != len(want.Controls) {
			t.Fatalf("%d attributes, %d controls; want %d and %d", len(got.Attributes), len(controls), len(want.Entry.Attributes), len(want.Controls))
		}
		for i, a := range want.Entry.Attributes {
			if a.Name != got.Attributes[i].Name || fmt.Sprintf("%q", a.Values) != fmt.Sprintf("%q", got.Attributes[i].Values) {
				t.Fatalf("attribute %q: %q, want %q", a.Name, got.Attributes[i].Values, a.Values)
			}
		}
	})
}

package wire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
)

var everything = func() *ber.Packet { p, _ := ldap.CompileFilter("(objectClass=*)"); return p }()

// message encodes an LDAPMessage.
func message(id int, op ber.Tag, parts ...*ber.Packet) []byte {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	o := ber.Encode(ber.ClassApplication, ber.TypeConstructed, op, nil, "")
	for _, part := range parts {
		o.AppendChild(part)
	}
	p.AppendChild(o)
	return p.Bytes()
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func list(tag ber.Tag, parts ...*ber.Packet) *ber.Packet {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, tag, nil, "")
	for _, part := range parts {
		p.AppendChild(part)
	}
	return p
}

// found encodes an entry with one attribute.
func found(id int, dn, name string, values ...string) []byte {
	set := list(ber.TagSet)
	for _, v := range values {
		set.AppendChild(octets(v))
	}
	return message(id, ldap.ApplicationSearchResultEntry, octets(dn), list(ber.TagSequence, list(ber.TagSequence, octets(name), set)))
}

func done(id, code int) []byte {
	return message(id, ldap.ApplicationSearchResultDone,
		ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""), octets(""), octets(""))
}

// serve gives a connection whose other end answers the first request, which has the ID given to answer, and then
// hangs up.
func serve(t *testing.T, answer func(id int) []byte) *wire.Mux {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		p, err := ber.ReadPacket(server)
		if err != nil {
			return
		}
		server.Write(answer(int(p.Children[0].Value.(int64))))
	}()
	m := wire.NewMux(client, 1<<20)
	t.Cleanup(func() { m.Close() })
	return m
}

// collect reads a search to its end. Something else has to read the connection meanwhile.
func collect(t *testing.T, m *wire.Mux) (entries []entry.Entry, code int, err error) {
	s, err := m.Search(&wire.Request{Base: "dc=x", Filter: everything})
	require.NoError(t, err)
	defer s.Close()
	var msg wire.Message
	for {
		if err := s.Next(t.Context(), time.Minute, &msg); err != nil {
			return entries, -1, err
		}
		if msg.Done != nil {
			return entries, msg.Done.Code, nil
		}
		if msg.Entry != nil {
			e := entry.Entry{DN: msg.Entry.DN}
			for _, a := range msg.Entry.Attributes {
				e.Attributes = append(e.Attributes, entry.Attribute{Name: a.Name, Values: append([]string(nil), a.Values...)})
			}
			entries = append(entries, e)
		}
	}
}

// Messages of ours and of go-ldap's, in any order and in any pieces, each come to whom they are for.
func TestMux(t *testing.T) {
	big := strings.Repeat("x", 200_000)
	theirs := done(3, 0)
	m := serve(t, func(id int) []byte {
		var b []byte
		for _, part := range [][]byte{found(id, "cn=a", "cn", "a", "b"), theirs, found(id, "cn=big", "member", big, ""), found(id+1, "cn=other", "cn"),
			theirs, found(id, "cn=c", "cn"), done(id, 0)} {
			b = append(b, part...)
		}
		return b
	})
	var passed []byte
	read := make(chan error, 1)
	go func() {
		b := make([]byte, 7)
		for {
			n, err := m.Read(b)
			passed = append(passed, b[:n]...)
			if err != nil {
				read <- err
				return
			}
		}
	}()
	entries, code, err := collect(t, m)
	want := []entry.Entry{
		{DN: "cn=a", Attributes: []entry.Attribute{{Name: "cn", Values: []string{"a", "b"}}}},
		{DN: "cn=big", Attributes: []entry.Attribute{{Name: "member", Values: []string{big, ""}}}},
		{DN: "cn=c", Attributes: []entry.Attribute{{Name: "cn"}}},
	}
	if diff := cmp.Diff(want, entries); diff != "" || code != 0 || err != nil {
		t.Errorf("code %d, error %v, entries (-want +got):\n%s", code, err, diff)
	}
	if err := <-read; err != io.EOF {
		t.Errorf("the reader ended with %v, want EOF", err)
	}
	if string(passed) != string(theirs)+string(theirs) {
		t.Errorf("go-ldap was given %x, want its own two messages", passed)
	}
}

// A connection that ends at any byte but the last is an error, after all that came before.
func TestMuxCut(t *testing.T) {
	whole := append(append(found(1<<30+1, "cn=a", "cn", "a"), found(1<<30+1, "cn=b", "cn", "b")...), done(1<<30+1, 0)...)
	for n := range len(whole) + 1 {
		m := serve(t, func(int) []byte { return whole[:n] })
		go io.Copy(io.Discard, m)
		entries, code, err := collect(t, m)
		if complete := n == len(whole); complete != (err == nil && code == 0) || complete && len(entries) != 2 {
			t.Errorf("cut after %d bytes of %d: %d entries, code %d, error %v", n, len(whole), len(entries), code, err)
		}
		if !m.Broken() && n < len(whole) {
			t.Errorf("cut after %d bytes: the connection is taken for whole", n)
		}
	}
}

func TestMuxBad(t *testing.T) {
	for name, bytes := range map[string]string{
		"HTML":                "HTTP/1.1 400 Bad Request\r\n\r\n",
		"too large":           "\x30\x84\x7f\xff\xff\xff\x02\x04\x40\x00\x00\x01",
		"indefinite length":   "\x30\x80\x02\x04\x40\x00\x00\x01",
		"length of nine":      "\x30\x89\x01\x01\x01\x01\x01\x01\x01\x01\x01",
		"no ID":               "\x30\x05\x04\x03abc",
		"empty":               "\x30\x00",
		"an entry that lies":  "\x30\x0c\x02\x04\x40\x00\x00\x01\x64\x04\x04\x7fab",
		"an unknown answer":   "\x30\x08\x02\x04\x40\x00\x00\x01\x61\x00",
		"attributes in a set": "\x30\x0c\x02\x04\x40\x00\x00\x01\x64\x04\x04\x00\x31\x00",
	} {
		t.Run(name, func(t *testing.T) {
			m := serve(t, func(int) []byte { return []byte(bytes) })
			go io.Copy(io.Discard, m)
			entries, _, err := collect(t, m)
			if !errors.Is(err, wire.ErrProtocol) {
				t.Errorf("%d entries, error %v; want ErrProtocol", len(entries), err)
			}
		})
	}
}

// Nobody waits for ever: neither for a server that is silent nor after the context is cancelled.
func TestSearchWait(t *testing.T) {
	client, server := net.Pipe()
	go io.Copy(io.Discard, server)
	m := wire.NewMux(client, 0)
	defer m.Close()
	go io.Copy(io.Discard, m)
	s, err := m.Search(&wire.Request{Filter: everything})
	require.NoError(t, err)
	if _, err := m.Search(&wire.Request{Filter: everything}); err == nil {
		t.Error("a second search on a busy connection: no error")
	}
	var msg wire.Message
	if err := s.Next(t.Context(), 10*time.Millisecond, &msg); !errors.Is(err, wire.ErrTimeout) {
		t.Errorf("error %v, want ErrTimeout", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Next(ctx, time.Minute, &msg); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want Canceled", err)
	}
	if s.Close() {
		t.Error("a search that was given up is taken for ended")
	}
}

// What was left of a search does not come to the next.
func TestSearchGivenUp(t *testing.T) {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		for range 2 {
			p, err := ber.ReadPacket(server)
			if err != nil {
				return
			}
			id := int(p.Children[0].Value.(int64))
			for range 10 {
				server.Write(found(id, "cn=of "+string(rune('a'+id-1<<30-1)), "cn"))
			}
			server.Write(done(id, 0))
		}
	}()
	m := wire.NewMux(client, 0)
	defer m.Close()
	go io.Copy(io.Discard, m)
	s, err := m.Search(&wire.Request{Filter: everything})
	require.NoError(t, err)
	var msg wire.Message
	require.NoError(t, s.Next(t.Context(), time.Minute, &msg))
	first := msg.Entry.DN
	s.Close()
	entries, _, err := collect(t, m)
	require.NoError(t, err)
	for _, e := range entries {
		if e.DN == first {
			t.Errorf("%s came to the next search", e.DN)
		}
	}
	if len(entries) != 10 {
		t.Errorf("%d entries, want 10", len(entries))
	}
}

// Whatever comes, there is no panic, and what is an entry to us is the same to go-ldap's decoder.
func FuzzDecode(f *testing.F) {
	f.Add(found(1<<30+1, "cn=a", "cn", "a", "b"))
	f.Add(done(1<<30+1, 4))
	f.Add([]byte("\x30\x0c\x02\x04\x40\x00\x00\x01\x64\x04\x04\x00\x31\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		m := serve(t, func(int) []byte { return b })
		go io.Copy(io.Discard, m)
		entries, _, _ := collect(t, m)
		if len(entries) == 0 {
			return
		}
		p, err := ber.DecodePacketErr(b)
		if err != nil || len(p.Children) < 2 || p.Children[0].Value != int64(1<<30+1) || len(p.Children[1].Children) < 2 {
			return
		}
		if dn := ber.DecodeString(p.Children[1].Children[0].Data.Bytes()); dn != entries[0].DN {
			t.Errorf("DN %q, go-ldap reads %q", entries[0].DN, dn)
		}
	})
}

// The values of controls are bounded by what holds them.
func FuzzControls(f *testing.F) {
	f.Add("\x30\x08\x02\x01\x01\x02\x01\x00\x04\x00")
	f.Add("\x30\x15\x0a\x01\x03\x04\x10" + "0123456789abcdef")
	f.Add("\xa3\x17\x01\x01\xff\x31\x12\x04\x10" + "0123456789abcdef")
	f.Fuzz(func(t *testing.T, value string) {
		if _, cookie, err := wire.DirSync(value); err == nil && len(cookie) > len(value) {
			t.Errorf("DirSync(%x): cookie of %d bytes", value, len(cookie))
		}
		if s, err := wire.ReadSyncState(value); err == nil && !strings.Contains(value, string(s.UUID[:])) {
			t.Errorf("ReadSyncState(%x): UUID %x", value, s.UUID)
		}
		if s, err := wire.ReadSyncInfo(value); err == nil && len(s.UUIDs)*18 > len(value) {
			t.Errorf("ReadSyncInfo(%x): %d UUIDs", value, len(s.UUIDs))
		}
		if cookie, _, err := wire.SyncDone(value); err == nil && len(cookie) > len(value) {
			t.Errorf("SyncDone(%x): cookie of %d bytes", value, len(cookie))
		}
	})
}

func TestStartTLS(t *testing.T) {
	for _, tc := range []struct {
		name, answer string
		code         int
		is           error
	}{
		{name: "yes", answer: "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"},
		{name: "no", answer: "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00", code: 2},
		{name: "HTML", answer: "HTTP/1.1", is: wire.ErrProtocol},
		{name: "another answer", answer: "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", is: wire.ErrProtocol},
		{name: "cut off", answer: "\x30\x0c\x02\x01", is: io.ErrUnexpectedEOF},
		{name: "far too long", answer: "\x30\x84\x7f\xff\xff\xff", is: wire.ErrProtocol},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			go func() {
				defer server.Close()
				if _, err := ber.ReadPacket(server); err == nil {
					io.WriteString(server, tc.answer)
				}
			}()
			r, err := wire.StartTLS(client)
			if !errors.Is(err, tc.is) || err == nil && r.Code != tc.code {
				t.Errorf("result %+v, error %v; want code %d, error %v", r, err, tc.code, tc.is)
			}
		})
	}
}

package ldapsource

import (
	"strings"
	"testing"
)

func TestParseExtended(t *testing.T) {
	const guid = "0302010005040706"
	for _, tc := range []struct{ in, id, sid, name string }{
		{in: "CN=a,DC=x", name: "CN=a,DC=x"},
		{in: "<GUID=03020100-0504-0706-0809-0a0b0c0d0e0f>;<SID=S-1-5-21-1-2-3-4>;CN=a,DC=x", id: "03020100-0504-0706-0809-0a0b0c0d0e0f", sid: "S-1-5-21-1-2-3-4", name: "CN=a,DC=x"},
		{in: "<GUID=03020100-0504-0706-0809-0a0b0c0d0e0f>;CN=a>;b,DC=x", id: "03020100-0504-0706-0809-0a0b0c0d0e0f", name: "CN=a>;b,DC=x"},
		{in: "<SID=S-1-5-21>;CN=a", sid: "S-1-5-21", name: "CN=a"},
		{in: "<GUID=" + guid + ">;CN=a", name: "<GUID=" + guid + ">;CN=a"},
		{in: "<GUID=", name: "<GUID="},
		{in: "", name: ""},
	} {
		d := parseExtended(tc.in)
		id := ""
		if d.ok {
			id = d.guid.String()
		}
		if id != tc.id || d.sid != tc.sid || d.name != tc.name {
			t.Errorf("parseExtended(%q) = %q, %q, %q; want %q, %q, %q", tc.in, id, d.sid, d.name, tc.id, tc.sid, tc.name)
		}
	}
}

func TestParseRange(t *testing.T) {
	for _, tc := range []struct {
		in, base   string
		first, end int
		last, ok   bool
	}{
		{in: "member;range=0-1499", base: "member", first: 0, end: 1499, ok: true},
		{in: "member;range=1500-*", base: "member", first: 1500, last: true, ok: true},
		{in: "member"}, {in: "member;range="}, {in: "member;range=5-4", base: "member", first: 5, end: 4}, {in: "member;range=-1-4"},
		{in: "member;range=a-b"}, {in: "member;range=5"},
	} {
		base, first, end, last, ok := parseRange(tc.in)
		if ok != tc.ok || ok && (base != tc.base || first != tc.first || end != tc.end || last != tc.last) {
			t.Errorf("parseRange(%q) = %q %d %d %v %v", tc.in, base, first, end, last, ok)
		}
	}
}

// What is left of a name is its end, and what is not extended stays as it is.
func FuzzParseExtended(f *testing.F) {
	f.Add("<GUID=03020100-0504-0706-0809-0a0b0c0d0e0f>;<SID=S-1-5>;CN=a")
	f.Add("member;range=0-*")
	f.Fuzz(func(t *testing.T, text string) {
		d := parseExtended(text)
		if !strings.HasSuffix(text, d.name) || !strings.HasPrefix(text, "<") && d.name != text {
			t.Errorf("parseExtended(%q) leaves %q", text, d.name)
		}
		if base, first, end, last, ok := parseRange(text); ok && (first < 0 || !last && end < first || !strings.HasPrefix(text, base)) {
			t.Errorf("parseRange(%q) = %q %d %d %v", text, base, first, end, last)
		}
	})
}

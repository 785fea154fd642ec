package dn_test

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
)

func TestFold(t *testing.T) {
	for _, tc := range []struct {
		name string
		same []string // spellings of one name
	}{
		{name: "case and spaces", same: []string{"CN=Jan de Boer,DC=x", "cn = jan  DE boer , dc = X", "Cn=jan de boer;dc=x"}},
		{name: "escaped comma", same: []string{`CN=Boer\, Jan,DC=x`, `CN=Boer\2C Jan,DC=x`, `cn=boer\2c jan,dc=x`}},
		{name: "diacritics", same: []string{"CN=Ömer Çelik,DC=x", `CN=\C3\96mer \C3\87elik,DC=x`, "cn=ömer çelik,dc=x", `cn=\c3\b6mer çelik,dc=x`}},
		{name: "several parts", same: []string{"CN=a+OU=b,DC=x", "OU=B+CN=A,DC=x", "ou = b + cn = a,dc=x"}},
		{name: "escaped spaces at the ends", same: []string{`CN=\ a\ ,DC=x`, "CN=a,DC=x"}},
		{name: "deleted object", same: []string{`CN=Jan\0ADEL:0000,DC=x`, `cn=jan\0adel:0000,dc=x`}},
		{name: "the root", same: []string{"", "  "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want, err := dn.Fold(tc.same[0])
			if err != nil {
				t.Fatal(err)
			}
			for _, spelling := range tc.same[1:] {
				if got, err := dn.Fold(spelling); got != want || err != nil {
					t.Errorf("Fold(%q) = %q, %v; want %q", spelling, got, err, want)
				}
			}
		})
	}
}

func TestFoldDiffers(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"", "cn=a", "cn=ab", "cn=a,cn=b", `cn=a\,cn=b`, "cn=a+cn=b", `cn=a\+cn=b`, "cn=a b", "ou=a", `cn=a\00cn=b`,
		`cn=a\01cn=b`, `cn=a\02`, `cn=\020`, "cn=é", "cn=e"} {
		form, err := dn.Fold(name)
		if err != nil {
			t.Errorf("Fold(%q): %v", name, err)
		}
		if other, ok := seen[form]; ok {
			t.Errorf("%q and %q have the same form %q", name, other, form)
		}
		seen[form] = name
	}
}

func TestFoldBad(t *testing.T) {
	for _, name := range []string{"a", "=a", "cn=a,", "cn=a,,dc=x", `cn=a\`, "cn=a,b", "c n=a", ",", "+", "é=a"} {
		if form, err := dn.Fold(name); err == nil {
			t.Errorf("Fold(%q) = %q, want an error", name, form)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, tc := range []struct {
		name, base string
		want       bool
	}{
		{"cn=a,dc=x", "dc=x", true},
		{"dc=x", "DC=X", true},
		{"cn=a,dc=x", "", true},
		{"dc=x", "cn=a,dc=x", false},
		{"cn=a,dc=xx", "dc=x", false},
		{`cn=a\,dc=x`, "dc=x", false},
		{"cn=a,udc=x", "dc=x", false},
	} {
		form, _ := dn.Fold(tc.name)
		base, _ := dn.Fold(tc.base)
		if got := dn.Within(form, base); got != tc.want {
			t.Errorf("Within(%q, %q) = %v", tc.name, tc.base, got)
		}
	}
}

// Two spellings of a name have one form: that of the name itself, and that of what go-ldap makes of it.
func FuzzFold(f *testing.F) {
	for _, name := range []string{"CN=Boer\\, Jan+OU=x,DC=x", `cn=\c3\b6mer,dc=x`, "cn=#04024869,dc=x", "cn = a ; dc=x", `cn="a",dc=x`, `CN=a\0ADEL:b`} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		form, err := dn.Fold(name)
		if err != nil {
			return
		}
		if parent, ok := dn.Parent(form); ok && !dn.Within(form, parent) {
			t.Errorf("%q is not within its parent %q", form, parent)
		}
		capitals := []byte(name)
		for i, c := range capitals {
			if 'a' <= c && c <= 'z' {
				capitals[i] -= 'a' - 'A'
			}
		}
		if other, err := dn.Fold(string(capitals)); err != nil || other != form {
			t.Errorf("Fold(%q) = %q, but in capitals %q, %v", name, form, other, err)
		}
		// go-ldap reads "#…" as BER and quotation marks by other rules, and breaks runes of more than one byte.
		parsed, err := ldap.ParseDN(name)
		if err != nil || strings.ContainsAny(name, "#\"\\") || strings.ContainsFunc(name, func(r rune) bool { return r > 126 || r < 32 }) {
			return
		}
		if other, err := dn.Fold(parsed.String()); err != nil || other != form {
			t.Errorf("Fold(%q) = %q, but as go-ldap writes it, %q: %q, %v", name, form, parsed.String(), other, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	var form []byte
	b.ReportAllocs()
	for b.Loop() {
		form, _ = dn.Append(form[:0], `CN=Boer\, Jan de,OU='s-Gravenhage,OU=Medewerkers,DC=voorbeeld,DC=example`)
	}
}

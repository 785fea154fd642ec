package provisioning

import (
	"strings"
	"testing"
)

func TestPackedID(t *testing.T) {
	const uuid = "01234567-89ab-cdef-0a1b-c2d3e4f56789"
	for _, tt := range []struct {
		name string
		id   ID
		want int // bytes
	}{
		{"none", "", 1},
		{"name", "u42", 4},
		{"lower", uuid, 17},
		{"upper", ID(strings.ToUpper(uuid)), 17},
		{"digits", "01234567-8901-2345-6789-012345678901", 17},
		{"both cases", "01234567-89ab-cdef-0a1b-c2d3e4f5678A", 37},
		{"no digit", "01234567-89ab-cdef-0a1b-c2d3e4f5678g", 37},
		{"another hyphen", "01234567_89ab-cdef-0a1b-c2d3e4f56789", 37},
		{"hyphens elsewhere", "0123456-789ab-cdef-0a1b-c2d3e4f56789", 37},
		{"long", ID(strings.Repeat("x", 252)), 253},
		{"longer", ID(strings.Repeat("x", 253)), 258},
		{"longest", ID(strings.Repeat("x", 70000)), 70005},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := packID(nil, tt.id)
			if got := unpackID(append(b, "more"...)); len(b) != tt.want || packedLen(b) != tt.want || got != tt.id {
				t.Errorf("%d bytes, said to be %d, for %q; want %d", len(b), packedLen(b), got, tt.want)
			}
		})
	}
	// Every byte in every place: it is a digit or it is not, and no two IDs are packed alike.
	for at := range len(uuid) {
		seen := map[string]ID{}
		for c := range 256 {
			id := []byte(uuid)
			id[at] = byte(c)
			b := packID(nil, ID(id))
			if got := unpackID(b); got != ID(id) {
				t.Fatalf("%q came back as %q", id, got)
			}
			if other, ok := seen[string(b)]; ok {
				t.Fatalf("%q and %q are packed alike", id, other)
			}
			seen[string(b)] = ID(id)
			digit := strings.IndexByte("0123456789abcdef", byte(c)) >= 0
			if place := uuid[at]; place == '-' {
				digit = c == '-'
			}
			if (len(b) == 17) != digit {
				t.Fatalf("%q takes %d bytes", id, len(b))
			}
		}
	}
}

func FuzzPackedID(f *testing.F) {
	f.Add("01234567-89ab-cdef-0a1b-c2d3e4f56789", "01234567-89AB-CDEF-0A1B-C2D3E4F56789")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		pa, pb := packID(nil, ID(a)), packID(nil, ID(b))
		if unpackID(pa) != ID(a) || unpackID(pb) != ID(b) {
			t.Fatalf("%q, %q came back as %q, %q", a, b, unpackID(pa), unpackID(pb))
		}
		if (a == b) != (string(pa) == string(pb)) || a != b && (prefixed(pa, pb) || prefixed(pb, pa)) {
			t.Fatalf("%q and %q are packed as %x and %x", a, b, pa, pb)
		}
	})
}

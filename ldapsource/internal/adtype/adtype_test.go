package adtype_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
)

func TestGUID(t *testing.T) {
	raw := "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
	g, err := adtype.DecodeGUID(raw)
	if got := g.String(); got != "03020100-0504-0706-0809-0a0b0c0d0e0f" || err != nil || g.Raw() != raw {
		t.Errorf("DecodeGUID = %s, %v, back %q", got, err, g.Raw())
	}
	for _, text := range []string{"03020100-0504-0706-0809-0a0b0c0d0e0f", "{03020100-0504-0706-0809-0A0B0C0D0E0F}",
		"0302010005040706080900a0b0c0d0e0f"[:16] + "08090a0b0c0d0e0f", "03020100-05040706-08090a0b-0c0d0e0f"} {
		if got, err := adtype.ParseGUID(text); got != g || err != nil {
			t.Errorf("ParseGUID(%q) = %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]bool{g.String(): true, strings.ToUpper(g.String()): false, "{" + g.String() + "}": false, "x": false} {
		if _, ok := adtype.Canonical(text); ok != want {
			t.Errorf("Canonical(%q) = %v", text, ok)
		}
	}
	for _, text := range []string{"", "03020100", "03020100-0504-0706-0809-0a0b0c0d0e0g", "03020100-0504-0706-0809-0a0b0c0d0e0f0",
		"0302-010005040706-0809-0a0b0c0d0e0f", "-03020100050407060809-0a0b0c0d0e0f---"} {
		if got, err := adtype.ParseGUID(text); err == nil {
			t.Errorf("ParseGUID(%q) = %s, want an error", text, got)
		}
	}
}

func TestDecodeSID(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x63\x9c\x6c\x29\xc0\xef\x52\xad\xbe\xef\xe2\x4f\x4f\x04\x00\x00", "S-1-5-21-694983779-2907893696-1340272574-1103"},
		{"\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", "S-1-1-0"},
		{"\x01\x00\xff\x00\x00\x00\x00\x01", "S-1-0xff0000000001"},
		{"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00", ""},
		{"\x02\x00\x00\x00\x00\x00\x00\x05", ""},
		{"", ""},
	} {
		if got, err := adtype.DecodeSID(tc.in); got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("DecodeSID(%x) = %q, %v; want %q", tc.in, got, err, tc.want)
		}
	}
}

func TestFileTime(t *testing.T) {
	for _, tc := range []struct {
		in, want string // empty: never; "!": an error
	}{
		{"0", ""},
		{"9223372036854775807", ""},
		{"9223372036854775806", ""},
		{"133801632000000000", "2025-01-01T00:00:00Z"},
		{"116444736000000000", "1970-01-01T00:00:00Z"},
		{"1", "1601-01-01T00:00:00.0000001Z"},
		{"116444735999999999", "1969-12-31T23:59:59.9999999Z"},
		{"-1", "!"}, {"", "!"}, {"9223372036854775808", "!"}, {"soon", "!"},
	} {
		check(t, "FileTime", tc.in, tc.want, adtype.FileTime)
	}
}

func TestGeneralizedTime(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"20260131093000Z", "2026-01-31T09:30:00Z"},
		{"20260131093000.0Z", "2026-01-31T09:30:00Z"},
		{"20260131093000,25Z", "2026-01-31T09:30:00.25Z"},
		{"202601310930Z", "2026-01-31T09:30:00Z"},
		{"2026013109.5Z", "2026-01-31T09:30:00Z"},
		{"20260131093000+0100", "2026-01-31T08:30:00Z"},
		{"20260131093000-0130", "2026-01-31T11:00:00Z"},
		{"20260131093000+01", "2026-01-31T08:30:00Z"},
		{"20260131093000.123456Z", "2026-01-31T09:30:00.123456Z"},
		{"20260131093000", "!"}, {"20261331093000Z", "!"}, {"20260230093000Z", "!"}, {"20260131093000.Z", "!"}, {"", "!"},
		{"20260131093000+2500", "!"}, {"2026-01-31T09:30:00Z", "!"}, {"20260131Z", "!"}, {"20260131093000 0100", "!"},
	} {
		check(t, "GeneralizedTime", tc.in, tc.want, adtype.GeneralizedTime)
	}
}

func check(t *testing.T, name, in, want string, decode func(string) (time.Time, error)) {
	t.Helper()
	got, err := decode(in)
	text := ""
	if !got.IsZero() {
		text = got.Format(time.RFC3339Nano)
	}
	if want == "!" {
		if err == nil {
			t.Errorf("%s(%q) = %s, want an error", name, in, text)
		}
		return
	}
	if text != want || err != nil {
		t.Errorf("%s(%q) = %q, %v; want %q", name, in, text, err, want)
	}
}

// What is taken for a GUID is one to google/uuid too, and survives being written and read.
func FuzzGUID(f *testing.F) {
	f.Add("03020100-0504-0706-0809-0a0b0c0d0e0f", []byte("0123456789abcdef"))
	f.Add("03020100-05040706-08090a0b-0c0d0e0f", []byte{})
	f.Fuzz(func(t *testing.T, text string, raw []byte) {
		if g, err := adtype.ParseGUID(text); err == nil {
			if back, err := uuid.Parse(strings.ReplaceAll(strings.Trim(text, "{}"), "-", "")); err != nil || back.String() != g.String() {
				t.Errorf("ParseGUID(%q) = %s, google/uuid %s, %v", text, g, back, err)
			}
		}
		if g, err := adtype.DecodeGUID(string(raw)); err == nil {
			back, err := adtype.ParseGUID(g.String())
			if err != nil || back != g || g.Raw() != string(raw) {
				t.Errorf("GUID %x: %s, %v", raw, g, err)
			}
		} else if len(raw) == 16 {
			t.Errorf("16 bytes are a GUID: %v", err)
		}
	})
}

// A SID is of the form S-1-…, with as many parts as it says.
func FuzzSID(f *testing.F) {
	f.Add([]byte("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := adtype.DecodeSID(string(raw))
		if err != nil {
			return
		}
		if parts := strings.Split(s, "-"); len(parts) != 3+int(raw[1]) || parts[0] != "S" || parts[1] != "1" {
			t.Errorf("DecodeSID(%x) = %s", raw, s)
		}
	})
}

// A time that is read is the one that was written.
func FuzzTime(f *testing.F) {
	f.Add(int64(0), "20260131093000.5+0100")
	f.Add(int64(math.MaxInt64), "")
	f.Fuzz(func(t *testing.T, n int64, text string) {
		if at, err := adtype.FileTime(strconv.FormatInt(n, 10)); err == nil && !at.IsZero() {
			epoch := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
			if back := (at.Unix()-epoch.Unix())*1e7 + int64(at.Nanosecond()/100); back != n {
				t.Errorf("FileTime(%d) = %v, which is %d", n, at, back)
			}
		} else if n >= 0 && err != nil {
			t.Errorf("FileTime(%d): %v", n, err)
		}
		at, err := adtype.GeneralizedTime(text)
		if err != nil {
			return
		}
		if back, err := adtype.GeneralizedTime(at.Format("20060102150405.000000Z")); err != nil || !back.Equal(at) {
			if at.Year() >= 0 && at.Year() <= 9999 {
				t.Errorf("GeneralizedTime(%q) = %v, read back %v, %v", text, at, back, err)
			}
		}
	})
}

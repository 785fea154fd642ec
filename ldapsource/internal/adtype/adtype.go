// Package adtype decodes the value types of directories that are not text: GUIDs, security
// identifiers, and the two ways in which time is written.
package adtype

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrValue says that a value is not of its type. Errors never show the value.
var ErrValue = errors.New("undecodable value")

// A GUID is an identifier of 16 bytes in the order in which its text is written.
type GUID [16]byte

// DecodeGUID reads an objectGUID, whose first three fields are little-endian (MS-DTYP section 2.3.4.2).
func DecodeGUID(raw string) (g GUID, err error) {
	if len(raw) != len(g) {
		return g, fmt.Errorf("%w: a GUID of %d bytes, not 16", ErrValue, len(raw))
	}
	copy(g[:], raw)
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
	return g, nil
}

// Raw gives the bytes as Active Directory stores them, for use in a filter.
func (g GUID) Raw() string {
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
	return string(g[:])
}

// ParseGUID reads text: 8-4-4-4-12 hexadecimal digits, in braces or not, or 8-8-8-8 as 389 Directory
// Server writes nsUniqueId.
func ParseGUID(text string) (g GUID, err error) {
	if len(text) == 38 && text[0] == '{' && text[37] == '}' {
		text = text[1:37]
	}
	var digits [32]byte
	n := 0
	for i := range len(text) {
		if text[i] == '-' {
			if dashes := len(text) == 36 && (i == 8 || i == 13 || i == 18 || i == 23) ||
				len(text) == 35 && (i == 8 || i == 17 || i == 26); !dashes {
				return g, fmt.Errorf("%w: a GUID with a dash at byte %d", ErrValue, i+1)
			}
			continue
		}
		if n == len(digits) {
			return g, fmt.Errorf("%w: a GUID of more than 32 digits", ErrValue)
		}
		digits[n] = text[i]
		n++
	}
	if n != len(digits) {
		return g, fmt.Errorf("%w: a GUID of %d digits, not 32", ErrValue, n)
	}
	if _, err := hex.Decode(g[:], digits[:]); err != nil {
		return g, fmt.Errorf("%w: a GUID with a character that is no hexadecimal digit", ErrValue)
	}
	return g, nil
}

// Canonical reads text that is written as String writes it, and reports whether it was.
func Canonical(text string) (g GUID, ok bool) {
	g, err := ParseGUID(text)
	if err != nil {
		return g, false
	}
	b := g.text()
	return g, string(b[:]) == text
}

// String gives the canonical text: lower case, 8-4-4-4-12 digits (RFC 9562 section 4).
func (g GUID) String() string {
	b := g.text()
	return string(b[:])
}

// Append appends the canonical text to b.
func (g GUID) Append(b []byte) []byte {
	text := g.text()
	return append(b, text[:]...)
}

func (g GUID) text() (b [36]byte) {
	hex.Encode(b[:8], g[:4])
	hex.Encode(b[9:13], g[4:6])
	hex.Encode(b[14:18], g[6:8])
	hex.Encode(b[19:23], g[8:10])
	hex.Encode(b[24:], g[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return b
}

// DecodeSID gives the text of a security identifier, "S-1-5-21-..." (MS-DTYP section 2.4.2).
func DecodeSID(raw string) (string, error) {
	if len(raw) < 8 || len(raw) != 8+4*int(raw[1]) || raw[0] != 1 || raw[1] > 15 {
		return "", fmt.Errorf("%w: %d bytes that are no security identifier", ErrValue, len(raw))
	}
	var authority uint64
	for i := 2; i < 8; i++ {
		authority = authority<<8 | uint64(raw[i])
	}
	b := append(make([]byte, 0, 48), "S-1-"...)
	if authority < 1<<32 {
		b = strconv.AppendUint(b, authority, 10)
	} else {
		b = fmt.Appendf(b, "0x%012x", authority)
	}
	for i := 8; i < len(raw); i += 4 {
		sub := uint64(raw[i]) | uint64(raw[i+1])<<8 | uint64(raw[i+2])<<16 | uint64(raw[i+3])<<24
		b = strconv.AppendUint(append(b, '-'), sub, 10)
	}
	return string(b), nil
}

// never is the FILETIME that stands for "never", as 0 does in accountExpires.
const never = math.MaxInt64

// unixEpoch is 1970-01-01 as a FILETIME: units of 100 ns since 1601-01-01.
const unixEpoch = 116444736000000000

// FileTime reads a FILETIME in decimal text. Zero and 0x7FFFFFFFFFFFFFFF, which mean "never" or "not set",
// give the zero time; so do times after the year 9999, which are as good as never.
func FileTime(text string) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, fmt.Errorf("%w: a file time that is no count of 100 ns since 1601", ErrValue)
	}
	if n == 0 || n == never {
		return time.Time{}, nil
	}
	n -= unixEpoch
	t := time.Unix(n/1e7, n%1e7*100).UTC()
	if t.Year() > 9999 {
		return time.Time{}, nil
	}
	return t, nil
}

// GeneralizedTime reads a generalized time (RFC 4517 section 3.3.13): "20260131093000Z",
// "20260131093000.0Z", "202601310930+0100".
func GeneralizedTime(text string) (time.Time, error) {
	bad := func() (time.Time, error) {
		return time.Time{}, fmt.Errorf("%w: a time that is not of the form 20260131093000Z", ErrValue)
	}
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	layout, unit := "20060102150405", time.Second
	switch digits {
	case 14:
	case 12:
		layout, unit = layout[:12], time.Minute
	case 10:
		layout, unit = layout[:10], time.Hour
	default:
		return bad()
	}
	rest := text[digits:]
	var fraction time.Duration
	if rest != "" && (rest[0] == '.' || rest[0] == ',') {
		end := strings.IndexAny(rest, "Zz+-")
		if end < 2 || end > 12 {
			return bad()
		}
		f, err := strconv.ParseFloat("0."+rest[1:end], 64)
		if err != nil {
			return bad()
		}
		fraction, rest = time.Duration(f*float64(unit)).Round(time.Microsecond), rest[end:]
	}
	zone := time.UTC
	switch {
	case rest == "Z" || rest == "z":
	case len(rest) == 3 || len(rest) == 5:
		h, err := strconv.ParseUint(rest[1:3], 10, 8)
		m := uint64(0)
		if err == nil && len(rest) == 5 {
			m, err = strconv.ParseUint(rest[3:], 10, 8)
		}
		if err != nil || h > 23 || m > 59 || rest[0] != '+' && rest[0] != '-' {
			return bad()
		}
		offset := int(h*3600 + m*60)
		if rest[0] == '-' {
			offset = -offset
		}
		zone = time.FixedZone("", offset)
	default:
		return bad()
	}
	t, err := time.ParseInLocation(layout, text[:digits], zone)
	if err != nil {
		return bad()
	}
	return t.Add(fraction).UTC(), nil
}

package expression

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A dateFormat is a format of .NET, taken apart.
type dateFormat struct{ items []dateItem }

// A dateItem is n times a letter such as y, or literal text.
type dateItem struct {
	letter byte // 0 for text
	n      int
	text   string
}

// standardFormats are the formats of one letter in the invariant culture.
var standardFormats = map[string]string{
	"d": "MM/dd/yyyy", "D": "dddd, dd MMMM yyyy", "f": "dddd, dd MMMM yyyy HH:mm", "F": "dddd, dd MMMM yyyy HH:mm:ss",
	"g": "MM/dd/yyyy HH:mm", "G": "MM/dd/yyyy HH:mm:ss", "m": "MMMM dd", "M": "MMMM dd", "t": "HH:mm", "T": "HH:mm:ss",
	"o": "yyyy-MM-dd'T'HH:mm:ss.fffffffK", "O": "yyyy-MM-dd'T'HH:mm:ss.fffffffK", "s": "yyyy-MM-dd'T'HH:mm:ss",
	"r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "u": "yyyy-MM-dd HH:mm:ss'Z'",
	"U": "dddd, dd MMMM yyyy HH:mm:ss", "y": "yyyy MMMM", "Y": "yyyy MMMM",
}

var errFormat = errors.New(`not a format of dates such as "yyyy-MM-dd" or "M/d/yyyy h:mm:ss tt"`)

// newDateFormat takes a format apart. Letters that mean nothing are text.
func newDateFormat(s string) (*dateFormat, error) {
	if s == "" || len(s) > 200 {
		return nil, errFormat
	}
	if len(s) == 1 {
		standard, ok := standardFormats[s]
		if !ok {
			return nil, errFormat
		}
		s = standard
	}
	f := &dateFormat{}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\'' || c == '"':
			end := strings.IndexByte(s[i+1:], c)
			if end < 0 {
				return nil, errors.New("a quotation mark in the format of dates has no second one")
			}
			f.items = append(f.items, dateItem{text: s[i+1 : i+1+end]})
			i += end + 2
		case c == '\\' || c == '%':
			if i+1 == len(s) {
				return nil, errFormat
			}
			if c == '%' {
				i++
				continue
			}
			_, n := utf8.DecodeRuneInString(s[i+1:])
			f.items = append(f.items, dateItem{text: s[i+1 : i+1+n]})
			i += 1 + n
		case strings.IndexByte("dfFgHhKmMstyz", c) >= 0:
			n := 1
			for i+n < len(s) && s[i+n] == c {
				n++
			}
			if n > 7 && (c == 'f' || c == 'F') {
				return nil, errors.New("a second has at most 7 decimal places in the format of dates")
			}
			if c == 'K' {
				n = 1
			}
			f.items = append(f.items, dateItem{letter: c, n: n})
			i += n
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			f.items = append(f.items, dateItem{text: s[i : i+n]})
			i += n
		}
	}
	return f, nil
}

// zone tells what a date knows about its offset: nothing, that it is UTC, or that it had one (it is UTC now).
type zone uint8

const (
	unzoned zone = iota
	utc
	zoned
)

// format writes a date.
func (f *dateFormat) format(ticks int64, z zone) string {
	t := timeOf(ticks)
	var b strings.Builder
	for _, it := range f.items {
		switch it.letter {
		case 0:
			b.WriteString(it.text)
		case 'd':
			b.WriteString(named(it.n, t.Day(), t.Weekday().String()))
		case 'M':
			b.WriteString(named(it.n, int(t.Month()), t.Month().String()))
		case 'y':
			if y := t.Year(); it.n <= 2 {
				fmt.Fprintf(&b, "%0*d", it.n, y%100)
			} else {
				fmt.Fprintf(&b, "%0*d", it.n, y)
			}
		case 'H':
			fmt.Fprintf(&b, "%0*d", min(it.n, 2), t.Hour())
		case 'h':
			fmt.Fprintf(&b, "%0*d", min(it.n, 2), (t.Hour()+11)%12+1)
		case 'm':
			fmt.Fprintf(&b, "%0*d", min(it.n, 2), t.Minute())
		case 's':
			fmt.Fprintf(&b, "%0*d", min(it.n, 2), t.Second())
		case 'f':
			b.WriteString(fmt.Sprintf("%07d", ticks%ticksPerSecond)[:it.n])
		case 'F':
			s := strings.TrimRight(fmt.Sprintf("%07d", ticks%ticksPerSecond)[:it.n], "0")
			if out := b.String(); s == "" && strings.HasSuffix(out, ".") {
				b.Reset()
				b.WriteString(strings.TrimSuffix(out, "."))
			}
			b.WriteString(s)
		case 't':
			half := "AM"
			if t.Hour() >= 12 {
				half = "PM"
			}
			b.WriteString(half[:min(it.n, 2)])
		case 'g':
			b.WriteString("A.D.")
		case 'z':
			b.WriteString([]string{"+0", "+00", "+00:00"}[min(it.n, 3)-1])
		case 'K':
			b.WriteString([]string{"", "Z", "+00:00"}[z])
		}
	}
	return b.String()
}

// named writes a number of one or two digits, a short name or a long one.
func named(n, number int, name string) string {
	switch {
	case n <= 2:
		return fmt.Sprintf("%0*d", n, number)
	case n == 3:
		return name[:3]
	}
	return name
}

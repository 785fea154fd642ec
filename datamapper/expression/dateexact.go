package expression

import (
	"errors"
	"strings"
	"time"
)

// errNotInFormat is the error of a date that is not as the format says.
var errNotInFormat = errors.New("the value does not have the form that inputFormat says")

// whites says where a date may have white space that its format does not have.
type whites struct{ leading, trailing, inner bool }

// parse reads a date that has exactly this form.
func (f *dateFormat) parse(s string, w whites) (int64, zone, error) {
	if w.leading {
		s = strings.TrimLeft(s, " \t\r\n")
	}
	if w.trailing {
		s = strings.TrimRight(s, " \t\r\n")
	}
	p := dateParser{s: s}
	half, z, hour12 := "", unzoned, false
	for _, it := range f.items {
		if w.inner {
			p.spaces()
		}
		ok := true
		switch it.letter {
		case 0:
			if it.text == "Z" {
				z = utc
			}
			ok = w.inner && strings.TrimSpace(it.text) == "" || p.take(it.text)
		case 'd':
			ok = p.word(it, &p.day, func() bool { return p.weekdayName(it.n) })
		case 'M':
			ok = p.word(it, &p.month, p.monthName)
		case 'y':
			ok = p.yearOf(it.n)
		case 'H':
			ok = p.fixed(&p.hour, it.n, 2)
		case 'h':
			hour12 = true
			ok = p.fixed(&p.hour, it.n, 2) && p.hour >= 1 && p.hour <= 12
		case 'm':
			ok = p.fixed(&p.minute, it.n, 2)
		case 's':
			ok = p.fixed(&p.second, it.n, 2)
		case 'f', 'F':
			ok = p.decimals(it)
		case 't':
			n := min(it.n, 2)
			if ok = len(p.s) >= n; ok {
				half = strings.ToUpper(p.s[:n])
				ok = strings.HasPrefix("AM", half) || strings.HasPrefix("PM", half)
				p.s = p.s[n:]
			}
		case 'g':
			ok = p.take("A.D.") || p.take("AD")
		case 'z', 'K':
			z = zoned
			if it.letter == 'K' && p.s == "" {
				z = unzoned
			} else if strings.HasPrefix(p.s, "Z") {
				z = utc
			}
			ok = p.zonePrefix()
		}
		if !ok {
			return 0, z, errNotInFormat
		}
	}
	if p.s != "" {
		return 0, z, errNotInFormat
	}
	if hour12 && half != "" {
		if p.hour %= 12; half[0] == 'P' {
			p.hour += 12
		}
	}
	if p.year == 0 {
		return 0, z, errors.New("inputFormat has no year, so that the date cannot be told")
	}
	p.month, p.day = max(p.month, 1), max(p.day, 1)
	ticks, err := p.ticks()
	return ticks, z, err
}

// fixed takes a number: exactly two digits for a doubled letter, else one or two.
func (p *dateParser) fixed(to *int, n, most int) bool {
	if n >= 2 && p.digits() < 2 {
		return false
	}
	return p.number(to, most)
}

func (p *dateParser) word(it dateItem, to *int, name func() bool) bool {
	if it.n <= 2 {
		return p.fixed(to, it.n, 2) && *to > 0
	}
	return name()
}

func (p *dateParser) weekdayName(n int) bool {
	for d := range time.Weekday(7) {
		name := d.String()
		if n == 3 {
			name = name[:3]
		}
		if len(p.s) >= len(name) && strings.EqualFold(p.s[:len(name)], name) {
			p.s = p.s[len(name):]
			return true
		}
	}
	return false
}

// yearOf reads a year. Two digits mean 1950 to 2049, as in .NET.
func (p *dateParser) yearOf(n int) bool {
	if n > 2 {
		return p.digits() >= n && p.number(&p.year, max(n, 4)) && p.year > 0
	}
	if !p.fixed(&p.year, n, 2) {
		return false
	}
	if p.year += 2000; p.year > 2049 {
		p.year -= 100
	}
	return true
}

func (p *dateParser) decimals(it dateItem) bool {
	n := min(p.digits(), it.n)
	if it.letter == 'f' && n < it.n {
		return false
	}
	p.tenths = atoi((p.s[:n] + "0000000")[:7])
	p.s = p.s[n:]
	return true
}

// zonePrefix reads an offset and leaves what follows it.
func (p *dateParser) zonePrefix() bool {
	n := 0
	for n < len(p.s) && n < 6 && (isDigit(p.s[n]) || strings.IndexByte("+-:Z", p.s[n]) >= 0) {
		n++
		if p.s[n-1] == 'Z' {
			break
		}
	}
	inner := dateParser{s: p.s[:n]}
	if !inner.zone() {
		return false
	}
	p.offset, p.s = inner.offset, p.s[n:]
	return true
}

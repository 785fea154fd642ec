package expression

import (
	"strings"
	"time"
)

// parseDate reads a date as CDate does: ISO 8601 in its many forms, M/d/yyyy with a time of 12 or 24 hours,
// names of months in English, LDAP's generalized time, and an offset after any of them. Without an offset it is UTC.
func parseDate(s string) (int64, error) {
	p := dateParser{s: s}
	return p.read()
}

// read reads a whole date from s.
func (p *dateParser) read() (int64, error) {
	p.s = strings.TrimSpace(p.s)
	if len(p.s) > 64 || !p.date() || !p.clock() || !p.zone() || p.s != "" {
		return 0, errDate
	}
	return p.ticks()
}

// A dateParser reads a date from the beginning of s, and takes away what it read.
type dateParser struct {
	s                            string
	year, month, day             int
	hour, minute, second, tenths int  // tenths of a microsecond
	offset                       int  // minutes east of UTC
	clocked                      bool // a time was read
}

func (p *dateParser) ticks() (int64, error) {
	if p.year < 1 || p.month < 1 || p.month > 12 || p.day < 1 || p.hour > 23 || p.minute > 59 || p.second > 59 || p.year > 9999 {
		return 0, errDate
	}
	t := time.Date(p.year, time.Month(p.month), p.day, p.hour, p.minute, p.second, 0, time.UTC)
	if t.Day() != p.day {
		return 0, errDate
	}
	ticks := ticksOf(t) + int64(p.tenths) - int64(p.offset)*60*ticksPerSecond
	if ticks < 0 || ticks > maxTicks {
		return 0, errRange
	}
	return ticks, nil
}

// number takes a number of at least one and at most so many digits.
func (p *dateParser) number(to *int, most int) bool {
	n := 0
	for n < len(p.s) && n < most && isDigit(p.s[n]) {
		n++
	}
	if n == 0 {
		return false
	}
	*to = atoi(p.s[:n])
	p.s = p.s[n:]
	return true
}

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func (p *dateParser) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.s, prefix)
	p.s = rest
	return ok
}

func (p *dateParser) spaces() { p.s = strings.TrimLeft(p.s, " \t") }

// digits counts the digits at the beginning.
func (p *dateParser) digits() int {
	return len(p.s) - len(strings.TrimLeft(p.s, "0123456789"))
}

func (p *dateParser) date() bool {
	switch n := p.digits(); {
	case n == 0:
		return p.named()
	case n >= 8:
		return p.compact(n)
	case n == 4:
		p.number(&p.year, 4)
		sep := "-"
		if !p.take(sep) {
			if sep = "/"; !p.take(sep) {
				return false
			}
		}
		return p.number(&p.month, 2) && p.take(sep) && p.number(&p.day, 2)
	case n <= 2:
		p.number(&p.month, 2)
		if p.take("/") {
			return p.number(&p.day, 2) && p.take("/") && p.digits() == 4 && p.number(&p.year, 4)
		}
		p.day = p.month
		return (p.take(" ") || p.take("-")) && p.monthName() && (p.take(" ") || p.take("-")) && p.digits() == 4 && p.number(&p.year, 4)
	}
	return false
}

// compact reads yyyyMMdd and yyyyMMddHHmmss.
func (p *dateParser) compact(n int) bool {
	if n != 8 && n != 14 {
		return false
	}
	p.number(&p.year, 4)
	p.number(&p.month, 2)
	p.number(&p.day, 2)
	if p.clocked = n == 14; p.clocked {
		p.number(&p.hour, 2)
		p.number(&p.minute, 2)
		p.number(&p.second, 2)
		p.fraction()
	}
	return true
}

// named reads "Mon, 2 Jan 2006", "January 2, 2006" and "Jan 2 2006".
func (p *dateParser) named() bool {
	if comma := strings.IndexByte(p.s, ','); comma > 0 && weekday(p.s[:comma]) {
		p.s = p.s[comma+1:]
		p.spaces()
		return p.number(&p.day, 2) && p.take(" ") && p.monthName() && p.take(" ") && p.digits() == 4 && p.number(&p.year, 4)
	}
	if !p.monthName() || !p.take(" ") || !p.number(&p.day, 2) {
		return false
	}
	p.take(",")
	return p.take(" ") && p.digits() == 4 && p.number(&p.year, 4)
}

func weekday(s string) bool {
	for d := range time.Weekday(7) {
		if strings.EqualFold(s, d.String()) || strings.EqualFold(s, d.String()[:3]) {
			return true
		}
	}
	return false
}

func (p *dateParser) monthName() bool {
	n := 0
	for n < len(p.s) && isLetter(p.s[n]) {
		n++
	}
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(p.s[:n], m.String()) || strings.EqualFold(p.s[:n], m.String()[:3]) {
			p.month, p.s = int(m), p.s[n:]
			return true
		}
	}
	return false
}

// clock reads the time, if there is one.
func (p *dateParser) clock() bool {
	before := p.s
	if !p.take("T") && !p.take("t") && !p.take(" ") {
		return true
	}
	p.spaces()
	if p.digits() == 0 {
		p.s = before // an offset may follow
		return before[0] == ' '
	}
	if !p.number(&p.hour, 2) {
		return false
	}
	p.clocked = true
	clock := false
	if p.take(":") {
		clock = true
		if !p.number(&p.minute, 2) {
			return false
		}
		if p.take(":") {
			if !p.number(&p.second, 2) {
				return false
			}
			p.fraction()
		}
	}
	rest := strings.TrimLeft(p.s, " ")
	if len(rest) >= 2 && (rest[1]|0x20) == 'm' {
		switch rest[0] | 0x20 {
		case 'a', 'p':
			if p.hour < 1 || p.hour > 12 {
				return false
			}
			p.hour %= 12
			if rest[0]|0x20 == 'p' {
				p.hour += 12
			}
			p.s, clock = rest[2:], true
		}
	}
	return clock
}

// fraction reads the part of a second behind a point, to the tick.
func (p *dateParser) fraction() {
	if len(p.s) < 2 || p.s[0] != '.' && p.s[0] != ',' || !isDigit(p.s[1]) {
		return
	}
	p.s = p.s[1:]
	n := p.digits()
	digits := (p.s[:n] + "0000000")[:7]
	p.tenths, p.s = atoi(digits), p.s[n:]
}

// zone reads Z, GMT, UTC, +h, +hh, +hhmm or +hh:mm.
func (p *dateParser) zone() bool {
	p.spaces()
	if p.s == "" {
		return true
	}
	for _, utc := range []string{"Z", "z", "GMT", "UTC"} {
		if p.take(utc) {
			return true
		}
	}
	sign := 1
	if p.take("-") {
		sign = -1
	} else if !p.take("+") {
		return false
	}
	hours, minutes := 0, 0
	if !p.number(&hours, 2) {
		return false
	}
	p.take(":")
	if p.s != "" && (p.digits() != 2 || !p.number(&minutes, 2)) {
		return false
	}
	p.offset = sign * (hours*60 + minutes)
	return hours <= 14 && minutes < 60
}

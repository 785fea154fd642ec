package expression

import (
	"errors"
	"time"
)

// Ticks are the dates of .NET: steps of 100 ns since the beginning of the year 1, in UTC.
const (
	ticksPerSecond = 10_000_000
	ticksPerDay    = 24 * 3600 * ticksPerSecond
	unixEpoch      = 62_135_596_800 // seconds from the year 1 to 1970
	maxTicks       = 3_155_378_975_999_999_999
	// fileTimeEpoch is 1601, from which Active Directory counts ticks.
	fileTimeEpoch = 504_911_232_000_000_000
)

func ticksOf(t time.Time) int64 {
	return (t.Unix()+unixEpoch)*ticksPerSecond + int64(t.Nanosecond())/100
}

func timeOf(ticks int64) time.Time {
	return time.Unix(ticks/ticksPerSecond-unixEpoch, ticks%ticksPerSecond*100).UTC()
}

// date gives a date, or an error when it is outside the years 1 to 9999.
func date(ticks int64) (Value, error) {
	if ticks < 0 || ticks > maxTicks {
		return Value{}, errRange
	}
	return Value{kind: Date, n: ticks}, nil
}

// formatInvariant writes a date as .NET's invariant culture does: M/d/yyyy h:mm:ss tt.
func formatInvariant(ticks int64) string { return timeOf(ticks).Format("1/2/2006 3:04:05 PM") }

// Time gives the moment of a date, or of a text that is one; the zero time for null and an empty text. It tells
// too whether it is a text with a day only, without a time.
func (v Value) Time() (t time.Time, day bool, err error) {
	switch v.kind {
	case Null, Clear, Ignore:
		return time.Time{}, false, nil
	case Date:
		return timeOf(v.n), false, nil
	}
	s, err := v.toText()
	if err != nil || s.s == "" {
		return time.Time{}, false, err
	}
	p := dateParser{s: s.s}
	ticks, err := p.read()
	if err != nil {
		return time.Time{}, false, err
	}
	return timeOf(ticks), !p.clocked, nil
}

var (
	errDate     = errors.New("a text that is not a date where a date is expected; FormatDateTime reads other forms")
	errRange    = errors.New("a date outside the years 1 to 9999")
	errInterval = errors.New(`interval is one of "yyyy" (years), "q", "m" (months), "d" (days), "ww" (weeks), "h", "n" (minutes) and "s"`)
)

// dateFunctions calculate with dates.
func dateFunctions() []*function {
	return []*function{
		{
			name: "CDate", params: []param{need("expression", pDate)}, result: aDate,
			apply: func(_ *Env, args []Value) (Value, error) { return args[0], nil },
		},
		{
			name: "DateAdd", params: []param{need("interval", pText), need("value", pNumber), need("dateTime", pDate)}, result: aDate,
			check: checkInterval,
			apply: func(_ *Env, args []Value) (Value, error) { return dateAdd(args[0].s, args[1].whole(), args[2].n) },
		},
		{
			name: "DateDiff", params: []param{need("interval", pText), need("date1", pDate), need("date2", pDate)}, result: aNumber,
			check: checkInterval,
			apply: func(_ *Env, args []Value) (Value, error) { return dateDiff(args[0].s, args[1].n, args[2].n) },
		},
		{
			name: "DateFromNum", params: []param{need("value", pNumber)}, result: aDate,
			apply: func(_ *Env, args []Value) (Value, error) {
				n := args[0].whole()
				if n < -fileTimeEpoch || n > maxTicks-fileTimeEpoch {
					return Value{}, errRange
				}
				return date(n + fileTimeEpoch)
			},
		},
		{
			name: "NumFromDate", params: []param{need("value", pDate)}, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) { return integer(args[0].n - fileTimeEpoch), nil },
		},
		{
			name: "Now", volatile: true, result: aDate,
			apply: func(e *Env, _ []Value) (Value, error) { return date(ticksOf(e.scope.options.Volatile.Now().UTC())) },
		},
		{
			name: "FormatDateTime", special: compileFormatDateTime,
			params: []param{need("source", pText), opt("styles", pText), opt("inputFormat", pText), opt("outputFormat", pText)},
		},
	}
}

func checkInterval(_ *compiler, n *Call) string {
	if l, ok := n.Args[0].(*Literal); ok {
		if _, err := dateAdd(l.Value.String(), 0, 0); err != nil {
			return err.Error()
		}
	}
	return ""
}

// dateAdd is Visual Basic's: months and years keep to the end of a month.
func dateAdd(interval string, n, ticks int64) (Value, error) {
	months, step := int64(0), int64(0)
	switch interval {
	case "yyyy":
		months = 12
	case "q":
		months = 3
	case "m":
		months = 1
	case "d", "y", "w":
		step = ticksPerDay
	case "ww":
		step = 7 * ticksPerDay
	case "h":
		step = 3600 * ticksPerSecond
	case "n":
		step = 60 * ticksPerSecond
	case "s":
		step = ticksPerSecond
	default:
		return Value{}, errInterval
	}
	if months > 0 {
		return addMonths(ticks, n, months)
	}
	if n > maxTicks/step || n < -maxTicks/step {
		return Value{}, errRange
	}
	return date(ticks + n*step)
}

func addMonths(ticks, n, months int64) (Value, error) {
	if n > 120_000 || n < -120_000 {
		return Value{}, errRange
	}
	t := timeOf(ticks)
	y, m, d := t.Date()
	total := int64(y)*12 + int64(m) - 1 + n*months
	if total < 12 || total >= 10_000*12 {
		return Value{}, errRange
	}
	y, m = int(total/12), time.Month(total%12+1)
	last := time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
	day := time.Date(y, m, min(d, last), 0, 0, 0, 0, time.UTC)
	return date(ticksOf(day) + ticks%ticksPerDay)
}

// dateDiff is Visual Basic's: days and less are truncated towards zero, weeks count Sundays, and months and
// years are those of the calendar.
func dateDiff(interval string, from, to int64) (Value, error) {
	a, b := timeOf(from), timeOf(to)
	switch interval {
	case "yyyy":
		return integer(int64(b.Year() - a.Year())), nil
	case "q":
		return integer(int64((b.Year()-a.Year())*4 + (int(b.Month())-1)/3 - (int(a.Month())-1)/3)), nil
	case "m":
		return integer(int64((b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month()))), nil
	case "d", "y":
		return integer((to - from) / ticksPerDay), nil
	case "w":
		return integer((to - from) / ticksPerDay / 7), nil
	case "ww":
		from -= int64(a.Weekday()) * ticksPerDay
		to -= int64(b.Weekday()) * ticksPerDay
		return integer((to - from) / ticksPerDay / 7), nil
	case "h":
		return integer((to - from) / (3600 * ticksPerSecond)), nil
	case "n":
		return integer((to - from) / (60 * ticksPerSecond)), nil
	case "s":
		return integer((to - from) / ticksPerSecond), nil
	}
	return Value{}, errInterval
}

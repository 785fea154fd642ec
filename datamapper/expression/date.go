package expression

import (
	"errors"
	"time"
)

// Ticks are the dates of .NET: steps of 100 ns since the beginning of the year 1, in UTC.
const (
	ticksPerSecond = 10_000_000
	unixEpoch      = 62_135_596_800 // seconds from the year 1 to 1970
	maxTicks       = 3_155_378_975_999_999_999
)

func ticksOf(t time.Time) int64 {
	return (t.Unix()+unixEpoch)*ticksPerSecond + int64(t.Nanosecond())/100
}

func timeOf(ticks int64) time.Time {
	return time.Unix(ticks/ticksPerSecond-unixEpoch, ticks%ticksPerSecond*100).UTC()
}

// formatInvariant writes a date as .NET's invariant culture does: M/d/yyyy h:mm:ss tt.
func formatInvariant(ticks int64) string { return timeOf(ticks).Format("1/2/2006 3:04:05 PM") }

// Time gives the moment of a date, or of a text that is one.
func (v Value) Time() (time.Time, error) {
	d, err := v.toDate()
	if err != nil || d.kind == Null {
		return time.Time{}, err
	}
	return timeOf(d.n), nil
}

var errDate = errors.New("a text that is not a date where a date is expected; FormatDateTime reads other forms")

// dateForms are the forms of dates that are read without being told which.
var dateForms = [...]string{
	"2006-1-2T15:4:5Z07:00", "2006-1-2 15:4:5Z07:00", "2006-1-2T15:4:5", "2006-1-2 15:4:5", "2006-1-2T15:4Z07:00",
	"2006-1-2 15:4Z07:00", "2006-1-2T15:4", "2006-1-2 15:4", "2006-1-2Z07:00", "2006-1-2",
	"1/2/2006 3:4:5 PM", "1/2/2006 15:4:5", "1/2/2006 3:4 PM", "1/2/2006 15:4", "1/2/2006", "2006/1/2",
	"1/2/2006 3:4:5 PM Z07:00", "20060102150405Z0700", "20060102150405Z", "20060102",
	time.RFC1123, time.RFC1123Z, "2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006",
}

// parseDate reads a date. What has no offset is UTC.
func parseDate(s string) (int64, error) {
	if len(s) > 64 {
		return 0, errDate
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return checkTicks(t)
		}
	}
	return 0, errDate
}

func checkTicks(t time.Time) (int64, error) {
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return 0, errors.New("a date outside the years 1 to 9999")
	}
	return ticksOf(t), nil
}

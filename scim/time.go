package scim

import (
	"fmt"
	"time"
)

// FormatTime gives a time as a SCIM dateTime in UTC (RFC 7643 section 2.3.5), to the millisecond.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z") }

// ParseTime reads a SCIM dateTime, which is that of XML Schema. One without a zone is taken as UTC, as
// XML Schema leaves it open.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err == nil {
		return t, nil
	}
	for _, layout := range [...]string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02"} {
		if t, e := time.Parse(layout, s); e == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("this is not a dateTime such as 2008-01-23T04:56:22Z")
}

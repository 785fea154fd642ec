package people

import (
	"bytes"
	"fmt"
)

// Demo gives the demo's files by name: the exports of two days, and the second one cut off within
// a value.
func Demo() (map[string][]byte, error) {
	c := New(&Options{Seed: 1})
	var day1, day2 bytes.Buffer
	if err := c.WriteAD(&day1); err != nil {
		return nil, fmt.Errorf("writing the first day: %w", err)
	}
	c.NextDay()
	if err := c.WriteAD(&day2); err != nil {
		return nil, fmt.Errorf("writing the second day: %w", err)
	}
	const sid = "\nobjectSid:: "
	cut := day2.Len() * 55 / 100
	cut += bytes.Index(day2.Bytes()[cut:], []byte(sid)) + len(sid) + 17
	return map[string][]byte{"day1.ldif": day1.Bytes(), "day2.ldif": day2.Bytes(), "day3-cut.ldif": day2.Bytes()[:cut]}, nil
}

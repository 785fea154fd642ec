package ldif

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A trailer is what ldapsearch writes around entries, once for every page. A file that was cut off
// between two records is known by it, and a search that the server ended early.
type trailer struct {
	open     bool // a search was begun and its result is not seen
	more     bool // the last page said that another follows
	result   bool // the line before said that a result follows
	counted  int  // the entries that ldapsearch says it wrote, when hasCount
	hasCount bool
}

// comment looks at one line of comment.
func (t *trailer) comment(line []byte) error {
	text := bytes.TrimSpace(bytes.TrimLeft(line, "#"))
	result := t.result
	t.result = false
	switch name, value, _ := bytes.Cut(text, []byte(":")); string(name) {
	case "LDAPv3", "LDAPv2":
		t.open = true
	case "search result":
		t.open, t.result = false, true
	case "result", "pagedresults":
		if result || string(name) == "pagedresults" {
			t.result = result
			return t.field(string(name), bytes.TrimSpace(value))
		}
	case "control", "search":
		t.result = result
	case "numEntries":
		if n, err := strconv.Atoi(string(bytes.TrimSpace(value))); err == nil {
			t.counted, t.hasCount = t.counted+n, true
		}
	}
	return nil
}

// field takes a line outside of all entries, as ldapsearch writes them about its search.
func (t *trailer) field(name string, value []byte) error {
	switch strings.ToLower(name) {
	case "result":
		t.open = false
		code, text, _ := bytes.Cut(value, []byte(" "))
		if n, err := strconv.Atoi(string(code)); err == nil && n != 0 {
			return fmt.Errorf("%w: the search that made it ended with result %d (%.80q); export it again with paging "+
				"(ldapsearch -E pr=1000/noprompt)", ErrTruncated, n, text)
		}
	case "pagedresults":
		if _, cookie, ok := bytes.Cut(value, []byte("cookie=")); ok {
			t.more = len(cookie) > 0
		}
	case "ref":
		if !harmlessReference(string(value)) {
			return fmt.Errorf("%w: a part of the tree is on another server, to which the search was referred; "+
				"export that part too and leave the reference out", ErrTruncated)
		}
	}
	return nil
}

// harmlessReference reports whether a reference leads to a partition of Active Directory that never
// holds people.
func harmlessReference(url string) bool {
	_, name, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(url, "ldaps://"), "ldap://"), "/")
	name = strings.ToLower(name)
	return ok && (strings.HasPrefix(name, "cn=configuration,") || strings.HasPrefix(name, "dc=domaindnszones,") ||
		strings.HasPrefix(name, "dc=forestdnszones,"))
}

// end judges the trailer at the end of the file.
func (t *trailer) end(entries int) error {
	switch {
	case t.open:
		return fmt.Errorf("%w: it starts as ldapsearch writes it, but the lines about the result are missing at its end", ErrTruncated)
	case t.more:
		return fmt.Errorf("%w: its last page says that another follows, and none does", ErrTruncated)
	case t.hasCount && t.counted != entries:
		return fmt.Errorf("%w: its last lines speak of %d entries, and it has %d", ErrTruncated, t.counted, entries)
	}
	return nil
}

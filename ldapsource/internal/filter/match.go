package filter

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

type (
	and     []node
	or      []node
	not     struct{ part node }
	present string
	equal   struct{ name, value string }
	ordered struct {
		name, value string
		sign        int
	}
	substrings struct {
		name, initial, final string
		any                  []string
	}
	bitTest struct {
		name string
		bits int64
		all  bool
	}
)

func (n and) match(e *entry.Entry) bool {
	for _, part := range n {
		if !part.match(e) {
			return false
		}
	}
	return true
}

func (n or) match(e *entry.Entry) bool {
	for _, part := range n {
		if part.match(e) {
			return true
		}
	}
	return false
}

func (n not) match(e *entry.Entry) bool { return !n.part.match(e) }

func (n present) match(e *entry.Entry) bool { return len(e.Get(string(n))) > 0 }

// match compares as caseIgnoreMatch does, since nearly all that is asked about is of that kind, and DNs
// and numbers as such.
func (n equal) match(e *entry.Entry) bool {
	for _, v := range e.Get(n.name) {
		if strings.EqualFold(v, n.value) || sameNumber(v, n.value) || sameDN(v, n.value) || isCategory(n.name, v, n.value) {
			return true
		}
	}
	return false
}

func sameNumber(a, b string) bool {
	if !isNumeric(a) || !isNumeric(b) { // most are not, and an error costs memory
		return false
	}
	x, err1 := strconv.ParseInt(a, 10, 64)
	y, err2 := strconv.ParseInt(b, 10, 64)
	return err1 == nil && err2 == nil && x == y
}

func isNumeric(s string) bool { return s != "" && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') }

func sameDN(a, b string) bool {
	if !strings.ContainsRune(a, '=') || !strings.ContainsRune(b, '=') {
		return false
	}
	x, err1 := dn.Fold(a)
	y, err2 := dn.Fold(b)
	return err1 == nil && err2 == nil && x == y
}

// isCategory knows that Active Directory takes "person" for the DN of that class in objectCategory.
func isCategory(name, value, asked string) bool {
	if !strings.EqualFold(name, "objectCategory") {
		return false
	}
	first, _, _ := strings.Cut(value, ",")
	_, class, ok := strings.Cut(first, "=")
	return ok && strings.EqualFold(class, asked)
}

func (n ordered) match(e *entry.Entry) bool {
	for _, v := range e.Get(n.name) {
		x, err1 := strconv.ParseInt(v, 10, 64)
		y, err2 := strconv.ParseInt(n.value, 10, 64)
		c := cmp.Compare(x, y)
		if err1 != nil || err2 != nil {
			c = strings.Compare(strings.ToLower(v), strings.ToLower(n.value))
		}
		if c*n.sign >= 0 {
			return true
		}
	}
	return false
}

func (n substrings) match(e *entry.Entry) bool {
values:
	for _, v := range e.Get(n.name) {
		v, ok := strings.CutPrefix(strings.ToLower(v), n.initial)
		if !ok {
			continue
		}
		for _, part := range n.any {
			i := strings.Index(v, part)
			if i < 0 {
				continue values
			}
			v = v[i+len(part):]
		}
		if strings.HasSuffix(v, n.final) {
			return true
		}
	}
	return false
}

func (n bitTest) match(e *entry.Entry) bool {
	for _, v := range e.Get(n.name) {
		x, err := strconv.ParseInt(v, 10, 64)
		if err == nil && (n.all && x&n.bits == n.bits || !n.all && x&n.bits != 0) {
			return true
		}
	}
	return false
}

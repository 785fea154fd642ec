package people

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// columns is the longest line that ldapsearch writes.
const columns = 78

// An ldif writes lines as ldapsearch does.
type ldif struct {
	*bufio.Writer
	entries int
	// record, when not nil, is told each attribute instead, the dn first.
	record func(name, value string)
}

func newLDIF(w io.Writer) *ldif { return &ldif{Writer: bufio.NewWriterSize(w, 1<<16)} }

// fold writes a line, and goes on in the next one after a blank where it is too long (RFC 2849).
func (w *ldif) fold(line string) {
	width := columns
	for len(line) > width {
		w.WriteString(line[:width])
		w.WriteString("\n ")
		line, width = line[width:], columns-1
	}
	w.WriteString(line)
	w.WriteByte('\n')
}

// attr writes an attribute with a value, in base64 where it is asked for.
func (w *ldif) attr(name, value string) {
	if value == "" {
		return
	}
	if w.record != nil {
		w.record(name, value)
		return
	}
	safe := !strings.ContainsRune(" :<", rune(value[0])) && value[len(value)-1] != ' '
	for i := 0; safe && i < len(value); i++ {
		safe = value[i] >= 0x20 && value[i] < 0x7f
	}
	if safe {
		w.fold(name + ": " + value)
	} else {
		w.binary(name, []byte(value))
	}
}

func (w *ldif) binary(name string, value []byte) {
	if w.record != nil {
		w.record(name, string(value))
		return
	}
	w.fold(name + ":: " + base64.StdEncoding.EncodeToString(value))
}

func (w *ldif) attrs(name string, values ...string) {
	for _, v := range values {
		w.attr(name, v)
	}
}

// begin writes the comment and the dn line with which an entry begins. Path is the entry's names
// from the nearest on, without the domain.
func (w *ldif) begin(path []string, domain, dn string) {
	var b strings.Builder
	b.WriteString("# ")
	for _, name := range path {
		for i := 0; i < len(name); i++ {
			if c := name[i]; c < 0x20 || c >= 0x7f || strings.IndexByte(`,+"\<>;=`, c) >= 0 {
				fmt.Fprintf(&b, `\%02X`, c)
			} else {
				b.WriteByte(c)
			}
		}
		b.WriteString(", ")
	}
	w.fold(b.String() + domain)
	w.attr("dn", dn)
	w.entries++
}

// end writes the empty line after an entry.
func (w *ldif) end() { w.WriteByte('\n') }

// escape makes of a value what may stand in a DN, as Active Directory does it (RFC 4514).
func escape(v string) string {
	var b strings.Builder
	for i, r := range v {
		if strings.ContainsRune(`,+"\<>;=`, r) || i == 0 && (r == '#' || r == ' ') {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// base is the DN of a domain.
func base(dc, domain string) string {
	return dc + "=" + strings.ReplaceAll(domain, ".", ","+dc+"=")
}

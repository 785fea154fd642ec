package expression

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// A writer does what an eval does, and appends a text to the bytes of the environment instead of making a string of it.
// It reports whether it did; what is no text it gives as a value. So Join in Join, and ToLower around it, make one
// string and not one each.
type writer func(e *Env) (v Value, written bool, err error)

// eval gives the closure that makes a string of what w writes.
func (w writer) eval(e *Env) (Value, error) {
	base := len(e.bytes)
	v, written, err := w(e)
	if err != nil || !written {
		return v, err
	}
	s := string(e.bytes[base:])
	e.bytes = e.bytes[:base]
	return text(s), nil
}

// writing gives the code of a writer.
func writing(w writer, t types) code { return code{eval: w.eval, write: w, types: t} }

// put evaluates c, by its writer when it has one.
func (c *code) put(e *Env) (Value, bool, error) {
	if c.write != nil {
		return c.write(e)
	}
	v, err := c.eval(e)
	return v, false, err
}

// edited gives the writer of a function of one text that changes the text in place.
func (f *function) edited(arg code) writer {
	return func(e *Env) (Value, bool, error) {
		base := len(e.bytes)
		v, written, err := arg.put(e)
		switch {
		case err != nil:
			return v, false, err
		case written:
		case v.kind == Null:
			return v, false, nil
		case v.kind == List:
			v, err = f.giveAll(e, v)
			return v, false, err
		default:
			e.bytes = append(e.bytes, v.s...)
		}
		e.bytes = f.edit(e.bytes, base)
		return Value{}, true, nil
	}
}

// The edits below change the text that begins at from, and give what their counterparts for strings give.

func lowerCase(b []byte, from int) []byte {
	for i, c := range b[from:] {
		switch {
		case c >= utf8.RuneSelf:
			return append(b[:from], strings.ToLower(string(b[from:]))...)
		case 'A' <= c && c <= 'Z':
			b[from+i] = c + 'a' - 'A'
		}
	}
	return b
}

func upperCase(b []byte, from int) []byte {
	for i, c := range b[from:] {
		switch {
		case c >= utf8.RuneSelf:
			return append(b[:from], strings.ToUpper(string(b[from:]))...)
		case 'a' <= c && c <= 'z':
			b[from+i] = c - 'a' + 'A'
		}
	}
	return b
}

func stripSpaces(b []byte, from int) []byte {
	first := bytes.IndexByte(b[from:], ' ')
	if first < 0 {
		return b
	}
	kept := b[:from+first]
	for _, c := range b[from+first:] {
		if c != ' ' {
			kept = append(kept, c)
		}
	}
	return kept
}

func trim(b []byte, from int) []byte { return append(b[:from], bytes.TrimSpace(b[from:])...) }

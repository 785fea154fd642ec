// Package entry holds a directory entry as it came, before anything is made of it.
package entry

import "strings"

// An Attribute is one attribute description with its values, raw and in the server's spelling.
type Attribute struct {
	Name   string
	Values []string
}

// An Entry is a distinguished name with attributes. Its decoders use one Entry again and again: what
// is kept of it must be copied out, the strings excepted.
type Entry struct {
	DN         string
	Attributes []Attribute
	// Line is where the entry starts in a file; zero for one from a server.
	Line int
	// Start is the place in the file from which on the entry can be read.
	Start Place
	// More says that this is a part of a large entry, the rest of which follows; Continues, that it goes on with the
	// one before. Each part has the name. An attribute may be in several.
	More, Continues bool
}

// A Place is the beginning of a line of a file: how many bytes and how many lines come before it.
type Place struct {
	Offset int64
	Lines  int
}

// Get gives the values of an attribute whose name matches whatever its case, or nil.
func (e *Entry) Get(name string) []string {
	for i := range e.Attributes {
		if strings.EqualFold(e.Attributes[i].Name, name) {
			return e.Attributes[i].Values
		}
	}
	return nil
}

// First gives the first value of an attribute, or "".
func (e *Entry) First(name string) string {
	if v := e.Get(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// Has reports whether the entry has the attribute, be it with values or without.
func (e *Entry) Has(name string) bool {
	for i := range e.Attributes {
		if strings.EqualFold(e.Attributes[i].Name, name) {
			return true
		}
	}
	return false
}

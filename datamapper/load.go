package datamapper

import (
	"fmt"
	"io"
	"os"

	"github.com/ilumy/usersync/datamapper/expression"
	"github.com/ilumy/usersync/provisioning"
)

// Options say what the rules may name. Nil is the default: any name.
type Options struct {
	// Source are the names of the attributes and references that records of a kind have in the source. A kind
	// that is absent may have any.
	Source map[provisioning.Kind][]string
	// Target are those that the target takes.
	Target map[provisioning.Kind][]string
}

// Load reads rules, in YAML or JSON. The name is that of the file, for error texts. When anything is wrong
// the error is [Mistakes]: all that is wrong, each with its place.
func Load(name string, data []byte, o *Options) (*Mapping, error) {
	d := &decoder{reader: reader{file: name}, places: map[expression.Node]place{}}
	if o != nil {
		d.options = *o
	}
	var m *Mapping
	if root := d.read(data); root != nil {
		m = d.root(root)
	}
	if len(d.mistakes) > 0 {
		return nil, d.mistakes.sorted()
	}
	return m, nil
}

// LoadFile reads the rules in a file; see [Load].
func LoadFile(path string, o *Options) (*Mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading mapping rules: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading mapping rules: %w", err)
	}
	return Load(path, data, o)
}

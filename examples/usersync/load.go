package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxConfig bounds the size of a configuration; larger ones are a mistake in the file's name.
const maxConfig = 1 << 20

// loadConfig reads and checks a configuration. Its errors name file, line and column.
func loadConfig(name string) (*config, error) {
	return readConfig(name, &reading{dir: filepath.Dir(name)})
}

// loadState reads of a configuration where the state is. Nothing else that it names need be there.
func loadState(name string) (*config, error) {
	return readConfig(name, &reading{dir: filepath.Dir(name), lax: true})
}

func readConfig(name string, in *reading) (*config, error) {
	data, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading the configuration: %w; \"usersync init\" writes one to start from", err)
	case err != nil:
		return nil, fmt.Errorf("reading the configuration: %w", err)
	case len(data) > maxConfig:
		return nil, fmt.Errorf("%s: %d bytes is too large for a configuration", name, len(data))
	case len(bytes.TrimSpace(data)) == 0:
		return nil, fmt.Errorf("%s is empty; \"usersync init\" writes a configuration to start from", name)
	}
	if data, err = plainYAML(data); err != nil {
		return nil, placed(name, nil, err)
	}
	cfg := &config{file: name, reading: in}
	if cfg.doc, err = parser.ParseBytes(data, 0); err != nil {
		return nil, placed(name, data, err)
	}
	if second := secondDocument(cfg.doc); second != nil { // of which nothing would be read
		return nil, placed(name, data, &placedError{second, "a second document begins here: a configuration is one document, so leave out this ---"})
	}
	if err := yaml.UnmarshalContext(in.context(), data, cfg, yaml.Strict()); err != nil {
		return nil, placed(name, data, err)
	}
	check := cfg.check
	if in.lax {
		check = cfg.checkState
	}
	if err := check(); err != nil {
		return nil, placed(name, data, err)
	}
	return cfg, nil
}

// secondDocument gives where a second document of a file begins; nil when there is none.
func secondDocument(file *ast.File) *token.Token {
	found := false
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if found {
			return cmp.Or(doc.Start, doc.Body.GetToken())
		}
		found = true
	}
	return nil
}

// placed puts file, line and column before an error.
func placed(name string, data []byte, err error) error {
	var ours *placedError
	var theirs yaml.Error
	switch {
	case errors.As(err, &ours):
		if ours.at == nil {
			return fmt.Errorf("%s: %s", name, ours.msg)
		}
		return fmt.Errorf("%s:%d:%d: %s", name, ours.at.Position.Line, ours.at.Position.Column, ours.msg)
	case errors.As(err, &theirs) && theirs.GetToken() != nil:
		at := theirs.GetToken()
		msg := theirs.GetMessage()
		var unknown *yaml.UnknownFieldError
		if errors.As(err, &unknown) {
			msg += "; expected " + expectedFields(data, at)
		}
		return fmt.Errorf("%s:%d:%d: %s", name, at.Position.Line, at.Position.Column, msg)
	default:
		return fmt.Errorf("%s: %w", name, err)
	}
}

// expectedFields names the fields that the configuration knows where an unknown one stands.
func expectedFields(data []byte, at *token.Token) string {
	file, err := parser.ParseBytes(data, 0)
	if err != nil || len(file.Docs) == 0 {
		return "a field of the configuration"
	}
	find := &keyFinder{at: at}
	ast.Walk(find, file.Docs[0].Body)
	t := reflect.TypeFor[config]()
	if steps := strings.Split(find.path, "."); len(steps) > 2 { // $, the way, the unknown field
		for _, step := range steps[1 : len(steps)-1] {
			if t = fields(t)[step]; t.Kind() == reflect.Pointer {
				t = t.Elem()
			}
		}
	}
	names := slices.Sorted(maps.Keys(fields(t)))
	return "one of " + strings.Join(names, ", ")
}

// fields gives the types of a struct's fields by their names in YAML, with those of structs inside it.
func fields(t reflect.Type) map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		switch name, option, _ := strings.Cut(f.Tag.Get("yaml"), ","); {
		case option == "inline":
			maps.Copy(all, fields(f.Type))
		case name != "":
			all[name] = f.Type
		}
	}
	return all
}

// A keyFinder finds the path of the key at a token.
type keyFinder struct {
	at   *token.Token
	path string
}

func (k *keyFinder) Visit(node ast.Node) ast.Visitor {
	if pair, ok := node.(*ast.MappingValueNode); ok {
		if p := pair.Key.GetToken().Position; p.Line == k.at.Position.Line && p.Column == k.at.Position.Column {
			k.path = pair.Key.GetPath()
		}
	}
	return k
}

var _ ast.Visitor = (*keyFinder)(nil)

package datamapper

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/ilumy/usersync/internal/yamldepth"
)

// maxFile bounds a rules file, in bytes.
const maxFile = 1 << 20

// A reader makes nodes of YAML, and of JSON, which is YAML.
type reader struct {
	file     string
	lines    []string
	mistakes Mistakes
}

func (r *reader) mistake(p place, format string, args ...any) {
	r.mistakes = append(r.mistakes, &Mistake{r.file, p.line, p.column, fmt.Sprintf(format, args...)})
}

// read gives the root of the only document in data, or nil and mistakes.
func (r *reader) read(data []byte) *node {
	if len(data) > maxFile {
		r.mistake(place{}, "the file has %d bytes, and rules may have %d", len(data), maxFile)
		return nil
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		r.mistake(place{}, "the file is in UTF-16; save it as UTF-8")
		return nil
	}
	text := strings.TrimPrefix(string(data), "\ufeff") // editors of Windows begin files with it
	r.lines = strings.Split(text, "\n")
	for i, line := range r.lines {
		if !utf8.ValidString(line) {
			r.mistake(place{i + 1, 1}, "this line is not in UTF-8; save the file as UTF-8")
			return nil
		}
	}
	tokens := lexer.Tokenize(text)
	if !r.shallow(tokens) {
		return nil
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var root ast.Node
	for _, doc := range f.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case root != nil:
			r.mistake(position(doc.Body.GetToken()), "rules are one document, and a second one begins here")
			return nil
		default:
			root = doc.Body
		}
	}
	if root == nil {
		r.mistake(place{}, "the file is empty; rules begin with version: 1")
		return nil
	}
	return r.node(root)
}

// shallow refuses deep nesting, and keys that are written in a way of their own.
func (r *reader) shallow(tokens token.Tokens) bool {
	for _, t := range tokens {
		if t.Type == token.MappingKeyType {
			r.mistake(position(t), "keys are written as key: value, not with a question mark")
			return false
		}
	}
	if t := yamldepth.Beyond(tokens); t != nil {
		r.mistake(position(t), "nested deeper than %d levels", yamldepth.Most)
		return false
	}
	return true
}

// syntax reports an error of the parser.
func (r *reader) syntax(err error) {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil {
		r.mistake(position(e.GetToken()), "not valid YAML: %s", e.GetMessage())
		return
	}
	r.mistake(place{}, "not valid YAML: %v", err)
}

func position(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}

func (r *reader) node(a ast.Node) *node {
	n := &node{place: position(a.GetToken())}
	switch a := a.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		n.kind, n.fields = mapping, r.fields(a.Values)
		if len(n.fields) > 0 {
			n.place = n.fields[0].key.place
		}
	case *ast.MappingValueNode:
		n.kind, n.fields = mapping, r.fields([]*ast.MappingValueNode{a})
		n.place = n.fields[0].key.place
	case *ast.SequenceNode:
		n.kind = list
		for _, v := range a.Values {
			n.items = append(n.items, r.node(v))
		}
	case *ast.LiteralNode:
		n.kind, n.text = scalar, a.Value.Value
		n.locate = r.literal(n.place, n.text, a.Start.Type == token.LiteralType)
	case *ast.StringNode:
		n.kind, n.text = scalar, a.Value
		n.locate = quoted(n.place, n.text, a.Token)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n.kind, n.text = scalar, a.GetToken().Value
		n.locate = quoted(n.place, n.text, a.GetToken())
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		r.mistake(n.place, "anchors and aliases are not allowed in rules; name a value under let to use it several times")
		n.kind = invalid
	case *ast.TagNode:
		r.mistake(n.place, "tags are not allowed in rules")
		n.kind = invalid
	default:
		r.mistake(n.place, "%s is not allowed in rules", a.Type())
		n.kind = invalid
	}
	return n
}

// fields gives the entries of a mapping; a key that is there already is a mistake.
func (r *reader) fields(values []*ast.MappingValueNode) []field {
	fields := make([]field, 0, len(values))
	first := make(map[string]place, len(values))
	for _, v := range values {
		k := r.node(v.Key)
		if k.kind != scalar {
			k.text = v.Key.GetToken().Value
		}
		if p, ok := first[k.text]; ok {
			r.mistake(k.place, "%s is here twice; it is in line %d too", k.text, p.line)
			continue
		}
		first[k.text] = k.place
		fields = append(fields, field{k, r.node(v.Value)})
	}
	return fields
}

// quoted gives places in a scalar that stands in one line as it is; in others all places are its beginning.
func quoted(p place, text string, t *token.Token) func(int) place {
	raw := strings.TrimSpace(t.Origin)
	switch {
	case raw == text:
	case len(raw) >= 2 && raw[1:len(raw)-1] == text:
		p.column++
	default:
		return func(int) place { return p }
	}
	if strings.Contains(text, "\n") {
		return func(int) place { return p }
	}
	return func(offset int) place {
		return place{p.line, p.column + len([]rune(text[:min(offset, len(text))]))}
	}
}

// literal gives places in a block whose lines are kept.
func (r *reader) literal(p place, text string, kept bool) func(int) place {
	if !kept {
		return func(int) place { return p }
	}
	return func(offset int) place {
		before := text[:min(offset, len(text))]
		line := p.line + 1 + strings.Count(before, "\n")
		if line > len(r.lines) {
			return p
		}
		first := r.lines[p.line]
		indent := len(first) - len(strings.TrimLeft(first, " "))
		return place{line, indent + 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))}
	}
}

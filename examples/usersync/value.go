package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A placed error is about one place of the configuration.
type placedError struct {
	at  *token.Token
	msg string
}

func (e *placedError) Error() string { return e.msg }

// A text is a string of the configuration, in which ${env:NAME} and ${file:path} are replaced.
type text struct {
	value string
	at    *token.Token
	// lacks says, in a reading that is lax, why there is no value.
	lacks error
}

func (t *text) UnmarshalYAML(ctx context.Context, node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	t.at = node.GetToken()
	in := readingOf(ctx)
	if t.value, err = in.expand(raw, t.at); err != nil && in.lax {
		t.value, t.lacks = "", err
		return nil
	}
	return err
}

// set reports whether the configuration mentions the value.
func (t text) set() bool { return t.at != nil }

// A secret is a value that may stand in the configuration only by reference, and is never printed.
type secret struct{ text }

func (s *secret) UnmarshalYAML(ctx context.Context, node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	if !wholeReference.MatchString(raw) {
		return &placedError{node.GetToken(), "a secret must not stand in the file itself: write ${env:NAME} or ${file:path}"}
	}
	if readingOf(ctx).lax {
		s.at = node.GetToken()
		return nil
	}
	if err := s.text.UnmarshalYAML(ctx, node); err != nil {
		return err
	}
	if s.value == "" {
		return &placedError{s.at, fmt.Sprintf("the secret %s is empty", raw)}
	}
	return nil
}

func (s secret) String() string       { return "[secret]" }
func (s secret) GoString() string     { return "[secret]" }
func (s secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

func scalar(node ast.Node) (string, error) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value, nil
	default:
		return "", &placedError{node.GetToken(), fmt.Sprintf("expected a text here, found a %s", strings.ToLower(node.Type().String()))}
	}
}

// texts is a list of strings, or a single one.
type texts []text

func (t *texts) UnmarshalYAML(ctx context.Context, node ast.Node) error {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		*t = make(texts, 1)
		return (*t)[0].UnmarshalYAML(ctx, node)
	}
	*t = make(texts, len(seq.Values))
	for i, value := range seq.Values {
		if err := (*t)[i].UnmarshalYAML(ctx, value); err != nil {
			return err
		}
	}
	return nil
}

func (t texts) values() []string {
	out := make([]string, len(t))
	for i, text := range t {
		out[i] = text.value
	}
	return out
}

var (
	_ slog.LogValuer              = secret{}
	_ fmt.Stringer                = secret{}
	_ yaml.NodeUnmarshalerContext = (*secret)(nil)
	_ yaml.NodeUnmarshalerContext = (*text)(nil)
	_ yaml.NodeUnmarshalerContext = (*texts)(nil)
)

package main

import (
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/ilumy/usersync/provisioning"
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
}

func (t *text) UnmarshalYAML(node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	t.at = node.GetToken()
	t.value, err = expand(raw, t.at)
	return err
}

// set reports whether the configuration mentions the value.
func (t text) set() bool { return t.at != nil }

// A secret is a value that may stand in the configuration only by reference, and is never printed.
type secret struct{ text }

func (s *secret) UnmarshalYAML(node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	if !wholeReference.MatchString(raw) {
		return &placedError{node.GetToken(), "a secret must not stand in the file itself: write ${env:NAME} or ${file:path}"}
	}
	if err := s.text.UnmarshalYAML(node); err != nil {
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

var (
	reference      = regexp.MustCompile(`\$\{(?:(\w+):)?([^}]*)\}`)
	wholeReference = regexp.MustCompile(`^\$\{(?:env|file):[^}]+\}$`)
)

// expand replaces the references in raw. A file's last line break is not part of its value.
func expand(raw string, at *token.Token) (string, error) {
	var failed error
	out := reference.ReplaceAllStringFunc(raw, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		switch scheme, name := m[1], m[2]; scheme {
		case "env":
			value, ok := os.LookupEnv(name)
			if !ok {
				failed = &placedError{at, fmt.Sprintf("the environment variable %s is not set: set it before the run, or use ${file:path}", name)}
			}
			return value
		case "file":
			data, err := os.ReadFile(name)
			if err != nil {
				failed = &placedError{at, fmt.Sprintf("reading %s: %v", ref, err)}
			}
			return strings.TrimRight(string(data), "\r\n")
		default:
			failed = &placedError{at, fmt.Sprintf("%s is neither ${env:NAME} nor ${file:path}", ref)}
			return ""
		}
	})
	return out, failed
}

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

func (t *texts) UnmarshalYAML(node ast.Node) error {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		*t = make(texts, 1)
		return (*t)[0].UnmarshalYAML(node)
	}
	*t = make(texts, len(seq.Values))
	for i, value := range seq.Values {
		if err := (*t)[i].UnmarshalYAML(value); err != nil {
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

// A limit is a number of records, a share of them ("20%"), or "off".
type limit struct{ provisioning.Limit }

// population is the least number that a share is taken of: two of three is not a catastrophe.
const population = 50

func (l *limit) UnmarshalYAML(node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	if raw == "off" {
		l.Off = true
		return nil
	}
	number, percent := strings.CutSuffix(raw, "%")
	switch n, err := strconv.ParseFloat(number, 64); {
	case err == nil && percent && n > 0 && n <= 100:
		l.Share, l.Population = n/100, population
	case err == nil && !percent && n >= 1 && n == float64(int(n)):
		l.Count = int(n)
	default:
		return &placedError{node.GetToken(), fmt.Sprintf("%q is no limit: expected a number such as 50, a share such as 20%%, or off", raw)}
	}
	return nil
}

// floor is the limit as a share for Limits.SourceFloor or SinkFloor.
func (l limit) floor() float64 {
	if l.Off {
		return -1
	}
	return l.Share
}

// A span is a time such as "36h" or "30d".
type span time.Duration

func (s *span) UnmarshalYAML(node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	days, isDays := strings.CutSuffix(raw, "d")
	d, err := time.ParseDuration(raw)
	if isDays {
		var n int
		n, err = strconv.Atoi(days)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < 0 {
		return &placedError{node.GetToken(), fmt.Sprintf("%q is no time: expected hours such as 36h, or days such as 30d", raw)}
	}
	*s = span(d)
	return nil
}

var (
	_ slog.LogValuer = secret{}
	_ fmt.Stringer   = secret{}
)

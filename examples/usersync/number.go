package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/ilumy/usersync/provisioning"
)

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

// An attributeLimit is the limit of one attribute.
type attributeLimit struct {
	name  string
	at    *token.Token
	limit limit
}

// attributeLimits are limits by the names of attributes.
type attributeLimits []attributeLimit

func (l *attributeLimits) UnmarshalYAML(node ast.Node) error {
	m, ok := node.(ast.MapNode)
	if !ok {
		return &placedError{node.GetToken(), fmt.Sprintf("expected names of attributes, each with a limit, found a %s", strings.ToLower(node.Type().String()))}
	}
	for entries := m.MapRange(); entries.Next(); {
		one := attributeLimit{at: entries.Key().GetToken()}
		var err error
		if one.name, err = scalar(entries.Key()); err == nil {
			err = one.limit.UnmarshalYAML(entries.Value())
		}
		if err != nil {
			return err
		}
		*l = append(*l, one)
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

// A count is a whole number that is not negative; 0 is as if it was not given.
type count int

func (c *count) UnmarshalYAML(node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(raw, 10, 32)
	if err != nil || n < 0 {
		return &placedError{node.GetToken(), fmt.Sprintf("%q is no number: expected a whole one such as 8", raw)}
	}
	*c = count(n)
	return nil
}

// A rate is so many a second.
type rate float64

func (r *rate) UnmarshalYAML(node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || !(f > 0 && f < 1e9) {
		return &placedError{node.GetToken(), fmt.Sprintf("%q is no rate: expected a number of requests per second such as 25", raw)}
	}
	*r = rate(f)
	return nil
}

// A toggle is true or false.
type toggle bool

func (t *toggle) UnmarshalYAML(node ast.Node) error {
	raw, err := scalar(node)
	if err != nil {
		return err
	}
	if raw != "true" && raw != "false" {
		return &placedError{node.GetToken(), fmt.Sprintf("%q is neither true nor false", raw)}
	}
	*t = raw == "true"
	return nil
}

var (
	_ yaml.NodeUnmarshaler = (*limit)(nil)
	_ yaml.NodeUnmarshaler = (*attributeLimits)(nil)
	_ yaml.NodeUnmarshaler = (*span)(nil)
	_ yaml.NodeUnmarshaler = (*count)(nil)
	_ yaml.NodeUnmarshaler = (*rate)(nil)
	_ yaml.NodeUnmarshaler = (*toggle)(nil)
)

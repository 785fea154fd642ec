package client

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// canonical gives the values of an attribute as they come back from the server: typed values in one
// spelling, each once, and none that is empty, which SCIM holds to be no value.
func (k *kind) canonical(n name, values []string) ([]string, error) {
	if len(values) == 1 && values[0] != "" && !k.lower[n.path] {
		if c, err := spell(n.leaf(), values[0]); err == nil && c == values[0] {
			return values, nil
		}
	}
	list := make([]string, 0, len(values))
	for _, v := range values {
		if v == "" {
			continue
		}
		c, err := spell(n.leaf(), v)
		if err != nil {
			return nil, fmt.Errorf("attribute %q of %s: %w: %w", n.path, k.typ.Name(), err, provisioning.ErrInvalid)
		}
		if k.lower[n.path] {
			c = strings.ToLower(c)
		}
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	if len(list) > 1 && !n.set() {
		return nil, fmt.Errorf("attribute %q of %s: it takes one value, and %d are given; let the mapping choose: %w", n.path, k.typ.Name(), len(list), provisioning.ErrInvalid)
	}
	return list, nil
}

// spell gives the one spelling of a value of a type.
func spell(a *scim.Attribute, v string) (string, error) {
	switch a.Type {
	case scim.Boolean:
		switch strings.ToLower(v) {
		case "true", "1", "yes":
			return "true", nil
		case "false", "0", "no":
			return "false", nil
		}
		return "", fmt.Errorf("the value is no boolean; true or false is expected")
	case scim.Integer:
		if i, ok := new(big.Int).SetString(strings.TrimPrefix(v, "+"), 10); ok && len(v) < 100 {
			return i.String(), nil
		}
		return "", fmt.Errorf("the value is no integer")
	case scim.Decimal:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil || f != f || f > 1e300 || f < -1e300 {
			return "", fmt.Errorf("the value is no decimal number")
		}
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	case scim.DateTime:
		t, err := scim.ParseTime(v)
		if err != nil {
			return "", fmt.Errorf("the value is no dateTime such as 2008-01-23T04:56:22Z (RFC 7643 section 2.3.5)")
		}
		return scim.FormatTime(t), nil
	}
	return v, nil
}

// encode gives a value as JSON has it.
func encode(a *scim.Attribute, v string) any {
	switch a.Type {
	case scim.Boolean:
		return v == "true"
	case scim.Integer, scim.Decimal:
		return json.Number(v)
	}
	return v
}

// decode gives a JSON value of an attribute as a record has it, or "" when it has none.
func (k *kind) decode(a *scim.Attribute, path string, v any) string {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case bool:
		s = strconv.FormatBool(v)
	case json.Number:
		s = v.String()
	}
	if s == "" {
		return ""
	}
	// What the server gives is the truth, even where it does not follow its schema.
	if c, err := spell(a, s); err == nil {
		s = c
	}
	if k.lower[path] {
		s = strings.ToLower(s)
	}
	return s
}

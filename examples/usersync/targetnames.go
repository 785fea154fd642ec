package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"

	"github.com/ilumy/usersync/provisioning"
)

// A prober asks a target, which need not be reached for that, what it makes of the attributes that rules write.
type prober struct{ sink provisioning.Canonicalizer }

// probes are values of which one fits an attribute of any type: a text, a boolean, a number, a time.
var probes = []string{"probe", "true", "1", "2020-01-02T03:04:05Z"}

// always is what every record of a kind has, where that is known.
var always = map[provisioning.Kind]string{provisioning.User: "userName", provisioning.Group: "displayName"}

// attribute gives what the target calls an attribute, with a value that it takes, or why it takes none.
func (p prober) attribute(kind provisioning.Kind, written string) (name, value string, err error) {
	for _, v := range probes {
		r := p.record(kind)
		r.Attributes[written] = []string{v}
		c, failed := p.sink.Canonical(r)
		if failed == nil {
			return canonicalName(c, always[kind], written), v, nil
		}
		if err == nil {
			err = failed
		}
	}
	return "", "", err
}

// reference says why the target does not take references of a name.
func (p prober) reference(kind provisioning.Kind, written string) error {
	r := p.record(kind)
	r.Refs = provisioning.Refs{written: {{Kind: provisioning.User, ID: "probe"}}}
	_, err := p.sink.Canonical(r)
	return err
}

// record is one that lacks nothing. A person is disabled, of whom less is asked.
func (p prober) record(kind provisioning.Kind) *provisioning.Record {
	r := &provisioning.Record{Kind: kind, ExternalID: "probe", Disabled: kind == provisioning.User, Attributes: provisioning.Attributes{}}
	if name := always[kind]; name != "" {
		r.Attributes[name] = []string{"probe"}
	}
	return r
}

// canonicalName finds what became of the one attribute besides that which every record has.
func canonicalName(c *provisioning.Record, always, written string) string {
	for name := range c.Attributes {
		if name != always {
			return name
		}
	}
	if always != "" && strings.HasSuffix(strings.ToLower(written), strings.ToLower(always)) {
		return always
	}
	return written
}

// targetNames gives what the target calls the attributes that the rules write for some kinds, by how the rules write them. One
// that it does not know keeps its name.
func (j *job) targetNames(kinds ...provisioning.Kind) map[string]string {
	names := map[string]string{}
	sink, ok := j.sink.(provisioning.Canonicalizer)
	for _, kind := range kinds {
		for _, written := range j.rules.Targets(kind) {
			names[written] = written
			if !ok {
				continue
			}
			if name, _, err := (prober{sink}).attribute(kind, written); err == nil {
				names[written] = name
			} else if (prober{sink}).reference(kind, written) == nil {
				delete(names, written)
			}
		}
	}
	return names
}

// checkNames finds names of attributes in the configuration that no rule writes, and that would protect nobody.
func (j *job) checkNames() error {
	c, all := j.config, j.targetNames(j.rules.Kinds()...)
	for _, name := range c.Policy.Unique {
		if err := checkName("policy.unique", name.value, name.at, all); err != nil {
			return c.placedAt(err)
		}
	}
	for setting, limits := range map[string]attributeLimits{"limits.attributes": c.Limits.Run.Attributes, "limits.day.attributes": c.Limits.Day.Attributes} {
		for _, l := range limits {
			if err := checkName(setting, l.name, l.at, all); err != nil {
				return c.placedAt(err)
			}
		}
	}
	users := j.targetNames(provisioning.User)
	for _, name := range c.Policy.Adopt {
		if err := checkName("policy.adopt", name.value, name.at, users); err != nil {
			return c.placedAt(err)
		}
	}
	return nil
}

func checkName(setting, name string, at *token.Token, names map[string]string) error {
	called := slices.Sorted(maps.Values(names))
	if slices.Contains(called, name) {
		return nil
	}
	msg := fmt.Sprintf("%s: no rule writes %q", setting, name)
	if other, ok := names[name]; ok {
		msg = fmt.Sprintf("%s: the target calls %q %q; write that", setting, name, other)
	} else if meant := nearest(name, called); meant != "" {
		msg += fmt.Sprintf(", did you mean %q?", meant)
	} else {
		msg += "; the rules write " + strings.Join(slices.Compact(called), ", ")
	}
	return &placedError{at, msg}
}

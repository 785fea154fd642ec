package main

import (
	"slices"
	"strings"

	"github.com/ilumy/usersync/datamapper"
	"github.com/ilumy/usersync/provisioning"
)

// rules sees whether the target takes what the rules write.
func (c *checker) rules() {
	// They are loaded once more, lest those of the job count what is only tried as seen.
	rules, err := c.job.config.rules()
	if err != nil {
		c.fail("rules", err)
		return
	}
	var bad []string
	if sink, ok := c.job.sink.(provisioning.Canonicalizer); ok {
		bad = badTargets(rules, sink)
	}
	for _, why := range bad {
		c.fail("rules", why)
	}
	if len(bad) == 0 {
		c.ok("rules", c.job.config.path(c.job.config.Mapping))
	}
	for _, warning := range rules.Warnings() {
		c.note("%s", warning)
	}
}

// badTargets gives what the rules write that the target does not take, each with its place in the rules, and what it asks for that
// they do not write. Either holds everybody.
func badTargets(rules *datamapper.Mapping, sink provisioning.Canonicalizer) []string {
	const mark = "usersync-probe"
	var bad []string
	p := prober{sink}
	for _, kind := range rules.Kinds() {
		src := &provisioning.Record{Kind: kind, ID: mark, Attributes: provisioning.Attributes{}, Refs: provisioning.Refs{}}
		for _, name := range rules.Attributes(kind) {
			src.Attributes[name] = []string{"probe"} // which goes before references of the name, in rules of attributes
			src.Refs[name] = []provisioning.Ref{{Kind: provisioning.User, ID: mark}}
		}
		whole := p.record(kind)
		whole.Attributes, whole.Disabled = provisioning.Attributes{}, false
		targets := rules.Targets(kind)
		for _, step := range rules.Explain(src).Steps {
			var err error
			var value string
			switch {
			case !slices.Contains(targets, step.Target): // A condition.
				continue
			case slices.Equal(step.Values, []string{mark}): // Only what refers to others has this.
				err = p.reference(kind, step.Target)
			default:
				if _, value, err = p.attribute(kind, step.Target); err == nil {
					whole.Attributes[step.Target] = []string{value}
				}
			}
			if err != nil {
				bad = append(bad, step.Place+": "+err.Error())
			}
		}
		if _, err := sink.Canonical(whole); err != nil && len(bad) == 0 {
			bad = append(bad, strings.Split(err.Error(), "\n")...)
		}
	}
	return bad
}

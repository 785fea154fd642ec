package main

import (
	"regexp"
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// options says what a run may change.
func (l *limitsConfig) options(o *provisioning.Options) {
	if l.Exceeded.value == "stage" {
		o.OnRefused = provisioning.StageRisky
	}
	o.Limits, o.DayLimits = l.Run.limits(), l.Day.limits()
	o.Limits.SourceFloor, o.Limits.SinkFloor = l.SourceFloor.floor(), l.SinkFloor.floor()
	for _, id := range l.Canaries {
		o.Limits.Canaries = append(o.Limits.Canaries, provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(id.value)})
	}
}

func (c *countsConfig) limits() provisioning.Limits {
	limits := provisioning.Limits{
		Create: c.Create.Limit, Adopt: c.Adopt.Limit, Update: c.Update.Limit, Deactivate: c.Deactivate.Limit, Reactivate: c.Reactivate.Limit,
		Delete: c.Delete.Limit, RemoveRefs: c.RemoveRefs.Limit, RemoveRefsEach: c.RemoveRefsEach.Limit,
	}
	for _, one := range c.Attributes {
		if limits.Attributes == nil {
			limits.Attributes = map[string]provisioning.Limit{}
		}
		limits.Attributes[one.name] = one.limit.Limit
	}
	return limits
}

// option finds what the library calls a setting.
var option = regexp.MustCompile(`Options\.(?:(?:Day)?Limits\.\w+(?:\["[^"]*"\])?|MaxErrors)`)

// theSink is what the library calls the target.
var theSink = regexp.MustCompile(`\bthe sink\b`)

// calls gives the fields of the configuration for what else the library calls otherwise.
var calls = strings.NewReplacer(
	"allow plain HTTP explicitly", "set allowPlaintext: true",
	"AllowPlaintext", "allowPlaintext",
	"Options.Increments", "source.ldap.increments",
	"Options.Kinds are", "the kinds of the rules are",
)

// settings gives a text of the library in the words of the configuration.
func settings(text string) string {
	return calls.Replace(theSink.ReplaceAllString(option.ReplaceAllStringFunc(text, setting), "the target"))
}

// setting gives the field of the configuration that an option of the library is from.
func setting(option string) string {
	if option == "Options.MaxErrors" {
		return "apply.maxErrors"
	}
	prefix := "limits."
	name, ok := strings.CutPrefix(option, "Options.Limits.")
	if !ok {
		if name, ok = strings.CutPrefix(option, "Options.DayLimits."); !ok {
			return option
		}
		prefix += "day."
	}
	if attribute, ok := strings.CutPrefix(name, "Attributes["); ok {
		return prefix + "attributes." + strings.Trim(attribute, `"]`)
	}
	return prefix + strings.ToLower(name[:1]) + name[1:]
}

package main

import (
	"regexp"
	"slices"
	"strings"
)

// A commandLine is a command that an operator can type, as it is printed for them.
type commandLine []string

// approving is the command with what approves a plan.
func (l commandLine) approving(token string) commandLine {
	return append(slices.Clip(l), "-approve", token)
}

// plain is what no shell takes for anything but itself.
var plain = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

func (l commandLine) String() string {
	words := []string{"usersync"}
	for _, word := range l {
		if !plain.MatchString(word) {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

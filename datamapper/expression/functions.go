package expression

import (
	"slices"
	"strings"
)

// functions gives the table of all functions by lower-case name.
func functions() map[string]*function {
	table := map[string]*function{}
	for _, group := range [][]*function{
		flowFunctions(), testFunctions(), textFunctions(), setFunctions(), dateFunctions(), numberFunctions(),
		randomFunctions(), encodingFunctions(), dnFunctions(), variableFunctions(), certificateFunctions(),
	} {
		for _, f := range group {
			table[strings.ToLower(f.name)] = f
		}
	}
	return table
}

// Signatures gives, sorted, all functions that can be used, as documents write them: "Left(source, numChars)". Parameters
// that may be left out have a question mark.
func Signatures() []string {
	var all []string
	for _, f := range functions() {
		if f.refused == "" {
			all = append(all, f.signature())
		}
	}
	slices.Sort(all)
	return all
}

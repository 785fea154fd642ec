package expression

import "strings"

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

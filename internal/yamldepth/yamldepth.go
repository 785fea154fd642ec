// Package yamldepth bounds how deeply YAML is nested before it is parsed: the parser takes time and memory by the square of that.
package yamldepth

import "github.com/goccy/go-yaml/token"

// Most is how many levels a file that people write may have.
const Most = 32

// Beyond gives the first token that is nested deeper than Most, by brackets, by dashes on one line, or by indentation; nil when none is.
func Beyond(tokens token.Tokens) *token.Token {
	flow, dashes, line := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType:
			if t.Position.Line != line {
				dashes, line = 0, t.Position.Line
			}
			dashes++
		}
		if flow > Most || dashes > Most || t.Position.IndentNum > 8*Most {
			return t
		}
	}
	return nil
}

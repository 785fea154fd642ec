package main

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// maxDepth bounds how deeply a configuration is nested. A parser takes memory by the square of that.
const maxDepth = 32

// plainYAML gives a configuration without the mark that editors of Windows put in front, or says why it is not to be parsed.
func plainYAML(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("is in UTF-16; save it as UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	number := 0
	for line := range bytes.Lines(data) {
		if number++; !utf8.Valid(line) {
			at := &token.Token{Position: &token.Position{Line: number, Column: 1}}
			return nil, &placedError{at, "this line is not in UTF-8; save the file as UTF-8"}
		}
	}
	return data, shallow(data)
}

// shallow refuses what is nested too deeply.
func shallow(data []byte) error {
	flow, dashes, line := 0, 0, 0
	for _, t := range lexer.Tokenize(string(data)) {
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
		if flow > maxDepth || dashes > maxDepth || t.Position.IndentNum > 8*maxDepth {
			return &placedError{t, fmt.Sprintf("nested deeper than %d levels", maxDepth)}
		}
	}
	return nil
}

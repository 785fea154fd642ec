package main

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/ilumy/usersync/internal/yamldepth"
)

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
	if t := yamldepth.Beyond(lexer.Tokenize(string(data))); t != nil {
		return nil, &placedError{t, fmt.Sprintf("nested deeper than %d levels", yamldepth.Most)}
	}
	return data, nil
}

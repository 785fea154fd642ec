package cli

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// A Secret is a value that is never printed.
type Secret string

// Reveal gives the value itself.
func (s Secret) Reveal() string { return string(s) }

func (Secret) String() string       { return "[secret]" }
func (Secret) GoString() string     { return "[secret]" }
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// SecretFrom reads a secret from a file, if one is named, else from an environment variable. It is empty when neither
// has it; a file that is named and empty is an error. The line break at the end of a file is not part of it. The command
// line is no place for it, since every user of a machine can read that.
func SecretFrom(file, env string) (Secret, error) {
	if file == "" {
		return Secret(os.Getenv(env)), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	s := strings.TrimRight(string(b), "\r\n")
	if s == "" {
		return "", fmt.Errorf("reading a secret: %s is empty", file)
	}
	return Secret(s), nil
}

var (
	_ fmt.Stringer   = Secret("")
	_ fmt.GoStringer = Secret("")
	_ slog.LogValuer = Secret("")
)

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// A reading is how a configuration is read: where it lies, and what becomes of references.
type reading struct {
	// dir is the folder of the configuration, from which paths are seen.
	dir string
	// lax takes a reference that leads nowhere for no value, and follows none of a secret.
	lax bool
}

type readingKey struct{}

// context hands the reading to the values of the configuration.
func (r *reading) context() context.Context {
	return context.WithValue(context.Background(), readingKey{}, r)
}

func readingOf(ctx context.Context) *reading {
	if r, ok := ctx.Value(readingKey{}).(*reading); ok {
		return r
	}
	return &reading{}
}

// path gives a file named in the configuration, which is seen from where the configuration lies.
func (r *reading) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir, name)
}

var (
	reference      = regexp.MustCompile(`\$\{(?:(\w+):)?([^}]*)\}`)
	wholeReference = regexp.MustCompile(`^\$\{(?:env|file):[^}]+\}$`)
)

// expand replaces the references in raw. A file's last line break is not part of its value.
func (r *reading) expand(raw string, at *token.Token) (string, error) {
	var failed error
	out := reference.ReplaceAllStringFunc(raw, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		switch scheme, name := m[1], m[2]; scheme {
		case "env":
			value, ok := os.LookupEnv(name)
			if !ok {
				failed = &placedError{at, fmt.Sprintf("the environment variable %s is not set: set it before the run, or use ${file:path}", name)}
			}
			return value
		case "file":
			data, err := os.ReadFile(r.path(name))
			if err != nil {
				failed = &placedError{at, fmt.Sprintf("reading %s: %v", ref, err)}
			}
			return strings.TrimRight(string(data), "\r\n")
		default:
			failed = &placedError{at, fmt.Sprintf("%s is neither ${env:NAME} nor ${file:path}", ref)}
			return ""
		}
	})
	return out, failed
}

package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// ErrNotJSON says that an answer is something else, most often a page for people.
var ErrNotJSON = errors.New("the answer is not JSON")

// Decode reads one JSON value from an answer into v. Numbers in an any become [json.Number]. An error
// tells what came instead, without its content.
func Decode(h http.Header, body []byte, v any) error {
	if looksHTML(h, body) {
		return fmt.Errorf("%w but an HTML page%s: check the base address, and that no login page or proxy stands before the API", ErrNotJSON, title(body))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return fmt.Errorf("%w: it is empty", ErrNotJSON)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			return fmt.Errorf("%w (%s, %d bytes, fault at byte %d)", ErrNotJSON, contentType(h), len(body), syntax.Offset)
		case errors.As(err, &kind):
			return fmt.Errorf("%w of the expected form: %q is a %s", ErrNotJSON, kind.Field, kind.Value)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("%w: it ends in the middle, after %d bytes", ErrNotJSON, len(body))
		}
		return fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the value", ErrNotJSON)
	}
	return nil
}

func contentType(h http.Header) string {
	if t, _, err := mime.ParseMediaType(h.Get("Content-Type")); err == nil {
		return printable(t, 60)
	}
	return "no content type"
}

func looksHTML(h http.Header, body []byte) bool {
	start := strings.ToLower(string(bytes.TrimSpace(body[:min(len(body), 256)])))
	return strings.HasPrefix(start, "<") || strings.HasPrefix(contentType(h), "text/html") && !strings.HasPrefix(start, "{")
}

// title gives the title of a page, for a person to know it by.
func title(body []byte) string {
	head := string(body[:min(len(body), 4096)])
	lower := strings.ToLower(head)
	// Lowering may change lengths outside ASCII; then no title is better than a wrong one.
	if len(lower) != len(head) {
		return ""
	}
	start := strings.Index(lower, "<title>")
	end := strings.Index(lower, "</title>")
	if start < 0 || end < start+7 {
		return ""
	}
	return fmt.Sprintf(" titled %q", printable(head[start+7:end], 80))
}

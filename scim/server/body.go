package server

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// body reads the body of a request into a pooled buffer, which is given to done afterwards, and
// refuses one that is too large or no JSON.
func (x *exchange) body(limit int) (b []byte, done func(), err error) {
	if err := x.checkMediaType(); err != nil {
		return nil, nil, err
	}
	if x.r.ContentLength > int64(limit) {
		return nil, nil, tooLarge(limit)
	}
	p := buffers.Get().(*[]byte)
	b, err = readAll((*p)[:0], x.r.Body, limit)
	x.event.BytesIn = int64(len(b))
	if err != nil {
		putBuffer(p, b)
		return nil, nil, err
	}
	return b, func() { putBuffer(p, b) }, nil
}

func tooLarge(limit int) error {
	return scim.Errorf(scim.ErrTooLarge, "the body is larger than the %d bytes that are taken; send less at once", limit)
}

// readAll appends what r has, up to a limit.
func readAll(b []byte, r io.Reader, limit int) ([]byte, error) {
	if r == nil {
		return b, nil
	}
	var refused *scim.Error
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > limit:
			return b, tooLarge(limit)
		case err == io.EOF:
			return b, nil
		case errors.As(err, &refused):
			return b, refused
		case errors.Is(err, os.ErrDeadlineExceeded):
			return b, &scim.Error{Status: http.StatusRequestTimeout, Detail: "the body did not come in time", Err: err}
		case err != nil:
			// The client went away: nothing of ours.
			return b, &scim.Error{Status: http.StatusBadRequest, Type: "invalidSyntax", Detail: "the body could not be read to its end", Err: err}
		}
	}
}

// checkMediaType takes application/scim+json and application/json (RFC 7644 section 3.1), and when
// tolerant also text/json and a body without a type, as the test suite of Okta sends it.
func (x *exchange) checkMediaType() error {
	if e := x.r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return unsupported("bodies with the Content-Encoding " + e + " are not taken")
	}
	header := x.r.Header.Get("Content-Type")
	if header == mediaType || header == "application/json" {
		return nil
	}
	if header == "" {
		if x.strict() {
			return unsupported("there is no Content-Type; send application/scim+json")
		}
		return nil
	}
	media, params, err := mime.ParseMediaType(header)
	if err != nil {
		return unsupported("the Content-Type cannot be understood; send application/scim+json")
	}
	if set := params["charset"]; set != "" && !strings.EqualFold(set, "utf-8") {
		return unsupported("bodies are taken in UTF-8 only (RFC 8259 section 8.1)")
	}
	switch media {
	case mediaType, "application/json":
		return nil
	case "text/json":
		if !x.strict() {
			return nil
		}
	}
	return unsupported("bodies of type " + media + " are not taken; send application/scim+json")
}

func unsupported(detail string) error {
	return &scim.Error{Status: http.StatusUnsupportedMediaType, Detail: detail}
}

package scim1

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// A body is the body of a request, in the form of SCIM 2.0. It is read and translated when the Handler behind asks for it, which
// is after it knows that the caller may send one. Its errors are answers.
type body struct {
	io.Closer
	translate func() ([]byte, error)
	text      *bytes.Reader // nil before the first Read
	err       error
}

func (b *body) Read(p []byte) (int, error) {
	if b.text == nil {
		var text []byte
		text, b.err = b.translate()
		b.text = bytes.NewReader(text)
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.text.Read(p)
}

// wrap puts the translation of its body before a request.
func (h *Handler) wrap(r *http.Request, limit int, translate func(*scim.Object) (*scim.Object, error)) {
	if r.Body == nil {
		return
	}
	from, length, xml := r.Body, r.ContentLength, isXML(r.Header.Get("Content-Type"))
	if xml {
		r.Header = r.Header.Clone() // what is wrong with the type is said by the body
		r.Header.Set("Content-Type", mediaType)
	}
	r.ContentLength = -1
	r.Body = &body{Closer: from, translate: func() ([]byte, error) {
		switch {
		case xml:
			return nil, &scim.Error{Status: http.StatusUnsupportedMediaType, Detail: "XML is not taken; send " + mediaType}
		case length > int64(limit):
			return nil, tooLarge(limit)
		}
		text, err := io.ReadAll(io.LimitReader(from, int64(limit)+1))
		switch {
		case err != nil:
			return nil, err
		case len(text) > limit:
			return nil, tooLarge(limit)
		}
		read := scim.Options{Limits: h.limits.Limits}
		read.Limits.Body = limit
		o, err := scim.DecodeObject(text, &read)
		if err != nil {
			return nil, err
		}
		if o, err = translate(o); err != nil {
			return nil, err
		}
		return o.AppendJSON(nil)
	}}
}

func tooLarge(limit int) error {
	return scim.Errorf(scim.ErrTooLarge, "the body is larger than the %d bytes that are taken; send less at once", limit)
}

// isXML reports whether a media type is one of XML, which SCIM 1.1 has besides JSON.
func isXML(header string) bool {
	media, _, err := mime.ParseMediaType(header)
	return err == nil && (media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml"))
}

var _ io.ReadCloser = (*body)(nil)

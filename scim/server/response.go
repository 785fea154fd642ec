package server

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/ilumy/usersync/scim"
)

// mediaType is that of every answer (RFC 7644 section 8.1). Entra ID refuses others.
const mediaType = "application/scim+json"

// Header values that are the same for all answers, so that they cost nothing.
var (
	contentType = []string{mediaType}
	// noStore keeps answers out of caches: they are personal data, and belong to a caller.
	noStore = []string{"no-store"}
	nosniff = []string{"nosniff"}
)

// buffers hold bodies on their way in and out.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// maxPooled keeps one large body from holding memory for ever.
const maxPooled = 256 << 10

func putBuffer(p *[]byte, b []byte) {
	if cap(b) <= maxPooled {
		*p = b[:0]
		buffers.Put(p)
	}
}

// write sends a result.
func (x *exchange) write(res *result) error {
	if res.resource == nil {
		x.send(res.status, res.body)
		return nil
	}
	r, location := res.resource, res.typ.location(x.baseURL(), res.resource.ID())
	header := x.w.Header()
	header["Location"] = x.header(0, location)
	if v := version(r); v != "" {
		header["Etag"] = x.header(1, v)
	}
	if res.quiet {
		x.send(res.status, nil)
		return nil
	}
	p := buffers.Get().(*[]byte)
	b, err := res.projection.AppendJSON((*p)[:0], x.link(res.typ, r), location)
	if err == nil {
		x.send(res.status, b)
	}
	putBuffer(p, b)
	return err
}

// send writes the answer out. The client may be gone, which nobody can mend.
func (x *exchange) send(status int, body []byte) {
	x.started = true
	x.event.Status, x.event.BytesOut = status, int64(len(body))
	header := x.w.Header()
	header["Cache-Control"] = noStore
	if len(body) == 0 {
		x.w.WriteHeader(status)
		return
	}
	header["Content-Type"] = contentType
	if x.media != nil {
		header["Content-Type"] = x.media
	}
	header["X-Content-Type-Options"] = nosniff
	header["Content-Length"] = x.header(2, strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body)
	}
}

// header gives a header of one value, of which there are three.
func (x *exchange) header(i int, value string) []string {
	x.headers[i] = value
	return x.headers[i : i+1 : i+1]
}

// version is the entity tag of a resource.
func version(r *scim.Resource) string { return r.GetObject("meta").GetString("version") }

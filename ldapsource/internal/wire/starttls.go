package wire

import (
	"fmt"
	"io"
	"net"
)

// startTLS is an extended request with message ID 1 and the name of StartTLS (RFC 4511 section 4.14.1).
const startTLS = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + "1.3.6.1.4.1.1466.20037"

// StartTLS asks the server on a new connection to go on with TLS, and reads its answer and not a byte more. It is
// done here and not by go-ldap, which would put TLS above the [Mux]. The caller sets deadlines.
func StartTLS(conn net.Conn) (*Result, error) {
	if _, err := io.WriteString(conn, startTLS); err != nil {
		return nil, err
	}
	var b []byte
	for {
		b = append(b, 0)
		if _, err := io.ReadFull(conn, b[len(b)-1:]); err != nil {
			return nil, err
		}
		tag, size, length, err := header(b)
		if err != nil || tag != tagSequence && size > 0 || length > 4096 {
			return nil, fmt.Errorf("%w: the answer to StartTLS; is this an LDAP server?", ErrProtocol)
		}
		if size == 0 {
			continue
		}
		content := make([]byte, length)
		if _, err := io.ReadFull(conn, content); err != nil {
			return nil, err
		}
		p := parser{string(content)}
		if _, err := p.expect(tagInteger); err != nil {
			return nil, err
		}
		op, err := p.expect(tagExtended)
		if err != nil {
			return nil, err
		}
		return decodeResult(op)
	}
}

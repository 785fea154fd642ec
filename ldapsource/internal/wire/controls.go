package wire

import (
	"fmt"

	"github.com/go-ldap/ldap/v3"
)

// Cookie gives the cookie of a page's result (RFC 2696), and whether the server paged at all.
func (m *Message) Cookie() (cookie string, paged bool, err error) {
	value, ok := m.Control(ldap.ControlTypePaging)
	if !ok {
		return "", false, nil
	}
	p := parser{value}
	content, err := p.expect(tagSequence)
	if err != nil {
		return "", false, err
	}
	p = parser{content}
	if _, err := p.expect(tagInteger); err != nil {
		return "", false, err
	}
	cookie, err = p.expect(tagOctetString)
	return cookie, true, err
}

// DirSync reads the value of a DirSync control in an answer: whether there is more, and the cookie.
func DirSync(value string) (more int64, cookie []byte, err error) {
	p := parser{value}
	content, err := p.expect(tagSequence)
	if err != nil {
		return 0, nil, err
	}
	p = parser{content}
	flag, err := p.expect(tagInteger)
	if err != nil {
		return 0, nil, err
	}
	if more, err = integer(flag); err != nil {
		return 0, nil, err
	}
	if _, err = p.expect(tagInteger); err != nil {
		return 0, nil, err
	}
	text, err := p.expect(tagOctetString)
	return more, []byte(text), err
}

// States of an entry in a synchronisation (RFC 4533 section 2.2).
const (
	SyncPresent = 0
	SyncAdd     = 1
	SyncModify  = 2
	SyncDelete  = 3
)

// SyncState is the control of an entry (RFC 4533 section 2.2).
type SyncState struct {
	State  int64
	UUID   [16]byte
	Cookie string
}

// ReadSyncState reads the value of the control.
func ReadSyncState(value string) (s SyncState, err error) {
	p := parser{value}
	content, err := p.expect(tagSequence)
	if err != nil {
		return s, err
	}
	p = parser{content}
	state, err := p.expect(tagEnumerated)
	if err != nil {
		return s, err
	}
	if s.State, err = integer(state); err != nil {
		return s, err
	}
	uuid, err := p.expect(tagOctetString)
	if err != nil {
		return s, err
	}
	if s.UUID, err = toUUID(uuid); err != nil {
		return s, err
	}
	if p.more() {
		s.Cookie, err = p.expect(tagOctetString)
	}
	return s, err
}

// SyncDone reads the control of the last answer (RFC 4533 section 2.4): the cookie, and whether what is gone was named,
// rather than all that is still there.
func SyncDone(value string) (cookie string, refreshDeletes bool, err error) {
	p := parser{value}
	content, err := p.expect(tagSequence)
	if err != nil {
		return "", false, err
	}
	for p = (parser{content}); p.more(); {
		tag, content, err := p.next()
		if err != nil {
			return "", false, err
		}
		switch tag {
		case tagOctetString:
			cookie = content
		case tagBoolean:
			refreshDeletes = content != "\x00"
		}
	}
	return cookie, refreshDeletes, nil
}

// SyncInfo is an intermediate message (RFC 4533 section 2.5).
type SyncInfo struct {
	Cookie string
	// Present says that the server names what is still there; what it does not name is gone.
	Present bool
	// UUIDs are those named, removed ones if Deletes.
	UUIDs   [][16]byte
	Deletes bool
}

// ReadSyncInfo reads the value of the message.
func ReadSyncInfo(value string) (s SyncInfo, err error) {
	p := parser{value}
	tag, content, err := p.next()
	if err != nil {
		return s, err
	}
	if tag == 0x80 { // newcookie
		s.Cookie = content
		return s, nil
	}
	if tag < 0xa1 || tag > 0xa3 {
		return s, fmt.Errorf("%w: tag 0x%02x in a sync info message", ErrProtocol, tag)
	}
	set := tag == 0xa3
	s.Present = tag == 0xa2
	for p = (parser{content}); p.more(); {
		tag, content, err := p.next()
		if err != nil {
			return s, err
		}
		switch {
		case tag == tagOctetString:
			s.Cookie = content
		case tag == tagBoolean && set:
			s.Deletes = content != "\x00"
		case tag == tagSet && set:
			for list := (parser{content}); list.more(); {
				text, err := list.expect(tagOctetString)
				if err != nil {
					return s, err
				}
				uuid, err := toUUID(text)
				if err != nil {
					return s, err
				}
				s.UUIDs = append(s.UUIDs, uuid)
			}
		}
	}
	s.Present = s.Present || set && !s.Deletes
	return s, nil
}

func toUUID(s string) (u [16]byte, err error) {
	if copy(u[:], s) != len(u) || len(s) != len(u) {
		return u, fmt.Errorf("%w: a UUID of %d bytes", ErrProtocol, len(s))
	}
	return u, nil
}

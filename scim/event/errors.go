package event

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/ilumy/usersync/scim"
)

// A Code says why a token was not taken (RFC 8935 section 2.4).
type Code string

// The codes of RFC 8935 section 2.4.
const (
	// InvalidRequest is for what is no SET, or whose events are not as they are defined. It concerns the one token.
	InvalidRequest Code = "invalid_request"
	// InvalidKey is for a token that was signed with a key, or in a way, that the recipient does not accept.
	InvalidKey Code = "invalid_key"
	// InvalidIssuer is for a token of another issuer.
	InvalidIssuer Code = "invalid_issuer"
	// InvalidAudience is for a token that is for others.
	InvalidAudience Code = "invalid_audience"
	// AuthenticationFailed is for a sender who is not known, or a signature that is wrong.
	AuthenticationFailed Code = "authentication_failed"
	// AccessDenied is for a sender who may not send this token.
	AccessDenied Code = "access_denied"
)

// An Error says that a token was not taken, in the words of RFC 8935 section 2.3. With [errors.Is] it is one
// of another Error with the same Code.
type Error struct {
	Code Code
	// Description is for people. It holds no values of the token, since it is sent back and logged.
	Description string
	// Err is the cause, which is not sent.
	Err error
}

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Description: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string {
	return "security event token: " + string(e.Code) + ": " + e.Description
}

// Is reports whether target is an Error with the same Code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

func (e *Error) Unwrap() error { return e.Err }

// MarshalJSON gives the body of RFC 8935 section 2.3.
func (e *Error) MarshalJSON() ([]byte, error) {
	return scim.NewObject(
		scim.Member{Name: "err", Value: string(e.Code)},
		scim.Member{Name: "description", Value: e.Description},
	).AppendJSON(nil)
}

// UnmarshalJSON reads the body of RFC 8935 section 2.3.
func (e *Error) UnmarshalJSON(b []byte) error {
	o, err := scim.DecodeObject(b, nil)
	if err != nil {
		return fmt.Errorf("read the error of a recipient of security event tokens: %w", err)
	}
	*e = Error{Code: Code(short(o.GetString("err"))), Description: short(o.GetString("description"))}
	return nil
}

// short bounds what the other side says, which ends up in a log.
func short(s string) string {
	const most = 200
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

var _ error = (*Error)(nil)

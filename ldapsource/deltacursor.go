package ldapsource

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/ilumy/usersync/provisioning"
)

// cursorVersion changes when older cursors can no longer be read.
const cursorVersion = 1

// A cursor is what a [provisioning.Cursor] holds.
type cursor struct {
	Version int        `json:"v"`
	Method  Increments `json:"m"`
	// Server is the identity of what the places belong to.
	Server string `json:"s"`
	// Address is the server that was asked.
	Address string `json:"a"`
	// Options name the options and the dialect. With others, records differ that did not change.
	Options string `json:"o"`
	// Time is when it was taken, by the server's clock where that tells.
	Time time.Time `json:"t"`
	// Places are in the history of each naming context, or of the server under "".
	Places map[string]string `json:"p"`
}

func (c *cursor) encode() provisioning.Cursor {
	c.Version = cursorVersion
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // it is made of strings and a time
	}
	return provisioning.Cursor(base64.RawURLEncoding.EncodeToString(b))
}

func parseCursor(text provisioning.Cursor) (*cursor, error) {
	c := &cursor{}
	b, err := base64.RawURLEncoding.DecodeString(string(text))
	if err == nil {
		err = json.Unmarshal(b, c)
	}
	if err != nil || c.Version != cursorVersion || len(c.Places) == 0 {
		return nil, expired("it is none of this source, or of another version of it")
	}
	return c, nil
}

// print names all that decides about which entries become which records.
func (o *Options) print(d *Dialect) string {
	b, err := json.Marshal([]any{d, o.Attributes, o.Bases, o.Filters, o.Include, o.Exclude, o.MemberOf, o.Nested})
	if err != nil {
		panic(err) // it is made of strings
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

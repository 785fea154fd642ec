package delivery

import (
	"context"
	"errors"
)

// A Queue keeps the tokens of streams until their recipients have them. It is safe for concurrent use, and its methods
// return when their context ends.
type Queue interface {
	// Put enters a token at the end of a stream. It fails with an error that wraps [ErrFull] if the stream has no room.
	Put(ctx context.Context, stream string, e Entry) error
	// Next gives the tokens at the front of a stream, at most n, in the order in which they were put.
	Next(ctx context.Context, stream string, n int) ([]Entry, error)
	// Remove takes tokens out, which the recipient has or will never take. One that is not there is no error.
	Remove(ctx context.Context, stream string, ids ...string) error
}

// An Entry is a token that waits. It is signed when it is sent, so that it may outlive a key.
type Entry struct {
	// ID is the jti.
	ID string
	// Claims are what will be signed: what [event.Token.AppendJSON] gives.
	Claims []byte
}

// ErrFull says that a stream has no room for another token: its recipient has been away for too long, or is too slow.
var ErrFull = errors.New("the stream is full")

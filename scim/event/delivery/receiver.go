package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/ilumy/usersync/scim/event"
)

// A HandleFunc does what a token calls for, or keeps it to be done: once it returns nil, the sender forgets the token. An
// [event.Error] tells the sender that the token is wrong, which drops it; after any other error it is sent again. A token
// can come again after a crash, so doing it twice must do no harm.
type HandleFunc func(ctx context.Context, t *event.Token) error

// A Receiver is the handler that a transmitter pushes tokens to (RFC 8935). It hands each token on once, as far as its Seen
// remembers, and answers 202 when that has been done.
type Receiver struct {
	verifier     *event.Verifier
	authenticate Authenticator
	handle       HandleFunc
	options      ReceiverOptions
	logger       *slog.Logger

	mu    sync.Mutex
	under map[string]chan struct{} // tokens that are being handled, by jti
}

// ReceiverOptions are what a [Receiver] does otherwise than by default.
type ReceiverOptions struct {
	// Body is the size of a token in bytes; 1 MiB.
	Body int
	// Seen remembers which tokens were handled. Nil is a MemorySeen.
	Seen Seen
	// Logger gets failures. Nil is [slog.Default].
	Logger *slog.Logger
}

// NewReceiver makes a Receiver of what reads the tokens, what looks at who sends them ([BearerTokens], or [Anyone] where
// signatures suffice), and what is done with them.
func NewReceiver(verifier *event.Verifier, authenticate Authenticator, handle HandleFunc, o *ReceiverOptions) (*Receiver, error) {
	if verifier == nil || authenticate == nil || handle == nil {
		return nil, errors.New("a receiver of security events needs a verifier, an authenticator and a function that handles tokens")
	}
	r := &Receiver{verifier: verifier, authenticate: authenticate, handle: handle, under: map[string]chan struct{}{}}
	if o != nil {
		r.options = *o
	}
	if r.options.Body <= 0 {
		r.options.Body = 1 << 20
	}
	if r.options.Seen == nil {
		r.options.Seen = NewMemorySeen(0)
	}
	if r.logger = r.options.Logger; r.logger == nil {
		r.logger = slog.Default()
	}
	return r, nil
}

// ServeHTTP takes one token.
func (v *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !admitted(w, r, v.authenticate, v.logger) {
		return
	}
	t, err := v.read(w, r)
	if err == nil {
		err = v.once(r.Context(), t)
	}
	if err != nil {
		fail(w, r, v.logger, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (v *Receiver) read(w http.ResponseWriter, r *http.Request) (*event.Token, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != event.MediaType {
		return nil, event.Errorf(event.InvalidRequest, "the Content-Type is not %s (RFC 8935 section 2.1)", event.MediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(v.options.Body)))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, event.Errorf(event.InvalidRequest, "the token has more than the %d bytes that are taken", v.options.Body)
	case err != nil:
		return nil, fmt.Errorf("read a security event token: %w", err)
	}
	return v.verifier.Verify(strings.TrimSpace(string(body)))
}

// once handles a token, unless that has been done. One that comes twice at the same time waits for itself.
func (v *Receiver) once(ctx context.Context, t *event.Token) error {
	for {
		v.mu.Lock()
		done := v.under[t.ID]
		if done == nil {
			break
		}
		v.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	done := make(chan struct{})
	v.under[t.ID] = done
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		delete(v.under, t.ID)
		v.mu.Unlock()
		close(done)
	}()
	return handleOnce(ctx, v.options.Seen, t, v.handle)
}

// handleOnce has a token handled that was not seen before, and then remembers it.
func handleOnce(ctx context.Context, seen Seen, t *event.Token, handle HandleFunc) (err error) {
	known, err := seen.Seen(ctx, t.Issuer, t.ID)
	if known || err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("handle the token %s: panic: %v\n%s", t.ID, p, debug.Stack())
		}
	}()
	if err := handle(ctx, t); err != nil {
		return fmt.Errorf("handle the token %s: %w", t.ID, err)
	}
	// The sender may have gone, which does not undo what was done.
	return seen.Remember(context.WithoutCancel(ctx), t.Issuer, t.ID)
}

var _ http.Handler = (*Receiver)(nil)

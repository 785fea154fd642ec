package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/ilumy/usersync/scim/event"
)

const (
	// maxPollBody bounds the request of a poll: acknowledgements, mostly.
	maxPollBody = 1 << 20
	// maxPollAnswer is the size beyond which an answer takes no further token.
	maxPollAnswer = 8 << 20
)

// A pollRequest is the body of a poll (RFC 8936 section 2.2).
type pollRequest struct {
	MaxEvents         *int                    `json:"maxEvents,omitempty"`
	ReturnImmediately bool                    `json:"returnImmediately"`
	Ack               []string                `json:"ack,omitempty"`
	SetErrs           map[string]*event.Error `json:"setErrs,omitempty"`
}

// Poll gives the handler of a stream that its recipient polls (RFC 8936). A token is given again until the recipient
// acknowledges it, or says that it is in error; then it is dropped, as that RFC has it, and the [Observer] is told.
func (t *Transmitter) Poll(stream string, authenticate Authenticator) (http.Handler, error) {
	t.mu.Lock()
	s := t.streams[stream]
	t.mu.Unlock()
	switch {
	case s == nil:
		return nil, fmt.Errorf("poll the stream %q: there is none; add it first", stream)
	case s.Push != nil:
		return nil, fmt.Errorf("poll the stream %q: it is pushed", stream)
	case authenticate == nil:
		return nil, fmt.Errorf("poll the stream %q: nothing authenticates; give it delivery.BearerTokens", stream)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !admitted(w, r, authenticate, t.logger) {
			return
		}
		if err := t.poll(w, r, s); err != nil {
			fail(w, r, t.logger, err)
		}
	}), nil
}

func (t *Transmitter) poll(w http.ResponseWriter, r *http.Request, s *stream) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return event.Errorf(event.InvalidRequest, "the Content-Type is not application/json (RFC 8936 section 2.2)")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPollBody))
	if err != nil {
		return event.Errorf(event.InvalidRequest, "the body cannot be read, or has more than %d bytes", maxPollBody)
	}
	var req pollRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return event.Errorf(event.InvalidRequest, "the body is not the JSON of RFC 8936 section 2.2")
	}
	n := t.options.PollMax
	if req.MaxEvents != nil {
		if n = min(n, *req.MaxEvents); n < 0 {
			return event.Errorf(event.InvalidRequest, "maxEvents is less than 0")
		}
	}
	if len(req.Ack) > 0 {
		if err := t.delivered(r.Context(), s.ID, req.Ack...); err != nil {
			return err
		}
	}
	for id, why := range req.SetErrs {
		if why == nil {
			why = event.Errorf(event.InvalidRequest, "the recipient does not say why")
		}
		if err := t.refused(r.Context(), s.ID, id, why); err != nil {
			return err
		}
	}
	entries, err := t.next(r.Context(), s, n, n > 0 && !req.ReturnImmediately)
	if err != nil {
		return err
	}
	answer, err := t.answer(entries, n)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(answer)
	return nil
}

// next gives one token more than n, if there are so many. It waits for the first one if it shall.
func (t *Transmitter) next(ctx context.Context, s *stream, n int, wait bool) ([]Entry, error) {
	end := time.Now().Add(t.options.PollWait)
	for {
		news := s.news.wait()
		entries, err := t.queue.Next(ctx, s.ID, n+1)
		if err != nil {
			return nil, fmt.Errorf("read the stream %q: %w", s.ID, err)
		}
		left := time.Until(end)
		if len(entries) > 0 || !wait || left <= 0 || ctx.Err() != nil {
			return entries, nil
		}
		sleep(ctx, min(left, t.options.Interval), news)
	}
}

// answer writes the tokens in their order. JSON objects have none, but who reads them one by one, as a [Poller] does, finds it.
func (t *Transmitter) answer(entries []Entry, n int) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"sets":{`)
	sent := 0
	for _, e := range entries[:min(n, len(entries))] {
		if b.Len() > maxPollAnswer {
			break
		}
		set, err := t.signer.Load().SignClaims(e.Claims)
		if err != nil {
			return nil, err
		}
		id, err := json.Marshal(e.ID)
		if err != nil {
			return nil, err
		}
		if sent++; sent > 1 {
			b.WriteByte(',')
		}
		b.Write(id)
		b.WriteString(`:"` + set + `"`)
	}
	b.WriteByte('}')
	if sent < len(entries) {
		b.WriteString(`,"moreAvailable":true`)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// admitted looks at the method and the sender, and answers if they will not do.
func admitted(w http.ResponseWriter, r *http.Request, authenticate Authenticator, log *slog.Logger) bool {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answerError(w, http.StatusMethodNotAllowed, event.Errorf(event.InvalidRequest, "send a POST"))
		return false
	}
	if err := authenticate(r); err != nil {
		log.WarnContext(r.Context(), "security events: a sender is not let in", "error", err)
		w.Header().Set("WWW-Authenticate", "Bearer")
		answerError(w, http.StatusUnauthorized, event.Errorf(event.AuthenticationFailed, "the sender is not known"))
		return false
	}
	return true
}

// fail answers with an error: one that is for the sender as it is, any other as one that passes.
func fail(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	var e *event.Error
	if errors.As(err, &e) {
		log.WarnContext(r.Context(), "security events: a request is refused", "error", err)
		answerError(w, http.StatusBadRequest, e)
		return
	}
	log.ErrorContext(r.Context(), "security events: a request failed", "error", err)
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// answerError is the answer of RFC 8935 section 2.3.
func answerError(w http.ResponseWriter, status int, e *event.Error) {
	b, err := e.MarshalJSON()
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Language", "en")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

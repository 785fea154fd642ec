package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ilumy/usersync/scim/event"
)

// A Stream is a series of tokens for one recipient.
type Stream struct {
	// ID names the stream in the queue. It stays the same when the program is started again.
	ID string
	// Tenant is whose events the stream has; no others ever come into it.
	Tenant string
	// Audience is the aud of its tokens: what the recipient calls itself.
	Audience []string
	// Types are the events that the recipient wants. Nil is all.
	Types []event.Type
	// Push is where the tokens are sent (RFC 8935). Nil keeps them until they are asked for ([Transmitter.Poll]).
	Push *Endpoint
}

// A Transmitter gives tokens to recipients: each stream in its order, each token at least once. It is safe for concurrent
// use. Two transmitters that push from one queue would send everything twice; let one process do it.
type Transmitter struct {
	issuer  string
	signer  atomic.Pointer[event.Signer]
	queue   Queue
	options TransmitterOptions
	logger  *slog.Logger

	mu      sync.Mutex
	streams map[string]*stream
	running context.Context
	pushing sync.WaitGroup
}

// TransmitterOptions are what a [Transmitter] does otherwise than by default.
type TransmitterOptions struct {
	// FirstWait is the wait after the first failure to push; 1 second. It doubles, with jitter, up to MaxWait; 5
	// minutes. A recipient's Retry-After is heeded up to MaxWait.
	FirstWait, MaxWait time.Duration
	// GiveUp is how long one token is tried before it is dropped, so that the next ones come. 0 never drops it: the
	// stream waits, and is full at last.
	GiveUp time.Duration
	// Interval is how often the queue is looked at for tokens that another process has put; 5 seconds.
	Interval time.Duration
	// PollWait is how long a poll waits for a token, if the recipient wants that; 30 seconds. Keep it
	// below the write timeout of the HTTP server.
	PollWait time.Duration
	// PollMax is the number of tokens in the answer to a poll; 100.
	PollMax int
	// Logger gets failures. Nil is [slog.Default].
	Logger *slog.Logger
	// Observer is told of what becomes of tokens.
	Observer Observer
}

// An Observer is told what becomes of tokens. Nil functions are left out. None of them is told of personal data.
type Observer struct {
	// Delivered is called when a recipient has taken a token.
	Delivered func(stream, id string)
	// Refused is called when a token is dropped, since the recipient will never take it or was tried for too long.
	Refused func(stream, id string, err error)
	// Failed is called when a token was not taken, and will be sent again after a wait.
	Failed func(stream, id string, err error, wait time.Duration)
}

// A stream is a Stream with what goes on in it.
type stream struct {
	Stream
	news   signal
	cancel context.CancelFunc // ends pushing; nil while it does not
	pusher *pusher
}

// NewTransmitter makes a Transmitter that speaks for an issuer, which is the iss of its tokens: the URL of the service
// provider. Streams are added with [Transmitter.Add]; [Transmitter.Run] pushes.
func NewTransmitter(issuer string, signer *event.Signer, queue Queue, o *TransmitterOptions) (*Transmitter, error) {
	if issuer == "" || signer == nil || queue == nil {
		return nil, errors.New("a transmitter of security events needs an issuer, a signer and a queue")
	}
	t := &Transmitter{issuer: issuer, queue: queue, streams: map[string]*stream{}}
	t.signer.Store(signer)
	if o != nil {
		t.options = *o
	}
	for _, f := range []struct {
		p   *time.Duration
		def time.Duration
	}{{&t.options.FirstWait, time.Second}, {&t.options.MaxWait, 5 * time.Minute}, {&t.options.Interval, 5 * time.Second}, {&t.options.PollWait, 30 * time.Second}} {
		if *f.p <= 0 {
			*f.p = f.def
		}
	}
	if t.options.PollMax <= 0 {
		t.options.PollMax = 100
	}
	if t.logger = t.options.Logger; t.logger == nil {
		t.logger = slog.Default()
	}
	return t, nil
}

// SetSigner signs with another key from now on, tokens that wait already included.
func (t *Transmitter) SetSigner(s *event.Signer) {
	if s != nil {
		t.signer.Store(s)
	}
}

// Add adds a stream, which is pushed at once if the Transmitter runs.
func (t *Transmitter) Add(s Stream) error {
	if s.ID == "" || len(s.Audience) == 0 {
		return fmt.Errorf("add the stream %q: it needs an ID and an audience", s.ID)
	}
	added := &stream{Stream: s}
	if s.Push != nil {
		p, err := newPusher(t, added)
		if err != nil {
			return fmt.Errorf("add the stream %q: %w", s.ID, err)
		}
		added.pusher = p
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.streams[s.ID] != nil {
		return fmt.Errorf("add the stream %q: there is one with this ID", s.ID)
	}
	t.streams[s.ID] = added
	t.start(added)
	return nil
}

// Remove takes a stream away. What waits in it stays in the queue.
func (t *Transmitter) Remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.streams[id]; s != nil && s.cancel != nil {
		s.cancel()
	}
	delete(t.streams, id)
}

// start begins to push a stream, if the Transmitter runs. The caller holds the lock.
func (t *Transmitter) start(s *stream) {
	if t.running == nil || s.pusher == nil {
		return
	}
	ctx, cancel := context.WithCancel(t.running)
	s.cancel = cancel
	t.pushing.Go(func() { s.pusher.run(ctx) })
}

// Run pushes until the context ends, and then returns nil. What has not been taken by then stays in the queue.
func (t *Transmitter) Run(ctx context.Context) error {
	t.mu.Lock()
	if t.running != nil {
		t.mu.Unlock()
		return errors.New("this transmitter of security events runs already")
	}
	t.running = ctx
	for _, s := range t.streams {
		t.start(s)
	}
	t.mu.Unlock()
	<-ctx.Done()
	t.mu.Lock()
	t.running = nil
	t.mu.Unlock()
	t.pushing.Wait()
	return nil
}

// Put enters a token into all streams of a tenant that want it: with an ID for each, the issuer, the audience, and this time.
// An error tells which of them did not get it.
func (t *Transmitter) Put(ctx context.Context, tenant string, token *event.Token) error {
	var errs []error
	for _, s := range t.of(tenant) {
		if err := t.put(ctx, s, token); err != nil {
			errs = append(errs, fmt.Errorf("put an event of the transaction %s into the stream %q: %w", token.Txn, s.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (t *Transmitter) put(ctx context.Context, s *stream, token *event.Token) error {
	c := s.addressed(t.issuer, token)
	if len(c.Events) == 0 {
		return nil
	}
	claims, err := c.AppendJSON(nil)
	if err != nil {
		return err
	}
	if err := t.queue.Put(ctx, s.ID, Entry{ID: c.ID, Claims: claims}); err != nil {
		return err
	}
	s.news.wake()
	return nil
}

// addressed gives a token as it is sent in the stream, with the events that its recipient wants.
func (s *stream) addressed(issuer string, token *event.Token) *event.Token {
	c := *token
	c.ID, c.Issuer, c.Audience, c.IssuedAt = event.NewID(), issuer, s.Audience, time.Now()
	if s.Types != nil {
		c.Events = slices.DeleteFunc(slices.Clone(token.Events), func(e event.Event) bool { return !slices.Contains(s.Types, e.Type) })
	}
	return &c
}

// Sign gives a token as a SET for all recipients of a tenant, for those who fetch it themselves: the end of an
// asynchronous request (RFC 9967 section 2.5.1.1).
func (t *Transmitter) Sign(tenant string, token *event.Token) (string, error) {
	all := &stream{}
	for _, s := range t.of(tenant) {
		all.Audience = append(all.Audience, s.Audience...)
	}
	slices.Sort(all.Audience)
	all.Audience = slices.Compact(all.Audience)
	return t.signer.Load().Sign(all.addressed(t.issuer, token))
}

// of gives the streams of a tenant, in the order of their IDs.
func (t *Transmitter) of(tenant string) []*stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*stream
	for _, s := range t.streams {
		if s.Tenant == tenant {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *stream) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// delivered takes tokens out that a recipient has.
func (t *Transmitter) delivered(ctx context.Context, stream string, ids ...string) error {
	if err := t.queue.Remove(ctx, stream, ids...); err != nil {
		return fmt.Errorf("take delivered tokens out of the stream %q: %w; they will be sent again", stream, err)
	}
	for _, id := range ids {
		if told := t.options.Observer.Delivered; told != nil {
			told(stream, id)
		}
	}
	return nil
}

// refused takes a token out that will never be taken, and says so.
func (t *Transmitter) refused(ctx context.Context, stream, id string, why error) error {
	if err := t.queue.Remove(ctx, stream, id); err != nil {
		return fmt.Errorf("take a refused token out of the stream %q: %w", stream, err)
	}
	t.logger.ErrorContext(ctx, "security event dropped: the recipient does not take it", "stream", stream, "jti", id, "error", why)
	if told := t.options.Observer.Refused; told != nil {
		told(stream, id, why)
	}
	return nil
}

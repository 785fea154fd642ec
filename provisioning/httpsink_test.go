package provisioning_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A message is what an httpSink and its server say to each other.
type message struct {
	Call    string
	Kind    provisioning.Kind      `json:",omitempty"`
	Lookup  provisioning.Lookup    `json:",omitzero"`
	Record  *provisioning.Record   `json:",omitempty"`
	Change  *provisioning.Change   `json:",omitempty"`
	Ref     provisioning.Ref       `json:",omitzero"`
	Name    string                 `json:",omitempty"`
	Add     []provisioning.Ref     `json:",omitempty"`
	Remove  []provisioning.Ref     `json:",omitempty"`
	ID      provisioning.ID        `json:",omitempty"`
	Records []*provisioning.Record `json:",omitempty"`
	Error   string                 `json:",omitempty"`
}

// httpSink is a Sink, with a Finder and a RefEditor, over HTTP.
type httpSink struct{ url string }

func (s httpSink) call(ctx context.Context, m *message) (*message, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", provisioning.ErrUnavailable, err)
	}
	defer resp.Body.Close()
	out := new(message)
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<24)).Decode(out); err != nil {
		return nil, fmt.Errorf("%w: %w", provisioning.ErrUnavailable, err)
	}
	for _, class := range []error{provisioning.ErrExists, provisioning.ErrNotFound, provisioning.ErrConflict, provisioning.ErrInvalid} {
		if out.Error == class.Error() {
			return nil, class
		}
	}
	if out.Error != "" {
		return nil, errors.New(out.Error)
	}
	return out, nil
}

func (s httpSink) list(ctx context.Context, m *message) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		out, err := s.call(ctx, m)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, r := range out.Records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s httpSink) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return s.list(ctx, &message{Call: "Records", Kind: kind})
}

func (s httpSink) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	return s.list(ctx, &message{Call: "Find", Lookup: l})
}

func (s httpSink) Create(ctx context.Context, r *provisioning.Record) (provisioning.ID, error) {
	out, err := s.call(ctx, &message{Call: "Create", Record: r})
	if err != nil {
		return "", err
	}
	return out.ID, nil
}

func (s httpSink) Update(ctx context.Context, c *provisioning.Change) error {
	_, err := s.call(ctx, &message{Call: "Update", Change: c})
	return err
}

func (s httpSink) Delete(ctx context.Context, ref provisioning.Ref) error {
	_, err := s.call(ctx, &message{Call: "Delete", Ref: ref})
	return err
}

func (s httpSink) EditRefs(ctx context.Context, ref provisioning.Ref, name string, add, remove []provisioning.Ref) error {
	_, err := s.call(ctx, &message{Call: "EditRefs", Ref: ref, Name: name, Add: add, Remove: remove})
	return err
}

// sinkServer serves a store to httpSinks.
type sinkServer struct {
	store *memory.Store
	// around is called with what does a call, and decides whether it is done and answered.
	around func(do func()) (answer bool)
}

func (s *sinkServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	in, out := new(message), new(message)
	if err := json.NewDecoder(req.Body).Decode(in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// The store does what it was asked to do even when the one who asked has gone.
	if !s.around(func() { s.do(context.WithoutCancel(req.Context()), in, out) }) {
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (s *sinkServer) do(ctx context.Context, in, out *message) {
	var err error
	switch in.Call {
	case "Records":
		for r, e := range s.store.Records(ctx, in.Kind) {
			out.Records, err = append(out.Records, r), errors.Join(err, e)
		}
	case "Find":
		for r, e := range s.store.Find(ctx, in.Lookup) {
			out.Records, err = append(out.Records, r), errors.Join(err, e)
		}
	case "Create":
		out.ID, err = s.store.Create(ctx, in.Record)
	case "Update":
		err = s.store.Update(ctx, in.Change)
	case "Delete":
		err = s.store.Delete(ctx, in.Ref)
	case "EditRefs":
		err = s.store.EditRefs(ctx, in.Ref, in.Name, in.Add, in.Remove)
	}
	for _, class := range []error{provisioning.ErrExists, provisioning.ErrNotFound, provisioning.ErrConflict, provisioning.ErrInvalid} {
		if errors.Is(err, class) {
			err = class
		}
	}
	if err != nil {
		out.Error = err.Error()
	}
}

var (
	_ provisioning.Finder    = httpSink{}
	_ provisioning.RefEditor = httpSink{}
)

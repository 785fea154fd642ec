// Package customsource is a whole connector, to copy: a Source over the paged JSON API of an HR system.
package customsource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/ilumy/usersync/provisioning"
)

// Source reads the staff from GET {URL}/staff?page=... .
type Source struct{ URL string }

var errNoNumber = errors.New("it has no staff number: give it one in the HR system")

type page struct {
	Staff []struct {
		Number, First, Last, Mail, Manager string
		Left                               bool
	}
	Next *string // the page to ask for next; "" on the last one
}

// Records yields everybody. It ends without an error only after the page that says that it is the last.
func (s *Source) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if kind != provisioning.User {
			yield(nil, fmt.Errorf("staff API: records of kind %s: %w", kind, errors.ErrUnsupported))
			return
		}
		for next := "1"; next != ""; {
			p, err := s.page(ctx, next)
			if err != nil {
				yield(nil, fmt.Errorf("staff API: page %s: %w", next, err))
				return
			}
			for _, e := range p.Staff {
				if e.Number == "" { // one bad record: say so, and go on
					if !yield(nil, &provisioning.RecordError{Ref: provisioning.Ref{Kind: kind}, Where: "page " + next, Err: errNoNumber}) {
						return
					}
					continue
				}
				r := &provisioning.Record{Kind: kind, ID: provisioning.ID(e.Number), Disabled: e.Left, Refs: provisioning.Refs{"manager": nil}}
				r.Attributes = provisioning.Attributes{"givenName": {e.First}, "familyName": {e.Last}, "mail": {e.Mail}}
				if e.Manager != "" {
					r.Refs["manager"] = []provisioning.Ref{{Kind: kind, ID: provisioning.ID(e.Manager)}}
				}
				if !yield(r, nil) {
					return
				}
			}
			next = *p.Next
		}
	}
}

func (s *Source) page(ctx context.Context, number string) (p page, err error) {
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/staff?page="+url.QueryEscape(number), nil)
	if err != nil {
		return p, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	err = json.NewDecoder(io.LimitReader(resp.Body, 16<<20)).Decode(&p)
	if resp.StatusCode != http.StatusOK || err != nil || p.Next == nil { // no Next: was it the last page?
		return p, fmt.Errorf("answered %s, without a whole page (%v)", resp.Status, err)
	}
	return p, nil
}

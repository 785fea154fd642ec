package client_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// BenchmarkCreate writes users over loopback: by the directory, and by a bare client that sends one and
// the same body. The difference is what the directory costs.
func BenchmarkCreate(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"1"}`)
	}))
	defer s.Close()
	b.Run("directory", func(b *testing.B) {
		d := benchDirectory(b, s.URL, nil)
		r := record(provisioning.User, 1)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.Create(b.Context(), r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		body := []byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"active":true,"addresses":[{"locality":"Groningen","type":"work"}],"emails":[{"value":"user.1@example.com","type":"work","primary":true}],"phoneNumbers":[{"value":"+31 6 12345678","type":"mobile"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D"},"displayName":"User Nr 1","name":{"familyName":"van der Nr 1","givenName":"Noor"},"title":"Engineer","userName":"user.1@example.com"}`)
		b.ReportAllocs()
		for b.Loop() {
			resp, err := http.Post(s.URL+"/Users", "application/scim+json", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
}

// BenchmarkRecords reads 10,000 users in pages of 200 that lie ready, so that it is the client alone that
// takes time; bare only fetches the pages.
func BenchmarkRecords(b *testing.B) {
	const users, size = 10_000, 200
	page := func(q url.Values) []byte {
		start, _ := strconv.Atoi(q.Get("startIndex"))
		var body bytes.Buffer
		fmt.Fprintf(&body, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":%d,"startIndex":%d,"itemsPerPage":%d,"Resources":[`, users, start, size)
		for i := start; i < min(start+size, users+1); i++ {
			if i > start {
				body.WriteByte(',')
			}
			fmt.Fprintf(&body, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"id":"2819c223-7f76-453a-919d-%012d","externalId":"guid-%d","userName":"user.%d@example.com","name":{"givenName":"Noor","familyName":"van der Nr %d"},"displayName":"User Nr %d","title":"Engineer","active":true,"emails":[{"value":"user.%d@example.com","type":"work","primary":true}],"phoneNumbers":[{"value":"+31 6 12345678","type":"mobile"}],"addresses":[{"type":"work","locality":"Groningen"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D","employeeNumber":"%d","manager":{"value":"2819c223-7f76-453a-919d-000000000001"}},"meta":{"resourceType":"User","created":"2026-01-01T00:00:00Z","lastModified":"2026-01-01T00:00:00Z","version":"W/\"1\"","location":"https://example.com/scim/v2/Users/2819c223-7f76-453a-919d-%012d"}}`, i, i, i, i, i, i, i, i)
		}
		body.WriteString("]}")
		return body.Bytes()
	}
	pages := map[string][]byte{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Query().Get("startIndex")
		if pages[key] == nil {
			pages[key] = page(r.URL.Query())
		}
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = w.Write(pages[key])
	}))
	defer s.Close()
	d := benchDirectory(b, s.URL, &client.Options{PageSize: size, Profile: &client.Profile{Paging: client.PagingIndex}})
	read := func() {
		n := 0
		for _, err := range d.Records(b.Context(), provisioning.User) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != users {
			b.Fatalf("%d users", n)
		}
	}
	read()
	b.Run("directory", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/users, "ns/user")
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for key := range pages {
				resp, err := http.Get(s.URL + "/Users?startIndex=" + key)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/users, "ns/user")
	})
}

func benchDirectory(b *testing.B, url string, o *client.Options) *client.Directory {
	b.Helper()
	c, err := client.New(url, o)
	require.NoError(b, err)
	d, err := client.NewDirectory(c, nil)
	require.NoError(b, err)
	return d
}

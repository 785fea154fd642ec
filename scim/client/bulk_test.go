package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
)

// person is a user that can be created.
func person(n int) *scim.Resource {
	r := scim.NewResource(scim.UserSchema)
	r.Set("userName", fmt.Sprintf("user.%d@example.com", n))
	return r
}

func team(name string, members ...string) *scim.Resource {
	r := scim.NewResource(scim.GroupSchema)
	r.Set("displayName", name)
	var list []any
	for _, m := range members {
		list = append(list, scim.NewObject(scim.Member{Name: "value", Value: m}))
	}
	r.Set("members", list)
	return r
}

// watched gives a client of a service, and what is told of each bulk request to it.
func watched(t *testing.T, o *server.Options, p *client.Profile) (c *client.Client, bulks *[]int) {
	t.Helper()
	bulks = new([]int)
	url := through(t, serve(t, o), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/Bulk" {
			raw, body := readJSON(t, r)
			*bulks = append(*bulks, len(operations(body)))
			if limit := o.Limits.BulkBody; limit > 0 && len(raw) > limit {
				t.Errorf("a request of %d bytes, where %d are taken", len(raw), limit)
			}
		}
		next.ServeHTTP(w, r)
	})
	c, err := client.New(url, &client.Options{Profile: p})
	require.NoError(t, err)
	return c, bulks
}

func TestBulk(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits server.Limits
		want   []int // operations in each request
	}{
		{"in one request", server.Limits{}, []int{8}},
		{"as many operations as the service takes", server.Limits{BulkOperations: 3}, []int{3, 3, 2}},
		{"as many bytes as the service takes", server.Limits{BulkBody: 600}, []int{3, 2, 3}},
		{"one by one", server.Limits{BulkOperations: 1}, []int{1, 1, 1, 1, 1, 1, 1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, bulks := watched(t, &server.Options{Limits: tt.limits}, nil)
			there, err := c.Create(t.Context(), "/Users", person(0))
			require.NoError(t, err)
			b := &client.Bulk{}
			first := b.Create("/Users", person(1))
			b.Create("/Users", person(0)) // there already
			group := b.Create("/Groups", team("Guides", first))
			b.Patch("/Groups", group, []scim.PatchOperation{{Op: scim.Add, Path: "members", Value: []any{scim.NewObject(scim.Member{Name: "value", Value: there.ID()})}}}, "")
			b.Patch("/Users", "nobody", []scim.PatchOperation{{Op: scim.Replace, Path: "title", Value: "Director"}}, "")
			b.Patch("/Users", first, []scim.PatchOperation{{Op: scim.Replace, Path: "title", Value: "Director"}}, "")
			whole := person(7)
			whole.SetID(there.ID())
			b.Replace("/Users", whole, `W/"another"`)
			b.Delete("/Users", there.ID(), "")
			require.Equal(t, 8, b.Len())

			results, err := c.Bulk(t.Context(), b)
			require.NoError(t, err)
			status := make([]int, len(results))
			for i, r := range results {
				status[i] = r.Status
				if (r.Err == nil) != (r.Status/100 == 2) {
					t.Errorf("operation %d: status %d with error %v", i, r.Status, r.Err)
				}
			}
			if diff := cmp.Diff([]int{201, 409, 201, 200, 404, 200, 412, 204}, status); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			for i, classes := range map[int][]error{1: {scim.ErrUniqueness, provisioning.ErrExists}, 4: {scim.ErrNotFound, provisioning.ErrNotFound}, 6: {scim.ErrVersion, provisioning.ErrConflict}} {
				for _, class := range classes {
					if !errors.Is(results[i].Err, class) {
						t.Errorf("operation %d: error %v is not %v", i, results[i].Err, class)
					}
				}
			}
			made, err := c.Get(t.Context(), "/Users", results[0].ID)
			require.NoError(t, err)
			if made.GetString("title") != "Director" || results[0].Version == "" {
				t.Errorf("%v with version %q", made, results[0].Version)
			}
			guides, err := c.Get(t.Context(), "/Groups", results[2].ID)
			require.NoError(t, err)
			if n := len(guides.GetValues("members")); n == 0 || guides.GetValues("members")[0].(*scim.Object).GetString("value") != results[0].ID {
				t.Errorf("the group has members %v", guides.GetValues("members"))
			}
			if diff := cmp.Diff(tt.want, *bulks); diff != "" {
				t.Errorf("operations in each request (-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be sent is said not to be, and holds up nothing else.
func TestBulkThatCannotBeSent(t *testing.T) {
	c, _ := watched(t, &server.Options{Limits: server.Limits{BulkOperations: 1}}, nil)
	_, err := c.Create(t.Context(), "/Users", person(0))
	require.NoError(t, err)
	b := &client.Bulk{}
	twin := b.Create("/Users", person(0))
	b.Create("/Groups", team("of nobody", twin))
	b.Delete("/Users", "..", "")
	b.Delete("/Users", "bulkId:99", "")
	b.Create("/Users", person(1))
	results, err := c.Bulk(t.Context(), b)
	require.NoError(t, err)
	for i, want := range []error{provisioning.ErrExists, client.ErrNotSent, client.ErrNotSent, client.ErrNotSent, nil} {
		if !errors.Is(results[i].Err, want) {
			t.Errorf("operation %d: error %v, want %v", i, results[i].Err, want)
		}
	}
}

func TestBulkStopsAfterErrors(t *testing.T) {
	for _, most := range []int{1, 2, 100} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			c, _ := watched(t, &server.Options{Limits: server.Limits{BulkOperations: most}}, nil)
			b := &client.Bulk{FailOnErrors: 2}
			for range 3 {
				b.Create("/Users", person(1))
			}
			b.Create("/Users", person(2))
			results, _ := c.Bulk(t.Context(), b) // the results are what counts
			if results[0].Err != nil || !errors.Is(results[1].Err, provisioning.ErrExists) || !errors.Is(results[2].Err, provisioning.ErrExists) {
				t.Errorf("results %v", results)
			}
			if err := results[3].Err; !errors.Is(err, client.ErrNotSent) && !errors.Is(err, client.ErrUnanswered) {
				t.Errorf("error %v; want that it was not sent or got no answer", err)
			}
			for u, err := range c.List(t.Context(), "/Users", nil) {
				if err != nil || u.GetString("userName") == "user.2@example.com" {
					t.Errorf("%v, %v: it was made after the service was to stop", u, err)
				}
			}
		})
	}
}

// told answers bulk requests with a text, and says of itself what another says.
type told struct {
	config string
	answer func(n int, body string) (status int, header http.Header, answer string) // status 0 loses the answer
	bulks  int
}

func (s *told) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/scim+json"}}, Request: r}
	text := s.config
	if text == "" {
		text = `{"patch":{"supported":true},"bulk":{"supported":true}}` // without maxOperations, as Google Cloud Identity
	}
	if strings.HasSuffix(r.URL.Path, "/Bulk") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.bulks++
		var header http.Header
		if resp.StatusCode, header, text = s.answer(s.bulks, string(body)); resp.StatusCode == 0 {
			return nil, errors.New("connection reset by peer")
		}
		for name, values := range header {
			resp.Header[name] = values
		}
	}
	resp.Body = io.NopCloser(strings.NewReader(text))
	return resp, nil
}

func toldClient(t *testing.T, s *told, p *client.Profile) *client.Client {
	t.Helper()
	c, err := client.New("https://example.com/scim/v2", &client.Options{Profile: p, HTTPClient: &http.Client{Transport: s}})
	require.NoError(t, err)
	return c
}

func TestBulkAnswers(t *testing.T) {
	const lost = "lost"
	for _, tt := range []struct {
		name   string
		answer string
		want   [4]string // id, error, or "" for done
	}{
		{"all, in order", `{"Operations":[{"method":"POST","bulkId":"1","location":"https://example.com/scim/v2/Users/a","status":"201"},
			{"method":"PATCH","location":"https://example.com/scim/v2/Users/x","status":"200"},{"method":"PATCH","location":"https://example.com/scim/v2/Users/x","status":"200"},
			{"method":"DELETE","location":"https://example.com/scim/v2/Users/y%2Fz","status":"204"}]}`, [4]string{"a", "", "", ""}},
		{"in another order, from behind a proxy, with numbers for statuses", `{"Operations":[{"method":"DELETE","location":"http://10.0.0.1/Users/y%2Fz","status":204},
			{"method":"patch","location":"/Users/x","status":200},{"bulkId":"1","location":"/Users/a","status":201},{"method":"PATCH","location":"/Users/x","status":"400"}]}`, [4]string{"a", "", "400", ""}},
		{"statuses of an early draft, ids in the responses", `{"Operations":[{"method":"POST","bulkId":"1","status":{"code":"201"},"response":{"id":"a"}},
			{"method":"PATCH","location":"/Users/x","status":{"code":"500"}}]}`, [4]string{"a", "500", lost, lost}},
		{"nothing", `{"Operations":[]}`, [4]string{lost, lost, lost, lost}},
		{"null", `{"Operations":null}`, [4]string{lost, lost, lost, lost}},
		{"a resource made without an id", `{"Operations":[{"method":"POST","bulkId":"1","status":"201"}]}`, [4]string{lost, lost, lost, lost}},
		{"two answers to one operation", `{"Operations":[{"method":"POST","bulkId":"1","location":"/Users/a","status":"201"},{"method":"POST","bulkId":"1","location":"/Users/b","status":"409"}]}`, [4]string{lost, lost, lost, lost}},
		{"answers to what was not asked", `{"Operations":[{"method":"POST","bulkId":"7","location":"/Users/a","status":"201"},{"method":"DELETE","location":"/Users/z","status":"204"},{"status":"200"},7,null]}`, [4]string{lost, lost, lost, lost}},
		{"answers without a status", `{"Operations":[{"method":"POST","bulkId":"1","location":"/Users/a"},{"method":"DELETE","location":"/Users/y%2Fz","status":"fine"}]}`, [4]string{lost, lost, lost, lost}},
		{"a page", `<html><title>Sign in</title></html>`, [4]string{lost, lost, lost, lost}},
		{"half of it", `{"Operations":[{"method":"POST","bulkId":"1","location":"/Users/a","status":"201"}`, [4]string{lost, lost, lost, lost}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &told{answer: func(int, string) (int, http.Header, string) { return 200, nil, tt.answer }}
			b := &client.Bulk{}
			b.Create("/Users", person(1))
			b.Patch("/Users", "x", nil, "")
			b.Patch("/Users", "x", nil, "")
			b.Delete("/Users", "y/z", "")
			results, err := toldClient(t, s, nil).Bulk(t.Context(), b)
			require.Len(t, results, 4)
			some := false
			for i, r := range results {
				switch want := tt.want[i]; want {
				case lost:
					some = true
					if !errors.Is(r.Err, client.ErrUnanswered) || !errors.Is(r.Err, provisioning.ErrUnavailable) {
						t.Errorf("operation %d: %+v; want no answer", i, r)
					}
				case "400", "500":
					if r.Err == nil || fmt.Sprint(r.Status) != want {
						t.Errorf("operation %d: %+v; want %s", i, r, want)
					}
				default:
					if r.Err != nil || want != "" && r.ID != want {
						t.Errorf("operation %d: %+v; want it done, with id %q", i, r, want)
					}
				}
			}
			if unsure := strings.Contains(tt.name, "without an id"); some != (err != nil) && !unsure {
				t.Errorf("error %v, though %v operations have no answer", err, some)
			}
		})
	}
}

// done answers every operation of a request.
func done(t *testing.T, body string) string {
	var in struct{ Operations []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(body), &in))
	out := []map[string]any{}
	for _, op := range in.Operations {
		a := map[string]any{"method": op["method"], "status": "200", "location": fmt.Sprint("https://example.com/scim/v2", op["path"])}
		if op["method"] == "POST" {
			a["bulkId"], a["status"], a["location"] = op["bulkId"], "201", fmt.Sprint("https://example.com/scim/v2/Users/id-", op["bulkId"])
		}
		out = append(out, a)
	}
	b, err := json.Marshal(map[string]any{"Operations": out})
	require.NoError(t, err)
	return string(b)
}

func TestBulkRequestsThatFail(t *testing.T) {
	refusal := func(status int, detail string) string {
		return string((&scim.Error{Status: status, Detail: detail}).AppendJSON(nil))
	}
	for _, tt := range []struct {
		name    string
		creates bool
		answer  func(t *testing.T) func(n int, body string) (int, http.Header, string)
		want    error // of each operation
		bulks   int
	}{
		{"too large: in halves", true, func(t *testing.T) func(int, string) (int, http.Header, string) {
			return func(_ int, body string) (int, http.Header, string) {
				if strings.Count(body, `"method"`) > 2 {
					return 413, nil, refusal(413, "too large")
				}
				return 200, nil, done(t, body)
			}
		}, nil, 7}, // 8, 4, 2, 2, 4, 2, 2
		{"too large, each alone", true, func(*testing.T) func(int, string) (int, http.Header, string) {
			return func(int, string) (int, http.Header, string) { return 413, nil, refusal(413, "too large") }
		}, scim.ErrTooLarge, 15},
		{"asked to wait", true, func(t *testing.T) func(int, string) (int, http.Header, string) {
			return func(n int, body string) (int, http.Header, string) {
				if n == 1 {
					return 429, http.Header{"Retry-After": {"7"}}, refusal(429, "later")
				}
				return 200, nil, done(t, body)
			}
		}, nil, 2},
		{"creations are not sent twice", true, func(*testing.T) func(int, string) (int, http.Header, string) {
			return func(int, string) (int, http.Header, string) { return 0, nil, "" }
		}, client.ErrUnanswered, 1},
		{"what creates nothing is sent again", false, func(t *testing.T) func(int, string) (int, http.Header, string) {
			return func(n int, body string) (int, http.Header, string) {
				if n < 3 {
					return 0, nil, ""
				}
				return 200, nil, done(t, body)
			}
		}, nil, 3},
		{"unavailable", true, func(*testing.T) func(int, string) (int, http.Header, string) {
			return func(int, string) (int, http.Header, string) { return 503, nil, "" }
		}, client.ErrUnanswered, 1},
		{"refused as a whole", true, func(*testing.T) func(int, string) (int, http.Header, string) {
			return func(int, string) (int, http.Header, string) {
				return 400, nil, refusal(400, "I do not like user.3@example.com")
			}
		}, provisioning.ErrInvalid, 1},
		{"unauthorized", true, func(*testing.T) func(int, string) (int, http.Header, string) {
			return func(int, string) (int, http.Header, string) { return 401, nil, refusal(401, "who are you") }
		}, provisioning.ErrUnauthorized, 1},
		{"not there", true, func(*testing.T) func(int, string) (int, http.Header, string) {
			return func(int, string) (int, http.Header, string) { return 404, nil, refusal(404, "no such endpoint") }
		}, client.ErrNotSent, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &told{answer: tt.answer(t)}
				c := toldClient(t, s, nil)
				b := &client.Bulk{}
				for n := range 8 {
					if tt.creates {
						b.Create("/Users", person(n))
					} else {
						b.Delete("/Users", fmt.Sprint(n), "")
					}
				}
				started := time.Now()
				results, err := c.Bulk(t.Context(), b)
				for i, r := range results {
					if !errors.Is(r.Err, tt.want) || tt.want == nil && tt.creates && r.ID != fmt.Sprint("id-", i+1) {
						t.Errorf("operation %d: %+v, want error %v", i, r, tt.want)
					}
					if r.Err != nil && strings.Contains(r.Err.Error(), "user.3@") {
						t.Errorf("the error holds a person's data: %v", r.Err)
					}
				}
				if (err == nil) != (tt.want == nil) || s.bulks != tt.bulks {
					t.Errorf("error %v after %d requests, want %d", err, s.bulks, tt.bulks)
				}
				if tt.name == "asked to wait" && time.Since(started) < 7*time.Second {
					t.Errorf("sent again after %v, though the service asked for 7 s", time.Since(started))
				}
				if tt.name == "not there" {
					if _, err := c.Bulk(t.Context(), b); !errors.Is(err, errors.ErrUnsupported) || s.bulks != 1 {
						t.Errorf("error %v after %d requests; that there is no bulk is to be remembered", err, s.bulks)
					}
				}
			})
		})
	}
}

// FuzzBulkAnswer: whatever a service answers, an operation counts as done only if the answer names it with a status of success.
func FuzzBulkAnswer(f *testing.F) {
	f.Add([]byte(`{"Operations":[{"method":"POST","bulkId":"1","location":"/Users/a","status":"201"},{"method":"DELETE","location":"/Users/x","status":{"code":"204"}}]}`))
	f.Add([]byte(`{"Operations":[{"bulkId":"1","status":409,"response":{"status":"409","scimType":"uniqueness"}},{"bulkId":"1","status":2e2}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		s := &told{answer: func(int, string) (int, http.Header, string) { return 200, nil, string(answer) }}
		b := &client.Bulk{}
		b.Create("/Users", person(1))
		b.Delete("/Users", "x", "")
		results, _ := toldClient(t, s, nil).Bulk(t.Context(), b) // the results are what counts
		for i, r := range results {
			if r.Err == nil && (r.Status/100 != 2 || !strings.Contains(string(answer), "Operations") && !strings.Contains(strings.ToLower(string(answer)), "operations")) {
				t.Errorf("operation %d counts as done with %+v", i, r)
			}
			if r.Err == nil && i == 0 && r.ID == "" {
				t.Error("a resource was made without an id")
			}
		}
		if s.bulks > 1 {
			t.Errorf("%d requests", s.bulks)
		}
	})
}

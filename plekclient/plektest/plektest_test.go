package plektest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/plekclient/plektest"
)

func start(t *testing.T, o *plektest.Options) *plektest.Server {
	t.Helper()
	s := plektest.New(o)
	_, err := s.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// ask sends a request and gives the status, and the answer.
func ask(t *testing.T, s *plektest.Server, token, method, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/scim+json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	answer := map[string]any{}
	if len(b) > 0 {
		require.NoError(t, json.Unmarshal(b, &answer), "%s", b)
	}
	return resp.StatusCode, answer
}

func user(key, mail string, more string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":%q,"userName":%q,"active":true,
		"name":{"givenName":"Noor","familyName":"de Boer"},"emails":[{"value":%q}]%s}`, key, mail, mail, more)
}

const patchOp = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`

func TestRules(t *testing.T) {
	s := start(t, &plektest.Options{Tokens: []string{"t"}, ProfileFields: []string{"urn:example:plek:User:startDate"}})
	status, made := ask(t, s, "t", "POST", "/scim/v2/Users", user("key-1", "noor@example.com", ""))
	require.Equal(t, http.StatusCreated, status)
	one := "/scim/v2/Users/" + made["id"].(string)
	status, _ = ask(t, s, "t", "POST", "/scim/v2/Users", user("key-2", "bas@example.com", ""))
	require.Equal(t, http.StatusCreated, status)

	for _, tt := range []struct {
		name, method, path, body string
		want                     int
		scimType                 string
	}{
		{"key missing", "POST", "/scim/v2/Users", user("", "x@example.com", ""), 400, "invalidValue"},
		{"key taken", "POST", "/scim/v2/Users", user("key-1", "x@example.com", ""), 409, "uniqueness"},
		{"address taken, in another case", "POST", "/scim/v2/Users", strings.Replace(user("key-3", "NOOR@example.com", ""), `"userName":"NOOR@`, `"userName":"other@`, 1), 409, "uniqueness"},
		{"address missing", "POST", "/scim/v2/Users", strings.Replace(user("key-3", "x@example.com", ""), `"value"`, `"display"`, 1), 400, "invalidValue"},
		{"first name missing", "POST", "/scim/v2/Users", strings.Replace(user("key-3", "x@example.com", ""), "givenName", "middleName", 1), 400, "invalidValue"},
		{"picture", "POST", "/scim/v2/Users", user("key-3", "x@example.com", `,"photos":[{"value":"https://example.com/x.jpg"}]`), 400, "invalidValue"},
		{"date", "POST", "/scim/v2/Users", user("key-3", "x@example.com", `,"urn:example:plek:User":{"startDate":"2026-01-31"}`), 400, "invalidValue"},
		{"key changed", "PATCH", one, fmt.Sprintf(patchOp, `{"op":"replace","path":"externalId","value":"key-9"}`), 400, "mutability"},
		{"key changed by PUT", "PUT", one, user("key-9", "noor@example.com", ""), 400, "mutability"},
		{"address of another", "PATCH", one, fmt.Sprintf(patchOp, `{"op":"replace","path":"emails","value":[{"value":"bas@example.com"}]}`), 409, "uniqueness"},
		{"value path", "PATCH", one, fmt.Sprintf(patchOp, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"y@example.com"}`), 400, "invalidPath"},
		{"value path as name", "PATCH", one, fmt.Sprintf(patchOp, `{"op":"replace","value":{"emails[type eq \"work\"].value":"y@example.com"}}`), 400, "invalidPath"},
		{"value path in a filter", "GET", "/scim/v2/Users?filter=" + url.QueryEscape(`emails[type eq "work"].value eq "y@example.com"`), "", 400, "invalidFilter"},
		{"removal", "DELETE", one, "", 501, ""},
		{"no token", "GET", one, "", 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := s.Users()
			token := "t"
			if tt.want == 401 {
				token = ""
			}
			status, answer := ask(t, s, token, tt.method, tt.path, tt.body)
			scimType, _ := answer["scimType"].(string)
			if status != tt.want || scimType != tt.scimType {
				t.Errorf("status %d %s, want %d %s: %v", status, scimType, tt.want, tt.scimType, answer["detail"])
			}
			if diff := cmp.Diff(dump(t, before), dump(t, s.Users())); diff != "" {
				t.Errorf("a refused request changed users (-before +after):\n%s", diff)
			}
		})
	}
}

func dump(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(b)
}

func TestDeactivatedUsersKeepTheirMemberships(t *testing.T) {
	s := start(t, &plektest.Options{Tokens: []string{"t"}})
	_, made := ask(t, s, "t", "POST", "/scim/v2/Users", user("key-1", "noor@example.com", ""))
	id := made["id"].(string)
	status, _ := ask(t, s, "t", "POST", "/scim/v2/Groups", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"HR","members":[{"value":%q}]}`, id))
	require.Equal(t, http.StatusCreated, status)
	for _, active := range []string{"false", "true"} {
		status, _ := ask(t, s, "t", "PATCH", "/scim/v2/Users/"+id, fmt.Sprintf(patchOp, `{"op":"replace","path":"active","value":`+active+`}`))
		if status/100 != 2 {
			t.Fatalf("active %s: status %d", active, status)
		}
		if got := len(s.Groups()[0].GetValues("members")); got != 1 {
			t.Errorf("active %s: the group has %d members, want 1", active, got)
		}
	}
}

func TestTokens(t *testing.T) {
	s := start(t, &plektest.Options{ClientID: "id", ClientSecret: "secret"})
	form := func(secret string) (int, string) {
		resp, err := http.PostForm(s.URL()+"/oauth/server/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_secret": {secret}})
		require.NoError(t, err)
		defer resp.Body.Close()
		var v struct {
			AccessToken string `json:"access_token"`
		}
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&v))
		return resp.StatusCode, v.AccessToken
	}
	if status, token := form("wrong"); status != 401 || token != "" {
		t.Errorf("wrong secret: status %d, token %q", status, token)
	}
	status, token := form("secret")
	if status != 200 || token == "" {
		t.Fatalf("status %d, token %q", status, token)
	}
	if status, _ := ask(t, s, token, "GET", "/scim/v2/Users", ""); status != 200 {
		t.Errorf("an issued token is answered with %d", status)
	}
	s.RevokeIssued()
	if status, _ := ask(t, s, token, "GET", "/scim/v2/Users", ""); status != 401 {
		t.Errorf("a revoked token is answered with %d", status)
	}
}

func TestFaults(t *testing.T) {
	s := start(t, &plektest.Options{Tokens: []string{"t"}})
	s.SetFault(func(*http.Request) *plektest.Fault {
		return &plektest.Fault{Status: http.StatusServiceUnavailable, Done: true}
	})
	if status, _ := ask(t, s, "t", "POST", "/scim/v2/Users", user("key-1", "noor@example.com", "")); status != 503 {
		t.Errorf("status %d, want that of the fault", status)
	}
	s.SetFault(nil)
	if n := len(s.Users()); n != 1 {
		t.Errorf("there are %d users, want the one whose answer was lost", n)
	}
	want := map[string]int{"POST /Users 503": 1}
	if diff := cmp.Diff(want, s.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

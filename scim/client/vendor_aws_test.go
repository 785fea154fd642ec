package client_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
)

// IAM Identity Center, as docs.aws.amazon.com/singlesignon/latest/developerguide has it: limitations, supported-apis, listusers,
// listgroups, patchuser, patchgroup.

// awsFilters are the filters that can be used: eq, of one attribute, or of an id and what it refers to.
var awsFilters = map[bool]*regexp.Regexp{
	false: regexp.MustCompile(`^((userName|externalId|groups\.value) eq "[^"]*"|(id|manager) eq "[^"]*" and (id|manager) eq "[^"]*")$`),
	true:  regexp.MustCompile(`^((displayName|externalId|members\.value) eq "[^"]*"|(id|members) eq "[^"]*" and (id|members) eq "[^"]*")$`),
}

func aws(r *http.Request, body map[string]any) (int, bool) {
	q := r.URL.Query()
	if f := q.Get("filter"); f != "" && !awsFilters[isGroup(r)].MatchString(f) {
		return http.StatusBadRequest, false
	}
	if n, err := strconv.Atoi(q.Get("count")); q.Has("count") && (err != nil || n < 1 || n > 100) {
		return http.StatusBadRequest, false
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/Me"), strings.HasPrefix(r.URL.Path, "/Bulk"), strings.HasSuffix(r.URL.Path, "/.search"):
		return http.StatusNotFound, false
	case isGroup(r) && r.Method == http.MethodPut:
		return http.StatusNotImplemented, false
	case r.Header.Get("User-Agent") == "":
		return http.StatusForbidden, false
	case r.Method == http.MethodPatch && isGroup(r):
		return awsPatchGroup(operations(body)), false
	case r.Method == http.MethodPatch:
		return awsPatchUser(operations(body)), false
	}
	for _, name := range []string{"emails", "addresses", "phoneNumbers"} {
		if list, _ := body[name].([]any); len(list) > 1 {
			return http.StatusBadRequest, false
		}
	}
	if _, has := body["password"]; has {
		return http.StatusBadRequest, false
	}
	return 0, false
}

func awsPatchGroup(ops []map[string]any) (status int) {
	members := 0
	for _, op := range ops {
		list, _ := op["value"].([]any)
		switch op["path"] {
		case "displayName", "externalId":
		case "members":
			if members += len(list); len(list) == 0 || op["op"] == "replace" || members > 100 {
				return http.StatusBadRequest
			}
		default:
			return http.StatusBadRequest
		}
	}
	return 0
}

var awsUserPath = regexp.MustCompile(`^(userName|active|externalId|displayName|nickName|profileUrl|title|userType|preferredLanguage|locale|timezone|name(\.\w+)?|emails|addresses|phoneNumbers|urn:ietf:params:scim:schemas:extension:enterprise:2\.0:User:\w+)$`)

func awsPatchUser(ops []map[string]any) (status int) {
	of := map[string]int{}
	for _, op := range ops {
		path, _ := op["path"].(string)
		list, _ := op["value"].([]any)
		of[path]++
		switch {
		case !awsUserPath.MatchString(path), len(list) > 1, op["op"] != "remove" && op["value"] == nil,
			(path == "userName" || path == "active") && (op["op"] == "remove" || of[path] > 1):
			return http.StatusBadRequest
		}
	}
	return 0
}

func awsQuery(q url.Values, _ *http.Request) {
	for _, name := range []string{"startIndex", "attributes", "excludedAttributes", "sortBy"} {
		q.Del(name)
	}
}

func awsAnswer(r *http.Request, v map[string]any) {
	list, isList := v["Resources"].([]any)
	for _, e := range list {
		withoutMembers(r, e)
	}
	withoutMembers(r, v)
	if r.URL.Query().Has("cursor") {
		delete(v, "totalResults")
		delete(v, "startIndex")
	} else if isList {
		v["totalResults"] = len(list)
	}
}

// withoutMembers gives a group without members, as if it had none.
func withoutMembers(r *http.Request, v any) {
	if o, ok := v.(map[string]any); ok && isGroup(r) && o["displayName"] != nil {
		o["members"] = []any{}
	}
}

// What cannot be filtered by is found by reading all: a filter that is refused must not end a run.
func TestAWSFindsByWhatItCannotFilter(t *testing.T) {
	var got sent
	d := directory(t, play(t, func(r *http.Request, body map[string]any) (int, bool) {
		got.add(r, body)
		return aws(r, body)
	}, awsQuery, awsAnswer), &client.Options{Profile: client.AWS(), Rate: 1e6, Burst: 1e6})
	var want provisioning.ID
	for n := range 5 {
		id, err := d.Create(t.Context(), record(provisioning.User, n))
		require.NoError(t, err)
		if n == 3 {
			want = id
		}
	}
	for _, by := range []string{"userName", "emails", `emails[type eq "work"].value`} {
		var found []provisioning.ID
		for r, err := range d.Find(t.Context(), provisioning.Lookup{Kind: provisioning.User, By: by, Values: []string{"user.3@example.com"}}) {
			require.NoError(t, err, by)
			found = append(found, r.ID)
		}
		if len(found) != 1 || found[0] != want {
			t.Errorf("by %s: found %v, want %v", by, found, want)
		}
	}
	for _, line := range got.all(http.MethodGet) {
		if strings.Contains(line, "/Bulk") || strings.Contains(line, "/.search") || strings.Contains(line, "/Me") {
			t.Errorf("sent %s, which the service does not have", line)
		}
	}
}

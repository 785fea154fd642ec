package server_test

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
)

// A Gateway without a mapper to another SCIM service keeps the values of a multi-valued attribute as they were pushed, although
// a record names them twice: all together, and by type.
func TestGatewayToSCIM(t *testing.T) {
	target := newService(t, nil)
	ts := httptest.NewServer(target)
	defer ts.Close()
	c, err := client.New(ts.URL, nil)
	require.NoError(t, err)
	sink, err := client.NewDirectory(c, nil)
	require.NoError(t, err)
	s := newGateway(t, sink, nil)
	id := s.create("/Users", userBody("anna", `,"emails":[{"value":"a@work.example","type":"work","primary":true},{"value":"a@home.example","type":"home"},{"value":"x@none.example"}]`))
	for _, step := range []struct {
		op   string
		want map[string]string // value to type
	}{
		{`{"op":"add","path":"title","value":"Guide"}`, map[string]string{"a@work.example": "work", "a@home.example": "home", "x@none.example": ""}},
		{`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"new@work.example"}`, map[string]string{"new@work.example": "work", "a@home.example": "home", "x@none.example": ""}},
		{`{"op":"remove","path":"emails[type eq \"home\"]"}`, map[string]string{"new@work.example": "work", "x@none.example": ""}},
		{`{"op":"remove","path":"emails"}`, map[string]string{}},
		{`{"op":"Add","path":"emails[type eq \"work\"].value","value":"c@work.example"}`, map[string]string{"c@work.example": "work"}},
	} {
		if a := s.do("PATCH", "/Users/"+id, patchBody(step.op)); a.status != 200 {
			t.Fatalf("%s: %d %s", step.op, a.status, a.text)
		}
		user := target.do("GET", "/Users", "").GetValues("Resources")[0].(*scim.Object)
		got := map[string]string{}
		for _, v := range user.GetValues("emails") {
			o := v.(*scim.Object)
			got[o.GetString("value")] = o.GetString("type")
		}
		if diff := cmp.Diff(step.want, got); diff != "" || len(got) != len(user.GetValues("emails")) {
			t.Errorf("after %s the target has (-want +got):\n%s", step.op, diff)
		}
	}
}

package plekclient_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sinktest"
)

// start serves a stand-in until the test ends.
func start(t *testing.T, o *plektest.Options) *plektest.Server {
	t.Helper()
	if o == nil {
		o = &plektest.Options{}
	}
	if o.Tokens == nil && o.ClientID == "" {
		o.Tokens = []string{"secret"}
	}
	s := plektest.New(o)
	_, err := s.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// connect makes a sink of a stand-in.
func connect(t *testing.T, s *plektest.Server, o *plekclient.Options) *plekclient.Sink {
	t.Helper()
	if o == nil {
		o = &plekclient.Options{}
	}
	if o.Token == "" && o.TokenSource == nil && o.ClientID == "" {
		o.Token = "secret"
	}
	if o.Rate == 0 {
		o.Rate = -1
	}
	c, err := plekclient.New(s.URL(), o)
	require.NoError(t, err)
	return c.Sink()
}

func record(kind provisioning.Kind, n int) *provisioning.Record {
	if kind == provisioning.Group {
		return &provisioning.Record{Kind: kind, Attributes: provisioning.Attributes{"displayName": {fmt.Sprintf("Groep %d", n)}}}
	}
	mail := fmt.Sprintf("person.%d@example.com", n)
	return &provisioning.Record{Kind: kind, Attributes: provisioning.Attributes{
		"userName":        {mail},
		"emails":          {mail},
		"name.givenName":  {"Noor"},
		"name.familyName": {fmt.Sprintf("van der Nr %d", n)},
		"displayName":     {fmt.Sprintf("Noor van der Nr %d", n)},
		"title":           {"Jurist"},
		"department":      {"Juridische zaken"},
	}}
}

func TestSink(t *testing.T) {
	for _, key := range []string{"externalId", "employeeNumber", "userName"} {
		t.Run(key, func(t *testing.T) {
			sinktest.Test(t, sinktest.Fixture{
				New: func(t *testing.T) provisioning.Sink {
					s := start(t, &plektest.Options{KeyAttribute: keyPath(key), AllowDelete: true, AllowKeyChange: true})
					// The kit deletes, and gives a user another key, which Plek documents neither of.
					return connect(t, s, &plekclient.Options{KeyAttribute: key, PageSize: 3, AllowDelete: true, AllowKeyChange: true})
				},
				Record:   record,
				Optional: map[provisioning.Kind]string{provisioning.User: "title"},
				Faulty: func(t *testing.T, fault func() sinktest.Fault) provisioning.Sink {
					s := start(t, &plektest.Options{KeyAttribute: keyPath(key), AllowDelete: true, AllowKeyChange: true})
					s.SetFault(faults(fault))
					return connect(t, s, &plekclient.Options{KeyAttribute: key, AllowDelete: true, AllowKeyChange: true, MaxWait: time.Millisecond})
				},
			})
		})
	}
}

func keyPath(key string) string {
	if key == "employeeNumber" {
		return "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"
	}
	return key
}

// faults lets writes fail as the kit wants.
func faults(fault func() sinktest.Fault) func(*http.Request) *plektest.Fault {
	return func(r *http.Request) *plektest.Fault {
		if r.Method == http.MethodGet {
			return nil
		}
		switch fault() {
		case sinktest.Refuse:
			return &plektest.Fault{Status: http.StatusServiceUnavailable}
		case sinktest.Lose:
			return &plektest.Fault{Done: true, Reset: true}
		}
		return nil
	}
}

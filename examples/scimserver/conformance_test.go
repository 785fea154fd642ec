package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// A suite is what a conformance suite checks by HTTP, with a tenant of its own.
type suite struct {
	name string
	// vendor says that it sends what the RFCs do not have, so that it is for the tolerant dialect only.
	vendor bool
	run    func(t *testing.T, c *session, strict bool)
}

var suites = []suite{
	{"discovery", false, testDiscovery},
	{"protocol", false, testProtocol},
	{"create", false, testCreate},
	{"characters", false, testCharacters},
	{"read", false, testRead},
	{"replace", false, testReplace},
	{"delete", false, testDelete},
	{"filter", false, testFilter},
	{"sort", false, testSort},
	{"page", false, testPage},
	{"projection", false, testProjection},
	{"search", false, testSearch},
	{"versions", false, testVersions},
	{"groups", false, testGroups},
	{"bulk", false, testBulk},
	{"patch", false, testPatch},
	{"patch errors", false, testPatchErrors},
	{"patch rules", false, testPatchRules},
	{"Entra ID users", true, testEntraUsers},
	{"Entra ID groups", true, testEntraGroups},
	{"Entra ID with the compliance flag", false, testEntraCompliant},
	{"Okta spec test", true, testOktaSpec},
	{"Okta provisioning", true, testOktaProvisioning},
	{"Google, OneLogin, JumpCloud, Ping, SailPoint", true, testOtherVendors},
}

// TestConformance runs the suites against the command with each database, tolerant and strict.
func TestConformance(t *testing.T) {
	for name, database := range databases {
		for _, strict := range []bool{false, true} {
			dialect := map[bool]string{false: "tolerant", true: "strict"}[strict]
			t.Run(name+"/"+dialect, func(t *testing.T) {
				t.Parallel()
				db := database(t)
				p := start(t, "-db", db, fmt.Sprintf("-strict=%v", strict))
				for _, s := range suites {
					if s.vendor && strict {
						continue
					}
					t.Run(s.name, func(t *testing.T) {
						c := p.as(newToken(t, db, s.name, "-tenant", s.name)).in(t)
						before := len(p.logged())
						s.run(t, c, strict)
						for line := range strings.SplitSeq(p.logged()[before:], "\n") {
							if strings.Contains(line, `"status":500`) || strings.Contains(line, `"level":"ERROR"`) {
								t.Errorf("an internal error: %s", line)
							}
						}
					})
				}
			})
		}
	}
}

// either gives what is wanted of one dialect or the other.
func either[T any](strict bool, ifStrict, ifTolerant T) T {
	if strict {
		return ifStrict
	}
	return ifTolerant
}

// fails sends a request and checks the error that it is answered with (RFC 7644 section 3.12).
func (c *session) fails(status int, scimType, method, path, body string) *answer {
	c.t.Helper()
	a := c.want(status, method, path, body)
	if a.status != status {
		return a
	}
	if a.str("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:Error" || a.str("status") != fmt.Sprint(status) || scimType != "" && a.str("scimType") != scimType {
		c.t.Errorf("%s %s\n%s\ngot %s, want scimType %q", method, path, body, a.text, scimType)
	}
	if _, isString := a.get("status").(string); !isString {
		c.t.Errorf("the status in an error is no string: %s", a.text)
	}
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/scim+json") {
		c.t.Errorf("an error has Content-Type %q", got)
	}
	return a
}

// names gives an attribute of each resource of a list, in its order.
func (a *answer) names(attribute string) []string {
	names := []string{}
	for _, r := range list(a.get("Resources")) {
		s, _ := r.(map[string]any)[attribute].(string)
		names = append(names, s)
	}
	return names
}

// query makes a path with parameters.
func query(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + v.Encode()
}

// keys are the names of the members of an object, sorted.
func keys(v any) []string {
	var names []string
	m, _ := v.(map[string]any)
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

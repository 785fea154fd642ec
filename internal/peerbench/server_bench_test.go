package peerbench

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

func newOurs() http.Handler {
	h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(memstore.New(nil)), server.InsecureAnyone, nil)
	if err != nil {
		panic(err)
	}
	return h
}

// sides are the servers that are compared.
var sides = []struct {
	name string
	new  func() http.Handler
}{{"usersync", newOurs}, {"elimity", newPeer}}

// template is an enterprise user of about 950 bytes; NNNN is a number.
const template = `{"schemas":["` + scim.UserSchema + `","` + scim.EnterpriseUserSchema + `"],"externalId":"E-NNNN","userName":"userNNNN@example.com",
"name":{"formatted":"Ms. Barbara J Jensen, III","familyName":"JensenFF","givenName":"Barbara","middleName":"Jane","honorificPrefix":"Ms."},
"displayName":"Babs Jensen","nickName":"Babs","title":"Tour Guide","userType":"Employee","preferredLanguage":"en-US","locale":"en-US","timezone":"America/Los_Angeles","active":true,
"emails":[{"value":"userNNNN@example.com","type":"work","primary":true},{"value":"babsNNNN@jensen.org","type":"home"}],
"phoneNumbers":[{"value":"555-555-NNNN","type":"work"}],
"addresses":[{"type":"work","streetAddress":"100 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608","country":"US","primary":true}],
"` + scim.EnterpriseUserSchema + `":{"employeeNumber":"NNNN","costCenter":"4130","organization":"Universal Studios","department":"Tour Operations"}}`

// parts are what is before and after the family name, split where the number is.
var parts = func() (p [2][]string) {
	before, after, _ := strings.Cut(template, "FF")
	return [2][]string{strings.Split(before, "NNNN"), strings.Split(after, "NNNN")}
}()

func person(i int) string {
	n := strconv.Itoa(i)
	return strings.Join(parts[0], n) + strconv.Itoa(i%100) + strings.Join(parts[1], n)
}

// A probe sends requests to a server as cheaply as can be, so that it is the server which is measured. What it sends
// and receives is valid until the next request.
type probe struct {
	http.Handler
	request http.Request
	body    strings.Reader
	header  http.Header
	status  int
	answer  []byte
}

func newProbe(h http.Handler) *probe {
	return &probe{Handler: h, header: http.Header{}, request: http.Request{
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "example.com",
		Header: http.Header{"Content-Type": {"application/scim+json"}, "Accept": {"application/scim+json"}},
	}}
}

func (p *probe) Header() http.Header { return p.header }

func (p *probe) WriteHeader(status int) { p.status = status }

func (p *probe) Write(b []byte) (int, error) {
	p.answer = append(p.answer, b...)
	return len(b), nil
}

// send sends a request and gives the answer.
func (p *probe) send(tb testing.TB, method string, target *url.URL, body string, status int) []byte {
	p.body.Reset(body)
	clear(p.header)
	p.status, p.answer = http.StatusOK, p.answer[:0]
	r := p.request
	r.Method, r.URL, r.RequestURI, r.Body, r.ContentLength = method, target, target.RequestURI(), io.NopCloser(&p.body), int64(len(body))
	p.ServeHTTP(p, &r)
	if p.status != status {
		tb.Fatalf("%s %s: %d %s", method, target, p.status, p.answer)
	}
	return p.answer
}

func parse(tb testing.TB, s string) *url.URL {
	u, err := url.ParseRequestURI(s)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// create makes a resource and gives its path.
func create(tb testing.TB, p *probe, endpoint, body string) *url.URL {
	answer := p.send(tb, "POST", parse(tb, endpoint), body, http.StatusCreated)
	o, err := scim.DecodeObject(answer, &scim.Options{Limits: scim.Limits{Body: 1 << 28, Values: 1 << 24}})
	if err != nil {
		tb.Fatal(err)
	}
	return parse(tb, endpoint+"/"+o.GetString("id"))
}

func each(b *testing.B, run func(b *testing.B, p *probe)) {
	for _, side := range sides {
		b.Run(side.name, func(b *testing.B) {
			b.ReportAllocs()
			run(b, newProbe(side.new()))
		})
	}
}

// spent is the time that the processors have given to this process, in nanoseconds.
func spent(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// measure reports the time that the processor spent, which other programs on the machine lengthen less than the time that
// passed. It is called before the loop, and what it gives after it.
func measure(b *testing.B) (done func()) {
	runtime.GC()
	before := spent(b)
	return func() { b.ReportMetric(float64(spent(b)-before)/float64(b.N), "cpu-ns/op") }
}

func BenchmarkServerGet(b *testing.B) {
	each(b, func(b *testing.B, p *probe) {
		path := create(b, p, "/Users", person(1))
		done := measure(b)
		for b.Loop() {
			p.send(b, "GET", path, "", http.StatusOK)
		}
		done()
	})
}

func BenchmarkServerPost(b *testing.B) {
	each(b, func(b *testing.B, p *probe) {
		i, users := 0, parse(b, "/Users")
		done := measure(b)
		for b.Loop() {
			i++
			p.send(b, "POST", users, person(i), http.StatusCreated)
		}
		done()
	})
}

func BenchmarkServerPut(b *testing.B) {
	each(b, func(b *testing.B, p *probe) {
		path := create(b, p, "/Users", person(1))
		bodies := [2]string{person(1), person(2)}
		i := 0
		done := measure(b)
		for b.Loop() {
			i++
			p.send(b, "PUT", path, bodies[i&1], http.StatusOK)
		}
		done()
	})
}

const patchHead = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`

func BenchmarkServerPatch(b *testing.B) {
	each(b, func(b *testing.B, p *probe) {
		path := create(b, p, "/Users", person(1))
		bodies := [2]string{}
		for i := range bodies {
			bodies[i] = patchHead + fmt.Sprintf(`{"op":"replace","path":"title","value":"title %d"}]}`, i)
		}
		i := 0
		done := measure(b)
		for b.Loop() {
			i++
			p.send(b, "PATCH", path, bodies[i&1], http.StatusOK)
		}
		done()
	})
}

func BenchmarkServerList(b *testing.B) {
	each(b, func(b *testing.B, p *probe) {
		fill(b, p)
		target := parse(b, "/Users?count=100")
		done := measure(b)
		for b.Loop() {
			p.send(b, "GET", target, "", http.StatusOK)
		}
		done()
	})
}

func fill(b *testing.B, p *probe) {
	for i := range 10_000 {
		create(b, p, "/Users", person(i))
	}
}

// BenchmarkServerFilter asks for at most 10 of 10,000 users.
func BenchmarkServerFilter(b *testing.B) {
	for _, f := range []struct{ name, filter string }{
		{"eq", `userName eq "user7777@example.com"`},
		{"two", `name.familyName eq "Jensen7" and active eq true`},
		{"valuePath", `emails[type eq "work" and value eq "user7777@example.com"]`},
		{"not", `not (userType eq "Employee") or nickName eq "nobody"`},
	} {
		b.Run(f.name, func(b *testing.B) {
			each(b, func(b *testing.B, p *probe) {
				fill(b, p)
				target := parse(b, "/Users?count=10&filter="+url.QueryEscape(f.filter))
				done := measure(b)
				for b.Loop() {
					p.send(b, "GET", target, "", http.StatusOK)
				}
				done()
			})
		})
	}
}

// BenchmarkServerMember adds one member to a group of some size, as Entra ID does it: the answer is 204.
func BenchmarkServerMember(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			each(b, func(b *testing.B, p *probe) {
				members := make([]string, n)
				for i := range members {
					members[i] = fmt.Sprintf(`{"value":"2819c223-7f76-453a-919d-%012d"}`, i)
				}
				path := create(b, p, "/Groups", `{"schemas":["`+scim.GroupSchema+`"],"displayName":"Tour Guides","members":[`+strings.Join(members, ",")+`]}`)
				i := 0
				done := measure(b)
				for b.Loop() {
					i++
					op := fmt.Sprintf(`{"op":"Add","path":"members","value":[{"value":"902c246b-6245-4190-8e05-%012d"}]}]}`, i)
					p.send(b, "PATCH", path, patchHead+op, http.StatusNoContent)
				}
				done()
			})
		})
	}
}

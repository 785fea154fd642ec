package plektest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// Options are the settings of a [Server]. The zero value lets nobody in.
type Options struct {
	// Tokens are the bearer tokens that are let in.
	Tokens []string
	// ClientID and ClientSecret get tokens at TokenPath by the client credentials grant, which hold
	// for TokenLifetime (an hour).
	ClientID, ClientSecret string
	TokenLifetime          time.Duration
	// TokenPath is the path of the token endpoint. Default: "/oauth/server/token".
	TokenPath string
	// BasePath is the path of the SCIM interface. Default: "/scim/v2".
	BasePath string
	// KeyAttribute is the SCIM attribute that carries the mapping key. Default: "externalId".
	KeyAttribute string
	// ProfileFields are further attributes of users, each as URN and name.
	ProfileFields []string
	// AllowDelete lets users be removed for good, and AllowKeyChange lets mapping keys change.
	AllowDelete, AllowKeyChange bool
	// PageSize is the most resources in one answer. Default: 100.
	PageSize int
	// Rate is how many requests a second are served; others get 429 with Retry-After. 0 is no bound.
	Rate float64
	// Latency is how long each answer takes at least.
	Latency time.Duration
	// Fault is asked about every SCIM request, and says what becomes of it; see [Server.SetFault].
	Fault func(*http.Request) *Fault
}

// A Server is a Plek stand-in. It is an [http.Handler]; [Server.Start] serves it on loopback.
type Server struct {
	options Options
	handler http.Handler
	store   *rules
	users   *scim.ResourceType
	groups  *scim.ResourceType
	limiter *rate.Limiter

	mu     sync.Mutex
	fault  func(*http.Request) *Fault
	tokens map[server.TokenHash]time.Time // issued, and until when they hold
	counts map[string]int

	http *http.Server
	url  string
}

// New makes a stand-in without users. It panics when the options contradict each other, which is a mistake in
// the program that uses it.
func New(o *Options) *Server {
	s := &Server{fault: func(*http.Request) *Fault { return nil }, tokens: map[server.TokenHash]time.Time{}, counts: map[string]int{}}
	if o != nil {
		s.options = *o
	}
	s.options.TokenPath = otherwise(s.options.TokenPath, "/oauth/server/token")
	s.options.BasePath = strings.TrimRight(otherwise(s.options.BasePath, "/scim/v2"), "/")
	s.options.KeyAttribute = otherwise(s.options.KeyAttribute, "externalId")
	s.options.PageSize = otherwise(s.options.PageSize, 100)
	s.options.TokenLifetime = otherwise(s.options.TokenLifetime, time.Hour)
	if s.options.Fault != nil {
		s.fault = s.options.Fault
	}
	if s.options.Rate > 0 {
		s.limiter = rate.NewLimiter(rate.Limit(s.options.Rate), max(1, int(s.options.Rate)))
	}
	var err error
	if s.users, err = userType(s.options.ProfileFields); err != nil {
		panic("plektest: " + err.Error())
	}
	s.groups = scim.NewGroupType()
	s.store = newRules(s, memstore.New(&memstore.Options{Indexed: []string{"emails.value"}}))
	s.handler, err = server.New([]*scim.ResourceType{s.users, s.groups}, server.One(s.store), server.Bearer(s.verify), &server.Options{
		Base:   s.options.BasePath,
		Limits: server.Limits{Results: s.options.PageSize, Page: s.options.PageSize},
	})
	if err != nil {
		panic("plektest: " + err.Error())
	}
	return s
}

func userType(fields []string) (*scim.ResourceType, error) {
	def := scim.ResourceTypeDefinition{
		Name: "User", Endpoint: "/Users", Schema: scim.NewUserSchema(),
		Extensions: []scim.Extension{{Schema: scim.NewEnterpriseUserSchema()}},
	}
	extra := map[string]*scim.Schema{}
	for _, f := range fields {
		i := strings.LastIndex(f, ":")
		if i < 0 {
			return nil, fmt.Errorf("profile field %q has no URN", f)
		}
		if extra[f[:i]] == nil {
			extra[f[:i]] = &scim.Schema{ID: f[:i], Name: "ProfileFields"}
			def.Extensions = append(def.Extensions, scim.Extension{Schema: extra[f[:i]]})
		}
		extra[f[:i]].Attributes = append(extra[f[:i]].Attributes, &scim.Attribute{Name: f[i+1:]})
	}
	return scim.NewResourceType(def)
}

// Start serves the stand-in on a free port of loopback and gives the address of the environment.
func (s *Server) Start() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("plektest: listen on loopback: %w", err)
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.url = "http://" + l.Addr().String()
	go func() { _ = s.http.Serve(l) }() // it ends with Close, and tells then that it was closed
	return s.url, nil
}

// URL is the address of the environment, once started.
func (s *Server) URL() string { return s.url }

// Close stops serving, whatever is under way. What the stand-in holds stays.
func (s *Server) Close() error {
	if s.http == nil {
		return nil
	}
	return s.http.Close()
}

// Users gives all users as they are stored, in the order in which they were made.
func (s *Server) Users() []*scim.Resource { return s.all(s.users) }

// Groups gives all groups with their members.
func (s *Server) Groups() []*scim.Resource { return s.all(s.groups) }

func (s *Server) all(t *scim.ResourceType) []*scim.Resource {
	page, err := s.store.List(context.Background(), &server.Query{Type: t, StartIndex: 1, Count: 1 << 30})
	if err != nil {
		return nil
	}
	list := make([]*scim.Resource, len(page.Resources))
	for i, r := range page.Resources {
		list[i] = r.Clone()
	}
	return list
}

// AddByHand makes a user as an administrator does in Plek: without mapping key. It gives the id.
func (s *Server) AddByHand(mail, first, last string) (string, error) {
	r := scim.NewResource(scim.UserSchema)
	r.Set("userName", mail)
	r.Set("active", true)
	r.Set("name", scim.NewObject(scim.Member{Name: "givenName", Value: first}, scim.Member{Name: "familyName", Value: last}))
	r.Set("emails", []any{scim.NewObject(scim.Member{Name: "value", Value: mail}, scim.Member{Name: "primary", Value: true})})
	made, err := s.store.create(context.Background(), s.users, r, true)
	if err != nil {
		return "", fmt.Errorf("plektest: add a user by hand: %w", err)
	}
	return made.ID(), nil
}

// Counts gives how many requests there were, by method, endpoint and status: "POST /Users 201".
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(map[string]int, len(s.counts))
	for k, n := range s.counts {
		c[k] = n
	}
	return c
}

// Writes gives how many requests there were that could change something.
func (s *Server) Writes() int {
	n := 0
	for k, c := range s.Counts() {
		if !strings.HasPrefix(k, "GET ") && !strings.Contains(k, s.options.TokenPath) {
			n += c
		}
	}
	return n
}

// ResetCounts begins to count anew.
func (s *Server) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.counts)
}

func otherwise[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

var _ http.Handler = (*Server)(nil)

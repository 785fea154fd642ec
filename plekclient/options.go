package plekclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
)

// Defaults of what Plek does not document.
const (
	// DefaultBasePath is where many services have their SCIM interface.
	DefaultBasePath = "/scim/v2"
	// DefaultTokenPath is the token address of Plek's OAuth 2.0 server, which its public sample for
	// the authorization code grant names; whether it takes client credentials is not documented.
	DefaultTokenPath = "/oauth/server/token"
	// DefaultKeyAttribute is what SCIM has for a key that the client gives (RFC 7643 section 3.1).
	DefaultKeyAttribute = "externalId"
	// DefaultPageSize is how many users are read at once.
	DefaultPageSize = 100
	// DefaultRate is the number of requests a second that Microsoft asks every SCIM service to bear.
	DefaultRate = 25
)

// Rights are the rights of users that Plek documents.
var Rights = [...]string{"User", "Admin", "Content manager", "External", "Read-only"}

// Options are the settings of a [Client] and its [Sink]. Give either Token, TokenSource, or
// ClientID and ClientSecret.
type Options struct {
	// Token is a bearer token.
	Token string
	// TokenSource gives the bearer token of each request, so that it can be rotated.
	TokenSource func(ctx context.Context) (string, error)
	// ClientID and ClientSecret get tokens by the client credentials grant of OAuth 2.0 from TokenPath,
	// with Scopes.
	ClientID, ClientSecret string
	Scopes                 []string
	// TokenPath is the path of the token endpoint, or its URL. Default: [DefaultTokenPath].
	TokenPath string

	// BasePath is the path of the SCIM interface on the host of the environment. Default: [DefaultBasePath],
	// unless the address that is given to New has a path.
	BasePath string
	// KeyAttribute is the SCIM attribute that carries the mapping key. Default: [DefaultKeyAttribute].
	KeyAttribute string
	// RoleAttribute is the attribute that carries the rights of a user, as "roles". Default: none; then rights
	// are not written, since Plek does not document that they can be.
	RoleAttribute string
	// Roles are the values that RoleAttribute may have. Default: [Rights].
	Roles []string
	// ProfileFields are attributes beyond those of RFC 7643 that the environment has for profile
	// fields, each as its URN and name: "urn:example:plek:User:expertise". Their values are strings.
	ProfileFields []string
	// PageSize is how many records are read at once. Default: [DefaultPageSize].
	PageSize int
	// Rate bounds the requests per second; negative is no bound. Default: [DefaultRate].
	Rate float64
	// Members is how many members of a group are added and removed in one request. Default: 100.
	Members int
	// NoGroups says that groups cannot be provisioned: the sink then has users only.
	NoGroups bool
	// AllowDelete lets Delete remove users and groups for good. Without it the sink refuses, since
	// Plek documents no removal but deactivation.
	AllowDelete bool
	// AllowKeyChange lets the mapping key of a user be replaced by another, to repair a wrong one by hand.
	AllowKeyChange bool

	// TLS are the settings of TLS; nil trusts the CAs of the system.
	TLS *tls.Config
	// AllowPlainHTTP lets credentials be sent over http to another machine.
	AllowPlainHTTP bool
	// HTTPClient sends the requests, in place of one made from TLS. Its Transport may wrap another, as tracing does; each
	// request has the context of the call that it is made for.
	HTTPClient *http.Client
	// Timeout bounds one attempt of a request; 0 is a minute.
	Timeout time.Duration
	// Retries is how often a request is sent again that may be; 0 is 4, negative is never.
	Retries int
	// MaxWait is the longest wait between two attempts; 0 is a minute.
	MaxWait time.Duration
}

// LogValue keeps the secrets out of logs.
func (o *Options) LogValue() slog.Value {
	if o == nil {
		return slog.Value{}
	}
	return slog.GroupValue(slog.String("basePath", o.BasePath), slog.String("keyAttribute", o.KeyAttribute), slog.Float64("rate", o.Rate))
}

func (o *Options) withDefaults() Options {
	c := *o
	c.TokenPath = otherwise(c.TokenPath, DefaultTokenPath)
	c.KeyAttribute = otherwise(c.KeyAttribute, DefaultKeyAttribute)
	c.PageSize = otherwise(c.PageSize, DefaultPageSize)
	c.Rate = otherwise(c.Rate, DefaultRate)
	if c.Roles == nil {
		c.Roles = Rights[:]
	}
	return c
}

func otherwise[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// clientOptions are those of the SCIM client.
func (o *Options) clientOptions(host *url.URL) (*client.Options, error) {
	c := &client.Options{
		Token: o.Token, TokenSource: o.TokenSource, TLS: o.TLS, AllowPlainHTTP: o.AllowPlainHTTP,
		HTTPClient: o.HTTPClient, PageSize: o.PageSize, Rate: max(o.Rate, 0), Burst: int(max(o.Rate, 1)),
		Timeout: o.Timeout, Retries: o.Retries, MaxWait: o.MaxWait,
		Profile: &client.Profile{Name: "Plek", MembersPerRequest: o.Members},
	}
	if o.ClientID == "" && o.ClientSecret == "" {
		return c, nil
	}
	if o.ClientID == "" || o.ClientSecret == "" {
		return nil, errors.New("plek: client credentials are a ClientID and a ClientSecret; one of the two is missing")
	}
	token, err := host.Parse(o.TokenPath)
	if err != nil {
		return nil, errors.New("plek: TokenPath is neither a path nor a URL")
	}
	c.OAuth = &clientcredentials.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, TokenURL: token.String(), Scopes: o.Scopes}
	return c, nil
}

// types are the resource types of the environment.
func (o *Options) types() (map[provisioning.Kind]*scim.ResourceType, error) {
	extra := map[string]*scim.Schema{}
	var schemas []*scim.Schema
	for _, field := range o.ProfileFields {
		i := strings.LastIndex(field, ":")
		if i <= 0 || !strings.HasPrefix(strings.ToLower(field), "urn:") {
			return nil, fmt.Errorf("plek: profile field %q is not the URN of a schema and a name, as urn:example:plek:User:expertise", field)
		}
		urn, name := field[:i], field[i+1:]
		if extra[urn] == nil {
			extra[urn] = &scim.Schema{ID: urn, Name: "ProfileFields"}
			schemas = append(schemas, extra[urn])
		}
		extra[urn].Attributes = append(extra[urn].Attributes, &scim.Attribute{Name: name})
	}
	types, err := client.NewTypes(schemas...)
	if err != nil {
		return nil, fmt.Errorf("plek: profile fields: %w", err)
	}
	if o.NoGroups {
		types[provisioning.Group] = nil
	}
	return types, nil
}

var _ slog.LogValuer = (*Options)(nil)

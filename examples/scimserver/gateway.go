package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/ilumy/usersync/datamapper"
	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
)

// Where the credentials for the service behind the gateway come from, unless a flag names a file.
const (
	gatewayToken  = "SCIMSERVER_GATEWAY_TOKEN"
	gatewaySecret = "SCIMSERVER_GATEWAY_CLIENT_SECRET"
)

// plek is the profile that is no SCIM service like others.
const plek = "plek"

// gateway says which service is written to, and how.
type gateway struct {
	url, profile string
	tokenFile    string
	clientID     string
	secretFile   string
	tokenURL     string
	mapping      string
	caFile       string
	plaintext    bool
	delete       bool
}

func (g *gateway) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&g.url, "gateway", "", "write what is pushed to the SCIM service at this `URL` too, at once")
	f.StringVar(&g.profile, "gateway-profile", "", "what the service is: "+plek+", "+cli.Profiles+" (default any)")
	f.StringVar(&g.mapping, "gateway-mapping", "", "make by the rules in this `file` what is written of what is pushed")
	f.StringVar(&g.tokenFile, "gateway-token-file", "", "the `file` with the service's bearer token (default $"+gatewayToken+")")
	f.StringVar(&g.clientID, "gateway-client-id", "", "get tokens by OAuth 2.0 client credentials with this `id`")
	f.StringVar(&g.secretFile, "gateway-client-secret-file", "", "the `file` with the client secret (default $"+gatewaySecret+")")
	f.StringVar(&g.tokenURL, "gateway-token-url", "", "the `URL` to get tokens from")
	f.StringVar(&g.caFile, "gateway-ca", "", "the `file` with the CA certificates of the service (default those of the system)")
	f.BoolVar(&g.plaintext, "gateway-allow-plaintext", false, "let credentials be sent to another machine without TLS")
	f.BoolVar(&g.delete, "gateway-delete", false, "delete users there who are deleted here, rather than deactivate them")
}

// stores puts the gateway, if there is one, between the requests and the database.
func (g *gateway) stores(d *database, l *slog.Logger) (server.Stores, error) {
	if g.url == "" {
		return d.Stores, nil
	}
	sink, err := g.sink()
	if err != nil {
		return nil, fmt.Errorf("-gateway: %w", err)
	}
	o := &server.GatewayOptions{Logger: l, Mapper: naming{typed: g.profile != plek}, Delete: map[provisioning.Kind]bool{provisioning.User: g.delete}}
	if g.mapping != "" {
		if o.Mapper, err = datamapper.LoadFile(g.mapping, nil); err != nil {
			return nil, fmt.Errorf("-gateway-mapping: %w", err)
		}
	}
	gw, err := server.NewGateway(d.Tenant(""), sink, o)
	if err != nil {
		return nil, err
	}
	// All that is pushed goes to one environment, so there is one tenant.
	return server.One(gw.Store()), nil
}

// sink makes the client of the service.
func (g *gateway) sink() (provisioning.Sink, error) {
	token, err := cli.SecretFrom(g.tokenFile, gatewayToken)
	if err != nil {
		return nil, err
	}
	secret, err := cli.SecretFrom(g.secretFile, gatewaySecret)
	if err != nil {
		return nil, err
	}
	switch {
	case token == "" && g.clientID == "":
		return nil, fmt.Errorf("there are no credentials: set %s, or name a file with -gateway-token-file, or use -gateway-client-id", gatewayToken)
	case g.clientID != "" && secret == "":
		return nil, fmt.Errorf("there is no client secret: set %s, or name a file with -gateway-client-secret-file", gatewaySecret)
	case g.clientID != "":
		token = ""
	}
	settings, err := g.tls()
	if err != nil {
		return nil, err
	}
	if g.profile == plek {
		o := &plekclient.Options{Token: token.Reveal(), TLS: settings, AllowPlainHTTP: g.plaintext, AllowDelete: g.delete}
		if g.clientID != "" {
			o.ClientID, o.ClientSecret, o.TokenPath = g.clientID, secret.Reveal(), g.tokenURL
		}
		c, err := plekclient.New(g.url, o)
		if err != nil {
			return nil, err
		}
		return c.Sink(), nil
	}
	o := &client.Options{Token: token.Reveal(), TLS: settings, AllowPlainHTTP: g.plaintext}
	if o.Profile, err = cli.Profile(g.profile); err != nil {
		return nil, &cli.UsageError{Err: err}
	}
	if g.clientID != "" {
		if g.tokenURL == "" {
			return nil, cli.Usagef("-gateway-client-id needs -gateway-token-url")
		}
		o.OAuth = &clientcredentials.Config{TokenURL: g.tokenURL, ClientID: g.clientID, ClientSecret: secret.Reveal()}
	}
	c, err := client.New(g.url, o)
	if err != nil {
		return nil, err
	}
	return client.NewDirectory(c, nil)
}

// tls gives the settings for a CA of one's own; nil for those of the system.
func (g *gateway) tls() (*tls.Config, error) {
	if g.caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(g.caFile)
	if err != nil {
		return nil, fmt.Errorf("reading the CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the file of the CA holds no certificate: expected PEM, which begins with -----BEGIN CERTIFICATE-----")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

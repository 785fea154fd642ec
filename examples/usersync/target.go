package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/telemetry"
	"github.com/ilumy/usersync/scim/client"
)

// sink makes the system that follows.
func (c *config) sink(w wiring) (provisioning.Sink, error) {
	if plek := c.Target.Plek; plek != nil {
		p := plek.Endpoint
		settings, err := c.tls(p.CA, text{}, text{})
		if err != nil {
			return nil, err
		}
		o := &plekclient.Options{
			Token: p.Token.value, BasePath: plek.BasePath.value, AllowPlainHTTP: bool(p.AllowPlaintext), Rate: float64(p.Rate),
			AllowDelete: c.Policy.UsersGone.value == "delete" || c.Policy.GroupsGone.value == "delete" || c.Policy.OutOfScope.value == "delete",
		}
		o.AllowKeyChange = w.keys
		o.HTTPClient, o.TLS = traced(w.spans, settings)
		if p.OAuth != nil {
			o.ClientID, o.ClientSecret = p.OAuth.ClientID.value, p.OAuth.ClientSecret.value
			o.TokenPath, o.Scopes = p.OAuth.TokenURL.value, p.OAuth.Scopes.values()
		}
		client, err := plekclient.New(p.URL.value, o)
		if err != nil {
			return nil, err
		}
		return client.Sink(), nil
	}
	s := c.Target.SCIM.Endpoint
	settings, err := c.tls(s.CA, text{}, text{})
	if err != nil {
		return nil, err
	}
	o := &client.Options{Token: s.Token.value, AllowPlainHTTP: bool(s.AllowPlaintext), Rate: float64(s.Rate)}
	o.HTTPClient, o.TLS = traced(w.spans, settings)
	if o.Profile, err = cli.Profile(c.Target.SCIM.Profile.value); err != nil {
		return nil, err
	}
	if s.OAuth != nil {
		o.OAuth = &clientcredentials.Config{
			TokenURL: s.OAuth.TokenURL.value, ClientID: s.OAuth.ClientID.value, ClientSecret: s.OAuth.ClientSecret.value,
			Scopes: s.OAuth.Scopes.values(),
		}
	}
	scim, err := client.New(s.URL.value, o)
	if err != nil {
		return nil, err
	}
	return client.NewDirectory(scim, nil)
}

// traced gives a client that makes spans of its requests, or where there are none to be made the settings for one that does not.
func traced(spans trace.TracerProvider, settings *tls.Config) (*http.Client, *tls.Config) {
	if spans == nil {
		return nil, settings
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig, t.MaxIdleConnsPerHost = settings, 32 // Writes are under way at once.
	return &http.Client{Transport: telemetry.Transport(t, spans)}, nil
}

// tls gives the settings for a CA of one's own and for a client certificate; nil for those of the system.
func (c *config) tls(ca, certificate, key text) (*tls.Config, error) {
	if !ca.set() && !certificate.set() {
		return nil, nil
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca.set() {
		pem, err := os.ReadFile(c.path(ca))
		if err != nil {
			return nil, fmt.Errorf("reading the CA: %w", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate: expected PEM, which begins with -----BEGIN CERTIFICATE-----", c.path(ca))
		}
	}
	if certificate.set() {
		pair, err := tls.LoadX509KeyPair(c.path(certificate), c.path(key))
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate: %w", err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return settings, nil
}

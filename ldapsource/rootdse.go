package ldapsource

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
)

// Object identifiers of controls and capabilities (MS-ADTS section 3.1.1.3.4.1, RFC 4533).
const (
	oidActiveDirectory = "1.2.840.113556.1.4.800"
	oidLightweight     = "1.2.840.113556.1.4.1851"
	oidExtendedDN      = "1.2.840.113556.1.4.529"
	oidDomainScope     = "1.2.840.113556.1.4.1339"
)

// rootDSE is what a server says of itself (RFC 4512 section 5.1).
type rootDSE struct {
	entry    entry.Entry
	controls []string
}

var rootAttributes = []string{"namingContexts", "defaultNamingContext", "supportedControl", "supportedCapabilities",
	"supportedSASLMechanisms", "vendorName", "vendorVersion", "objectClass", "dsServiceName", "dnsHostName",
	"highestCommittedUSN", "configurationNamingContext", "rootDomainNamingContext", "isGlobalCatalogReady", "changelog",
	"firstchangenumber", "lastchangenumber", "currentTime"}

func (s *Source) readRoot(ctx context.Context, c *conn) (*rootDSE, error) {
	r := &rootDSE{}
	req := &wire.Request{Scope: ldap.ScopeBaseObject, Filter: presentFilter, Attributes: rootAttributes}
	err := s.search(ctx, c, req, func(m *wire.Message) error {
		if m.Entry != nil {
			r.entry = *m.Entry
			r.entry.Attributes = slices.Clone(m.Entry.Attributes)
			for i := range r.entry.Attributes {
				a := &r.entry.Attributes[i]
				a.Values = slices.Clone(a.Values)
			}
		}
		return nil
	})
	r.controls = r.entry.Get("supportedControl")
	return r, err
}

func (r *rootDSE) supports(control string) bool { return slices.Contains(r.controls, control) }

// dialect recognises the brand.
func (r *rootDSE) dialect() *Dialect {
	capabilities := r.entry.Get("supportedCapabilities")
	vendor := strings.ToLower(r.entry.First("vendorName") + " " + r.entry.First("vendorVersion"))
	switch {
	case slices.Contains(capabilities, oidLightweight):
		return LightweightDirectory()
	case slices.Contains(capabilities, oidActiveDirectory):
		return ActiveDirectory()
	case strings.Contains(vendor, "389"):
		return DirectoryServer389()
	}
	return OpenLDAP()
}

// contexts gives the naming contexts that may hold people.
func (r *rootDSE) contexts() []string {
	if base := r.entry.First("defaultNamingContext"); base != "" {
		return []string{base}
	}
	var list []string
	for _, name := range r.entry.Get("namingContexts") {
		switch lower := strings.ToLower(name); {
		case lower == "", strings.HasPrefix(lower, "cn=config"), strings.HasPrefix(lower, "cn=schema"), lower == "cn=monitor",
			lower == "cn=changelog", lower == "cn=accesslog", lower == "o=netscaperoot":
		default:
			list = append(list, name)
		}
	}
	return list
}

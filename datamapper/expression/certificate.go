package expression

import (
	"crypto/sha1" //nolint:gosec // a thumbprint names a certificate, it protects nothing
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
	"time"
)

// certificateFunctions read X.509 certificates, which are base64 as in LDIF, PEM, or bytes.
func certificateFunctions() []*function {
	var all []*function
	add := func(f func(c *certificate) (Value, error), result types, names ...string) {
		for _, name := range names {
			all = append(all, &function{
				name: name, params: []param{need("certificateRawData", pText)}, result: result,
				apply: func(_ *Env, args []Value) (Value, error) {
					c, err := parseCertificate(args[0].s)
					if err != nil {
						return Value{}, err
					}
					return f(c)
				},
			})
		}
	}
	plain := func(f func(c *certificate) string, names ...string) {
		add(func(c *certificate) (Value, error) { return text(f(c)), nil }, aText, names...)
	}
	moment := func(t time.Time) (Value, error) { return date(ticksOf(t.UTC())) }

	plain(func(c *certificate) string { return name(c.Subject) }, "CertSubject", "CertSubjectNameDN")
	plain(func(c *certificate) string { return name(c.Issuer) }, "CertIssuer", "CertIssuerDN")
	plain(func(*certificate) string { return "X509" }, "CertFormat")
	// A certificate itself has no alias, and .NET's names have no OID.
	plain(func(*certificate) string { return "" }, "CertFriendlyName", "CertIssuerOid", "CertSubjectNameOid")
	plain(func(c *certificate) string {
		sum := sha1.Sum(c.Raw) //nolint:gosec // see above
		return strings.ToUpper(hex.EncodeToString(sum[:]))
	}, "CertThumbprint", "CertHashString")
	plain(func(c *certificate) string { return strings.ToUpper(hex.EncodeToString(c.serial)) }, "CertSerialNumber")
	plain(func(c *certificate) string { return c.key.Algorithm.String() }, "CertKeyAlgorithm", "CertPublicKeyOid", "CertPublicKeyParametersOid")
	plain(func(c *certificate) string { return strings.ToUpper(hex.EncodeToString(c.key.Parameters.FullBytes)) }, "CertKeyAlgorithmParams")
	plain(func(c *certificate) string { return c.signature.Algorithm.String() }, "CertSignatureAlgorithmOid")
	add(func(c *certificate) (Value, error) { return moment(c.NotBefore) }, aDate, "CertNotBefore")
	add(func(c *certificate) (Value, error) { return moment(c.NotAfter) }, aDate, "CertNotAfter")
	add(func(c *certificate) (Value, error) { return integer(int64(c.Version)), nil }, aNumber, "CertVersion")
	add(func(c *certificate) (Value, error) {
		oids := []string{}
		for _, e := range c.Extensions {
			if e.Critical {
				oids = append(oids, e.Id.String())
			}
		}
		return listOf(oids), nil
	}, aList, "CertExtensionOids")
	return append(all,
		&function{
			name: "CertNameInfo", result: aText,
			params: []param{need("certificateRawData", pText), need("x509NameType", pText), need("includesIssuerName", pBoolean)},
			apply: func(_ *Env, args []Value) (Value, error) {
				c, err := parseCertificate(args[0].s)
				if err != nil {
					return Value{}, err
				}
				return c.nameInfo(args[1].s, args[2].n != 0)
			},
		},
		&function{
			name: "IsCert", params: []param{nullable("certificateRawData", pText)}, result: aBoolean,
			apply: func(_ *Env, args []Value) (Value, error) {
				_, err := parseCertificate(args[0].s)
				return boolean(err == nil), nil
			},
		},
	)
}

// A certificate is what x509 reads, and what it does not tell.
type certificate struct {
	*x509.Certificate
	serial         []byte
	key, signature pkix.AlgorithmIdentifier
}

var errCertificate = errors.New("certificateRawData is not an X.509 certificate in base64")

func parseCertificate(s string) (*certificate, error) {
	var found *certificate
	try := func(der []byte) bool {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return false
		}
		var outer struct {
			Raw       asn1.RawContent
			TBS       asn1.RawValue
			Signature pkix.AlgorithmIdentifier
			Value     asn1.BitString
		}
		var key struct {
			Algorithm pkix.AlgorithmIdentifier
			Value     asn1.BitString
		}
		if _, err := asn1.Unmarshal(c.Raw, &outer); err != nil {
			return false
		}
		if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &key); err != nil {
			return false
		}
		found = &certificate{c, c.SerialNumber.Bytes(), key.Algorithm, outer.Signature}
		return true
	}
	if block, _ := pem.Decode([]byte(s)); block != nil && try(block.Bytes) {
		return found, nil
	}
	if _, ok := binary(s, try); ok {
		return found, nil
	}
	return nil, errCertificate
}

// nameInfo is .NET's GetNameInfo, with the name types that have an attribute or an alternative name of their own.
func (c *certificate) nameInfo(kind string, issuer bool) (Value, error) {
	n, alternatives := c.Subject, c.Certificate
	if issuer {
		n, alternatives = c.Issuer, &x509.Certificate{}
	}
	first := func(values []string) string {
		if len(values) > 0 {
			return values[0]
		}
		return ""
	}
	switch strings.ToLower(kind) {
	case "simplename":
		for _, s := range []string{n.CommonName, first(n.OrganizationalUnit), first(n.Organization), first(alternatives.EmailAddresses)} {
			if s != "" {
				return text(s), nil
			}
		}
		return text(""), nil
	case "emailname":
		return text(first(alternatives.EmailAddresses)), nil
	case "dnsname", "dnsfromalternativename":
		if s := first(alternatives.DNSNames); s != "" || strings.EqualFold(kind, "DnsFromAlternativeName") {
			return text(s), nil
		}
		return text(n.CommonName), nil
	case "urlname":
		if len(alternatives.URIs) > 0 {
			return text(alternatives.URIs[0].String()), nil
		}
		return text(""), nil
	case "upnname":
		return text(c.upn(issuer)), nil
	}
	return Value{}, errors.New("x509NameType is SimpleName, EmailName, UpnName, DnsName, DnsFromAlternativeName or UrlName")
}

// upn gives the user principal name among the alternative names (OID 1.3.6.1.4.1.311.20.2.3).
func (c *certificate) upn(issuer bool) string {
	for _, e := range c.Extensions {
		if issuer || e.Id.String() != "2.5.29.17" {
			continue
		}
		var names []asn1.RawValue
		if _, err := asn1.Unmarshal(e.Value, &names); err != nil {
			continue
		}
		for _, n := range names {
			var other struct {
				OID   asn1.ObjectIdentifier
				Value asn1.RawValue
			}
			if n.Tag != 0 || n.Class != asn1.ClassContextSpecific {
				continue
			}
			if _, err := asn1.UnmarshalWithParams(n.FullBytes, &other, "tag:0"); err == nil && other.OID.String() == "1.3.6.1.4.1.311.20.2.3" {
				var value asn1.RawValue
				if _, err := asn1.Unmarshal(other.Value.Bytes, &value); err == nil {
					return string(value.Bytes)
				}
			}
		}
	}
	return ""
}

// name writes a distinguished name as .NET does: the most specific part first, ", " between.
func name(n pkix.Name) string {
	parts := strings.Split(n.String(), ",")
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(',')
			if !strings.HasSuffix(parts[i-1], `\`) {
				b.WriteByte(' ')
			}
		}
		b.WriteString(p)
	}
	return b.String()
}

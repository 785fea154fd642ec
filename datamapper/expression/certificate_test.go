package expression

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"
)

// newCertificate makes a certificate with a user principal name, as smart cards have.
func newCertificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	upn, err := asn1.MarshalWithParams("jan@example.com", "utf8")
	if err != nil {
		t.Fatal(err)
	}
	other, err := asn1.MarshalWithParams(struct {
		OID   asn1.ObjectIdentifier
		Value asn1.RawValue
	}{asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}, asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: upn}}, "tag:0")
	if err != nil {
		t.Fatal(err)
	}
	names, err := asn1.Marshal([]asn1.RawValue{{FullBytes: other}, {Class: 2, Tag: 1, Bytes: []byte("jan@mail.example")}})
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1234ab),
		Subject:      pkix.Name{CommonName: "Jansen, Jan", Organization: []string{"Example"}, Country: []string{"NL"}},
		NotBefore:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), NotAfter: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: names}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestCertificates(t *testing.T) {
	der := newCertificate(t)
	sum := sha1.Sum(der)
	thumbprint := strings.ToUpper(hex.EncodeToString(sum[:]))
	record := []string{"c=" + base64.StdEncoding.EncodeToString(der), "bad=x", "two=" + base64.StdEncoding.EncodeToString(der) + "|x"}
	check(t, []sample{
		{`CertSubject([c])`, record, `CN=Jansen\, Jan, O=Example, C=NL`},
		{`CertIssuerDN([c])`, record, `CN=Jansen\, Jan, O=Example, C=NL`},
		{`CertThumbprint([c])`, record, thumbprint},
		{`CertHashString([c])`, record, thumbprint},
		{`CertSerialNumber([c])`, record, "1234AB"},
		{`CertFormat([c])`, record, "X509"},
		{`CertVersion([c])`, record, "3"},
		{`CertNotBefore([c])`, record, "1/2/2026 3:04:05 AM"},
		{`CertNotAfter([c])`, record, "1/2/2027 3:04:05 AM"},
		{`CertKeyAlgorithm([c])`, record, "1.2.840.10045.2.1"},
		{`CertPublicKeyOid([c])`, record, "1.2.840.10045.2.1"},
		{`CertKeyAlgorithmParams([c])`, record, "06082A8648CE3D030107"},
		{`CertSignatureAlgorithmOid([c])`, record, "1.2.840.10045.4.3.2"},
		{`CertExtensionOids([c])`, record, "[2.5.29.15]"},
		{`CertNameInfo([c], "SimpleName", False)`, record, "Jansen, Jan"},
		{`CertNameInfo([c], "UpnName", False)`, record, "jan@example.com"},
		{`CertNameInfo([c], "EmailName", False)`, record, "jan@mail.example"},
		{`CertNameInfo([c], "DnsName", True)`, record, "Jansen, Jan"},
		{`CertFriendlyName([c])`, record, ""},
		{`IsCert([c])`, record, "True"},
		{`IsCert([bad])`, record, "False"},
		{`CertSubject([no])`, record, "<null>"},
		{`CertSubject([bad])`, record, "error: CertSubject: certificateRawData is not an X.509 certificate in base64"},
		// The sample of the reference: certificates that have not expired.
		{`With($unExpiredCerts,Where($item,[c],CertNotAfter($item)>Now()),IIF(Count($unExpiredCerts)>0,Select($c, $unExpiredCerts, CertVersion($c)),NULL))`, record, "[3]"},
		{`Count(Where($item,[two],IsCert($item)))`, record, "1"},
	})
}

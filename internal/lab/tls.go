package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A Certificate says what kind of certificate a server shows.
type Certificate int

// The kinds; a client must refuse all but the first.
const (
	Good       Certificate = iota
	Expired                // ended yesterday
	SelfSigned             // by nobody whom a client could know
	WrongName              // made out to another host
)

// An Authority signs the certificates of one server and its clients.
type Authority struct {
	// File is the certificate in PEM, Pool the same for crypto/tls.
	File string
	Pool *x509.CertPool

	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes a certificate authority, which is gone after the test.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t, dir: tempDir(t), Pool: x509.NewCertPool()}
	a.cert = a.template("Lab root CA")
	a.cert.IsCA, a.cert.BasicConstraintsValid = true, true
	a.cert.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	a.key = a.newKey()
	der := a.sign(a.cert, a.cert, a.key, a.key)
	a.cert, _ = x509.ParseCertificate(der)
	a.Pool.AddCert(a.cert)
	a.File = filepath.Join(a.dir, "ca.pem")
	write(t, a.File, toPEM("CERTIFICATE", der))
	return a
}

// Server issues the certificate of a server with these names and addresses, and gives the files of
// the certificate and of its key.
func (a *Authority) Server(kind Certificate, hosts ...string) (certFile, keyFile string) {
	a.t.Helper()
	c := a.template(hosts[0])
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
	signer, signerKey, key := a.cert, a.key, a.newKey()
	switch kind {
	case Expired:
		c.NotAfter = time.Now().Add(-24 * time.Hour)
		c.NotBefore = c.NotAfter.Add(-48 * time.Hour)
	case SelfSigned:
		signer, signerKey = c, key
	case WrongName:
		c.DNSNames, c.IPAddresses = []string{"elsewhere.example"}, nil
	}
	return a.save("server", a.sign(c, signer, key, signerKey), key)
}

// Client issues the certificate of a client, for SASL EXTERNAL. Its subject is CN=name,O=Lab.
func (a *Authority) Client(name string) (certFile, keyFile string) {
	a.t.Helper()
	c := a.template(name)
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	key := a.newKey()
	return a.save(name, a.sign(c, a.cert, key, a.key), key)
}

// TLS is a client's configuration that trusts the authority alone.
func (a *Authority) TLS() *tls.Config { return &tls.Config{RootCAs: a.Pool} }

func (a *Authority) template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.Fatal(err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{"Lab"}, CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func (a *Authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return key
}

func (a *Authority) sign(c, signer *x509.Certificate, key, signerKey *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, c, signer, &key.PublicKey, signerKey)
	if err != nil {
		a.t.Fatalf("signing a certificate: %v", err)
	}
	return der
}

// save writes the files. Samba refuses a key that others can read.
func (a *Authority) save(name string, der []byte, key *ecdsa.PrivateKey) (certFile, keyFile string) {
	a.t.Helper()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key")
	write(a.t, certFile, toPEM("CERTIFICATE", der))
	if err := os.WriteFile(keyFile, []byte(toPEM("PRIVATE KEY", pkcs8)), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return certFile, keyFile
}

func toPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

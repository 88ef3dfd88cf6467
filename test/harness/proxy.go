// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// VendorHost is a name that only the proxy can resolve.
const VendorHost = "clevertap.test"

// Certificate returns a certificate for VendorHost, signed by itself, and the root to trust in PEM. It is valid for an hour.
func Certificate() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: VendorHost}, DNSNames: []string{VendorHost},
		NotBefore: clock.RealClock{}.Now().Add(-time.Hour), NotAfter: clock.RealClock{}.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("making a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// ForwardProxy is a proxy whose only way leads to the mock server.
type ForwardProxy struct {
	// Vendor is the mock server's address.
	Vendor string
	// Tunnels counts those to VendorHost, and Strange other requests.
	Tunnels, Strange atomic.Int32
}

// ServeHTTP connects the caller with the mock server.
func (p *ForwardProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || r.Host != VendorHost+":443" {
		p.Strange.Add(1)
		http.Error(w, "not here", http.StatusBadGateway)
		return
	}
	there, err := net.Dial("tcp", p.Vendor)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusOK)
	here, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	p.Tunnels.Add(1)
	go func() {
		_, _ = io.Copy(there, here)
		_ = there.Close()
	}()
	_, _ = io.Copy(here, there)
	_ = here.Close()
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"crypto/tls"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// The operator reaches CleverTap through a forward proxy and trusts a private root, by the environment that the chart's
// extraEnv sets; the API server is reached past the proxy.
func TestAProxyAndAPrivateRoot(t *testing.T) {
	g := NewWithT(t)
	plane, err := harness.Start("")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(plane.Stop()).To(Succeed()) })

	certificate, root, err := harness.Certificate()
	g.Expect(err).NotTo(HaveOccurred())
	mock := clevertaptest.New(clock.RealClock{})
	mock.Account(clevertap.India, "TEST-1").Passcode("q4", "YOW-RMW-WIKL", 90)
	vendor := httptest.NewUnstartedServer(mock)
	vendor.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	vendor.StartTLS()
	t.Cleanup(vendor.Close)
	proxy := &harness.ForwardProxy{Vendor: vendor.Listener.Addr().String()}
	proxyServer := httptest.NewServer(proxy)
	t.Cleanup(proxyServer.Close)

	roots := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(roots, "company.pem"), root, 0o600)).To(Succeed())
	startOperator(t, plane, "--clevertap-endpoint=https://"+harness.VendorHost+"/{region}",
		"HTTPS_PROXY="+proxyServer.URL, "NO_PROXY=127.0.0.1", "SSL_CERT_DIR="+roots)

	g.Eventually(readyOf(g, plane), 30*time.Second).Should(Equal("PasscodePublished"))
	g.Expect(proxy.Tunnels.Load()).To(BeNumerically(">", 0))
	g.Expect(proxy.Strange.Load()).To(BeZero(), "the API server is reached past the proxy")
}

// startOperator runs the operator's own binary with an environment, until the test ends.
func startOperator(t *testing.T, plane *harness.ControlPlane, argument string, environment ...string) {
	t.Helper()
	g := NewWithT(t)
	folder := t.TempDir()
	binary := filepath.Join(folder, "operator")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = harness.Root()
	out, err := build.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))
	kubeconfig := filepath.Join(folder, "kubeconfig")
	g.Expect(os.WriteFile(kubeconfig, plane.Kubeconfig(), 0o600)).To(Succeed())
	operator := exec.CommandContext(t.Context(), binary, "--operator-namespace=default", "--metrics-bind-address=0", "--health-probe-bind-address=0",
		argument)
	operator.Env = append(environment, "KUBECONFIG="+kubeconfig)
	log := &logged{t: t}
	operator.Stderr = log
	g.Expect(operator.Start()).To(Succeed())
	t.Cleanup(func() {
		_ = operator.Process.Kill()
		_ = operator.Wait()
	})
}

// logged shows the operator's log if the test fails.
type logged struct{ t *testing.T }

func (l *logged) Write(text []byte) (int, error) {
	l.t.Log(string(text))
	return len(text), nil
}

// readyOf applies an object with its source, and returns the reason of its condition Ready.
func readyOf(g Gomega, plane *harness.ControlPlane) func() string {
	server, err := harness.Client(plane.Config())
	g.Expect(err).NotTo(HaveOccurred())
	ctx := context.Background()
	g.Expect(server.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "staged", Labels: map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource}},
		StringData: map[string]string{"q4": "YOW-RMW-WIKL"},
	})).To(Succeed())
	object := &v1alpha1.CleverTapPasscode{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "marketing"},
		Spec: v1alpha1.CleverTapPasscodeSpec{
			AccountID: "TEST-1", Region: "in1", Expiry: v1alpha1.Expiry{Days: new(int32(90))},
			Passcodes: []v1alpha1.PasscodeEntry{{Name: "q4", SecretKeyRef: v1alpha1.SecretKeyRef{Name: "staged", Key: "q4"}}},
		},
	}
	g.Expect(server.Create(ctx, object)).To(Succeed())
	return func() string {
		if err := server.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err.Error()
		}
		if ready := meta.FindStatusCondition(object.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
			return ready.Reason
		}
		return ""
	}
}

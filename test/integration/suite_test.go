// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package integration plays what users do against a real API server.
package integration

import (
	"bytes"
	"crypto/md5"  // it is looked for
	"crypto/sha1" // it is looked for
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"go.uber.org/zap/zapcore"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

func TestIntegration(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(30 * time.Second) // of a busy machine; what holds at once waits for nothing
	RunSpecs(t, "Integration")
}

var (
	config     *rest.Config
	kubeconfig []byte // the same
	scheme     = runtime.NewScheme()
	kube       client.WithWatch // an administrator's client, uncached
)

// One control plane serves all parallel processes; each test has a namespace of its own in it.
var _ = SynchronizedBeforeSuite(func() []byte {
	auditLog := filepath.Join(GinkgoT().TempDir(), "audit.log")
	plane, err := harness.Start(auditLog)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(plane.Stop)
	stopControllers, err := plane.StartControllers()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(stopControllers)
	audited = auditLog
	return plane.Kubeconfig()
}, func(access []byte) {
	kubeconfig = access
	ctrl.SetLogger(operator.Logger(zap.Options{Development: true, Level: zapcore.Level(-10)}, zap.WriteTo(io.MultiWriter(GinkgoWriter, &logged))))
	var err error
	config, err = clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	config.QPS = -1 // as ctrl.GetConfig has it: the API server's own fairness is the limit
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	kube, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
})

// logged is everything that the operators of this process logged, at the highest verbosity.
var logged logBuffer

// logBuffer is a buffer that many may write to at once.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take is what was logged since the last time.
func (b *logBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.text.String()
	b.text.Reset()
	return text
}

// Whatever the tests did: no passcode, encoded or digested in a common way, outside a Secret's data.
var _ = AfterEach(func(ctx SpecContext) {
	var reported strings.Builder
	reported.WriteString(logged.take())
	for _, list := range []client.ObjectList{&v1alpha1.CleverTapPasscodeList{}, &eventsv1.EventList{}, &metav1.PartialObjectMetadataList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"},
	}} {
		Expect(kube.List(ctx, list)).To(Succeed())
		text, err := json.Marshal(list)
		Expect(err).NotTo(HaveOccurred())
		reported.Write(text)
	}
	for _, value := range []string{"AAA-AAA-AAAA", "BBB-BBB-BBBB", "CCC-CCC-CCCC", "EDI-TED-EDIT", "WRO-NGW-RONG", "AAA AAA AAAA", "AAA-AAA-AAAB"} {
		for _, shape := range shapes(value) {
			Expect(strings.Contains(reported.String(), shape)).To(BeFalse(), "%s was reported", shape)
		}
	}
})

// shapes are the common ways in which a value might get out.
func shapes(value string) []string {
	sum1, sum256, md := sha1.Sum([]byte(value)), sha256.Sum256([]byte(value)), md5.Sum([]byte(value)) // they are looked for
	return []string{
		value, url.PathEscape(value), strings.ToLower(value), strings.ReplaceAll(value, "-", ""),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte(value + "\n")),
		hex.EncodeToString([]byte(value)), fmt.Sprintf("%v", []byte(value)),
		hex.EncodeToString(sum1[:]), hex.EncodeToString(sum256[:]), hex.EncodeToString(md[:]),
		hex.EncodeToString(sum256[:])[:16], base64.StdEncoding.EncodeToString(sum256[:]),
	}
}

// audited is the API server's audit log; only the process that started it knows it.
var audited string

// newNamespace is never deleted: the control plane ends with the run, and nothing in it would do the deleting.
func newNamespace(ctx SpecContext) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	Expect(kube.Create(ctx, namespace)).To(Succeed())
	return namespace.Name
}

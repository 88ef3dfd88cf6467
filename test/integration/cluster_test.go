// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/controllers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

const (
	day       = 24 * time.Hour
	accountID = "TEST-5RW-K78-985Z"
	india     = clevertap.India
)

// cluster is a test's namespace with an operator, a CleverTap and a clock of its own.
type cluster struct {
	namespace  string
	clock      *clocktesting.FakeClock
	start      time.Time
	vendor     *clevertaptest.Server
	account    *clevertaptest.Account
	requests   *requestLog
	mockServer string
	registry   *prometheus.Registry
	user       string   // that the operator is
	namespaces []string // that the operator watches
	// reconciler is the first operator's; nil while it starts.
	reconciler atomic.Pointer[controllers.Reconciler]
	stop       func()
	adapt      []func(*operator.Options, *rest.Config)
}

// newCluster starts an operator that has nothing to do yet; its options and its access may be adapted.
func newCluster(ctx SpecContext, adapt ...func(*operator.Options, *rest.Config)) *cluster {
	GinkgoHelper()
	start := time.Now().Truncate(time.Second) //nolint:forbidigo // objects carry the API server's time of creation
	c := &cluster{namespace: newNamespace(ctx), clock: clocktesting.NewFakeClock(start), start: start, adapt: adapt, user: namespacedOperator}
	grantRoles(ctx, c.namespace, c.user)
	c.vendor = clevertaptest.New(c.clock)
	c.account = c.vendor.Account(india, accountID)
	server := httptest.NewServer(c.vendor)
	DeferCleanup(server.Close)
	c.mockServer = server.URL
	c.record()
	c.requests, c.registry = &requestLog{}, prometheus.NewRegistry()
	c.stop = c.startOperator(c.adapt...)
	DeferCleanup(func() { c.stop() })
	return c
}

// record checks all that happens in the cluster's namespace against the invariants, once the operators have ended.
func (c *cluster) record() {
	GinkgoHelper()
	history := invariants.NewHistory(c.vendor.Calls)
	stop, err := harness.Record(kube, c.namespace, history.Keep)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		stop()
		Expect(history.Violations()).To(BeEmpty())
		if len(c.namespaces) == 1 { // what an object of one of several leads to is tested with the tenants
			Expect(invariants.Within(c.namespace, c.requests.list())).To(Succeed())
		}
	})
}

// startOperator starts one more, and returns what stops it.
func (c *cluster) startOperator(adapt ...func(*operator.Options, *rest.Config)) (stop func()) {
	GinkgoHelper()
	access := rest.CopyConfig(config)
	access.Impersonate = rest.ImpersonationConfig{UserName: c.user}
	options := harness.Options(c.namespace, c.mockServer)
	options.Namespaces, options.VerifyTimeout = []string{c.namespace}, 10*time.Second
	for _, adapt := range adapt {
		adapt(&options, access)
	}
	c.namespaces = options.Namespaces
	access.Wrap(c.requests.around)
	dependencies := operator.Dependencies{Config: access, Clock: c.clock, Random: rand.Reader, Registry: c.registry, Prepared: c.reconciler.Store}
	if c.stop != nil { // a second operator's are nobody's
		dependencies.Registry, dependencies.Prepared = prometheus.NewRegistry(), nil
	}
	end := harness.StartOperator(options, dependencies)
	return func() {
		GinkgoHelper()
		Expect(end()).To(Or(Succeed(), MatchError(ContainSubstring("leader election lost"))))
	}
}

// restartOperator loses what only the process knew.
func (c *cluster) restartOperator() {
	GinkgoHelper()
	c.stop()
	c.stop = nil
	c.reconciler.Store(nil)
	c.requests, c.registry = &requestLog{}, prometheus.NewRegistry()
	c.stop = c.startOperator(c.adapt...)
}

// stage puts values into a source Secret, which is made at the first call.
func (c *cluster) stage(ctx context.Context, name string, values map[string]string, modifiers ...func(*corev1.Secret)) {
	GinkgoHelper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: c.namespace, Labels: map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource},
		},
		StringData: values,
	}
	for _, modify := range modifiers {
		modify(secret)
	}
	err := kube.Create(ctx, secret.DeepCopy())
	if client.IgnoreAlreadyExists(err) != nil {
		Expect(err).NotTo(HaveOccurred())
	}
	if err != nil {
		before := &corev1.Secret{}
		Expect(kube.Get(ctx, client.ObjectKeyFromObject(secret), before)).To(Succeed())
		secret.ResourceVersion = before.ResourceVersion
		secret.Data = before.Data
		Expect(kube.Update(ctx, secret)).To(Succeed())
	}
}

// entry is an entry whose value is staged in Secret staged under the key of its name, made at a time.
func entry(name string, createdAt time.Time) v1alpha1.PasscodeEntry {
	return v1alpha1.PasscodeEntry{
		Name:         name,
		SecretKeyRef: v1alpha1.SecretKeyRef{Name: "staged", Key: name},
		CreatedAt:    new(v1alpha1.Time(createdAt.UTC().Format(time.RFC3339))),
	}
}

// lasting is an entry created at a time that lasts so many days, whatever spec.expiry says.
func lasting(name string, createdAt time.Time, days int32) v1alpha1.PasscodeEntry {
	e := entry(name, createdAt)
	e.Expiry = &v1alpha1.Expiry{Days: &days}
	return e
}

func (c *cluster) declare(ctx context.Context, list []v1alpha1.PasscodeEntry, modifiers ...modifier) {
	GinkgoHelper()
	object := valid(c.namespace, modifiers...)
	object.Spec.Passcodes = list
	Expect(kube.Create(ctx, object)).To(Succeed())
}

func (c *cluster) object(ctx context.Context) *v1alpha1.CleverTapPasscode {
	GinkgoHelper()
	return c.named(ctx, "marketing")
}

func (c *cluster) named(ctx context.Context, name string) *v1alpha1.CleverTapPasscode {
	GinkgoHelper()
	object := &v1alpha1.CleverTapPasscode{}
	Expect(kube.Get(ctx, types.NamespacedName{Namespace: c.namespace, Name: name}, object)).To(Succeed())
	return object
}

func (c *cluster) message(ctx context.Context, condition string) string {
	GinkgoHelper()
	found := meta.FindStatusCondition(c.object(ctx).Status.Conditions, condition)
	Expect(found).NotTo(BeNil())
	return found.Message
}

func (c *cluster) change(ctx context.Context, modify modifier) {
	GinkgoHelper()
	Eventually(func() error {
		object := c.object(ctx)
		modify(object)
		return kube.Update(ctx, object)
	}).WithContext(ctx).Should(Succeed())
}

// status is for Eventually.
func (c *cluster) status(ctx context.Context) func() v1alpha1.CleverTapPasscodeStatus {
	return func() v1alpha1.CleverTapPasscodeStatus { return c.object(ctx).Status }
}

// secret is for Eventually; it is empty while there is none.
func (c *cluster) secret(ctx context.Context, name string) func() *corev1.Secret {
	return func() *corev1.Secret {
		secret := &corev1.Secret{}
		if err := kube.Get(ctx, types.NamespacedName{Namespace: c.namespace, Name: name}, secret); err != nil {
			return &corev1.Secret{}
		}
		return secret
	}
}

func passcodeIn(s *corev1.Secret) string { return string(s.Data["passcode"]) }

func reason(condition string) func(v1alpha1.CleverTapPasscodeStatus) string {
	return func(s v1alpha1.CleverTapPasscodeStatus) string {
		c := meta.FindStatusCondition(s.Conditions, condition)
		if c == nil {
			return "absent"
		}
		return c.Reason
	}
}

func stateOf(name string) func(v1alpha1.CleverTapPasscodeStatus) v1alpha1.PasscodeState {
	return func(s v1alpha1.CleverTapPasscodeStatus) v1alpha1.PasscodeState {
		for _, p := range s.Passcodes {
			if p.Name == name {
				return p.State
			}
		}
		return ""
	}
}

// events are "Normal Reason" or "Warning Reason", for Eventually.
func (c *cluster) events(ctx context.Context) func() []string {
	return func() []string {
		var list eventsv1.EventList
		Expect(kube.List(ctx, &list, client.InNamespace(c.namespace))).To(Succeed())
		var reported []string
		for _, e := range list.Items {
			reported = append(reported, e.Type+" "+e.Reason)
		}
		slices.Sort(reported)
		return reported
	}
}

// clockPasses lets a time pass once the operator has begun to wait.
func (c *cluster) clockPasses(d time.Duration) {
	GinkgoHelper()
	c.settled()
	c.clock.Step(d)
}

// settled waits until the operator is idle, and requests nothing for a moment; watches are not counted.
func (c *cluster) settled() {
	GinkgoHelper()
	requests, quiet := 0, 0
	Eventually(func() int {
		before, r := requests, c.reconciler.Load()
		requests = len(c.requests.list())
		if quiet++; r == nil || !r.Idle() || requests != before {
			quiet = 0
		}
		return quiet
	}).WithPolling(100 * time.Millisecond).Should(BeNumerically(">=", 3))
}

// requestLog keeps what the operator requests of the API server, watches and its lists before them left out.
type requestLog struct {
	mu       sync.Mutex
	requests []string
}

func (l *requestLog) around(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("watch") != "true" {
			l.mu.Lock()
			l.requests = append(l.requests, fmt.Sprintf("%s %s", r.Method, r.URL.Path))
			l.mu.Unlock()
		}
		return next.RoundTrip(r)
	})
}

func (l *requestLog) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests)
}

// since are the requests after the first n, shortened to verb and kind: "PATCH secrets".
func (l *requestLog) since(n int) []string {
	var short []string
	for _, request := range l.list()[n:] {
		method, path, _ := strings.Cut(request, " ")
		parts := strings.Split(path, "/")
		kind := parts[slices.Index(parts, "namespaces")+2]
		if parts[len(parts)-1] == "status" {
			kind += "/status"
		}
		short = append(short, method+" "+kind)
	}
	return short
}

type roundTripper func(*http.Request) (*http.Response, error)

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

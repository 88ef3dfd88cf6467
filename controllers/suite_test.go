// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/metrics"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/notification"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

func TestControllers(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Controllers")
}

const day = 24 * time.Hour

// created is when every passcode was created on the dashboard.
var created = time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)

// cluster is a reconciler over a fake API server, and a CleverTap that accepts what is not among its rejects.
type cluster struct {
	logged []string // what the reconciler has logged, at any verbosity
	client.WithWatch
	*Reconciler
	clock  *clocktesting.FakeClock
	events *events.FakeRecorder

	mu            sync.Mutex
	denied        map[string]error // by write: "patch old"
	lateReply     time.Duration    // if not zero, a create is made, and its reply is a timeout after so long
	rejects       map[string]bool  // passcodes, by value
	calls         int
	notifications []notification.Notification
}

// newCluster has the object shop/marketing, with the entry a in the source Secret staged, and whatever else is given.
func newCluster(object *v1alpha1.CleverTapPasscode, others ...client.Object) *cluster {
	GinkgoHelper()
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	c := &cluster{
		clock:  clocktesting.NewFakeClock(created.Add(day)),
		events: events.NewFakeRecorder(1000),
		denied: map[string]error{}, rejects: map[string]bool{},
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(object).
		WithObjects(append(others, object)...).WithInterceptorFuncs(c.interceptor())
	for _, i := range indexes() {
		builder = builder.WithIndex(i.kind, i.name, i.keys)
	}
	c.WithWatch = builder.Build()
	c.start()
	return c
}

// start is a new process of the operator.
func (c *cluster) start() {
	ctx, cancel := context.WithCancel(context.Background())
	DeferCleanup(cancel)
	r := &Reconciler{
		Client: c.WithWatch, APIReader: c.WithWatch,
		Key:    fingerprint.NewKey(make([]byte, fingerprint.KeySize)),
		Clock:  c.clock,
		Events: c.events,
		Notify: func(n notification.Notification) { c.notifications = append(c.notifications, n) },

		VolumeRefresh: 2 * time.Minute,
		Counters:      metrics.NewCounters(),
		states:        newStates(),
		queue:         priorityqueue.New[reconcile.Request]("test"),
	}
	r.scanner = consumers.NewScanner(ctx, c.WithWatch, c.clock, r.wakeAfterScan)
	r.Verification = verification.New(ctx, verification.Options{Verifier: c, Clock: c.clock, Wake: r.Wake})
	c.Reconciler = r
}

// Verify is CleverTap.
func (c *cluster) Verify(_ context.Context, q clevertap.Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.rejects[q.Passcode.Reveal()] {
		return &clevertap.RejectedError{Detail: "HTTP 401"}
	}
	return nil
}

func (c *cluster) interceptor() interceptor.Funcs {
	return interceptor.Funcs{
		Create: func(ctx context.Context, inner client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if err := c.denial("create", o); err != nil {
				return err
			}
			err := inner.Create(ctx, o, opts...)
			if c.lateReply == 0 || err != nil {
				return err
			}
			c.clock.Step(c.lateReply)
			return apierrors.NewTimeoutError("the reply did not come", 0)
		},
		Patch: func(ctx context.Context, inner client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			if err := c.denial("patch", o); err != nil {
				return err
			}
			return inner.Patch(ctx, o, patch, opts...)
		},
		SubResourcePatch: func(ctx context.Context, inner client.Client, sub string, o client.Object, patch client.Patch,
			opts ...client.SubResourcePatchOption) error {
			if err := c.denial("status", o); err != nil {
				return err
			}
			return inner.SubResource(sub).Patch(ctx, o, patch, opts...)
		},
	}
}

func (c *cluster) denial(verb string, o client.Object) error {
	return c.denied[verb+" "+o.GetName()]
}

// forbidden is what an admission policy or a missing permission responds.
func forbidden(resource, name string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, name, errors.New("a policy denies it"))
}

func conflict(resource, name string) error {
	return apierrors.NewConflict(schema.GroupResource{Resource: resource}, name, errors.New("it has changed"))
}

// pass is one pass for the object, after everything under way has ended.
func (c *cluster) pass() (ctrl.Result, error) {
	GinkgoHelper()
	c.quiet()
	log := funcr.New(func(_, args string) { c.logged = append(c.logged, args) }, funcr.Options{Verbosity: 10})
	return c.Reconcile(ctrl.LoggerInto(context.Background(), log), ctrl.Request{NamespacedName: marketing})
}

var marketing = types.NamespacedName{Namespace: "shop", Name: "marketing"}

// quiet waits for verifications and scans that are under way.
func (c *cluster) quiet() {
	GinkgoHelper()
	Eventually(func() bool {
		return !c.scanner.Busy() && !c.Verification.Busy()
	}).WithPolling(time.Millisecond).Should(BeTrue())
}

// settle makes passes until one changes nothing, and returns the errors of all.
func (c *cluster) settle() error {
	GinkgoHelper()
	var all []error
	before := ""
	for range 20 {
		_, err := c.pass()
		if err != nil && (len(all) == 0 || all[len(all)-1].Error() != err.Error()) {
			all = append(all, err)
		}
		c.quiet()
		if after := c.versions(); after == before {
			return errors.Join(all...)
		} else {
			before = after
		}
	}
	Fail("does not settle")
	return nil
}

// versions distinguishes states of the API server and of what was learnt.
func (c *cluster) versions() string {
	GinkgoHelper()
	var secrets corev1.SecretList
	Expect(c.List(context.Background(), &secrets)).To(Succeed())
	text := c.object().ResourceVersion
	for _, s := range secrets.Items {
		text += " " + s.ResourceVersion
	}
	if state := c.states.objects[marketing]; state != nil { // a scan that was requested ends before the next pass
		text += fmt.Sprint(" ", state.scans, state.scanRequestedAt)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return text + strings.Repeat("!", c.calls)
}

func (c *cluster) object() *v1alpha1.CleverTapPasscode {
	GinkgoHelper()
	object := &v1alpha1.CleverTapPasscode{}
	Expect(c.Get(context.Background(), marketing, object)).To(Succeed())
	return object
}

// change edits the object's spec.
func (c *cluster) change(modify func(*v1alpha1.CleverTapPasscodeSpec)) {
	GinkgoHelper()
	object := c.object()
	modify(&object.Spec)
	object.Generation++
	Expect(c.Update(context.Background(), object)).To(Succeed())
}

func (c *cluster) secret(name string) *corev1.Secret {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(c.Get(context.Background(), types.NamespacedName{Namespace: "shop", Name: name}, secret)).To(Succeed())
	return secret
}

// condition is the object's; its reason is "" if it is absent.
func (c *cluster) condition(name string) metav1.Condition {
	GinkgoHelper()
	if found := meta.FindStatusCondition(c.object().Status.Conditions, name); found != nil {
		return *found
	}
	return metav1.Condition{}
}

// reasons of the events sent since they were last read.
func (c *cluster) reasons() []string {
	reasons := []string{}
	for {
		select {
		case event := <-c.events.Events:
			reasons = append(reasons, strings.Fields(event)[1])
		default:
			return reasons
		}
	}
}

type objectModifier func(*v1alpha1.CleverTapPasscode)

// newObject is shop/marketing with the entry a, for 90 days.
func newObject(modifiers ...objectModifier) *v1alpha1.CleverTapPasscode {
	o := &v1alpha1.CleverTapPasscode{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "marketing", UID: "uid", Generation: 1, CreationTimestamp: metav1.NewTime(created)},
		Spec: v1alpha1.CleverTapPasscodeSpec{
			AccountID: "TEST-1", Region: "in1", Expiry: v1alpha1.Expiry{Days: ptr.To[int32](90)},
		},
		Status: v1alpha1.CleverTapPasscodeStatus{ObservedGeneration: -1},
	}
	listing("a")(o)
	for _, modify := range modifiers {
		modify(o)
	}
	return o
}

func listing(names ...string) objectModifier {
	return func(o *v1alpha1.CleverTapPasscode) {
		o.Spec.Passcodes = nil
		for i, name := range names {
			o.Spec.Passcodes = append(o.Spec.Passcodes, v1alpha1.PasscodeEntry{
				Name: name, SecretKeyRef: v1alpha1.SecretKeyRef{Name: "staged", Key: name},
				CreatedAt: new(v1alpha1.Time(created.Format(time.RFC3339))),
				Expiry:    &v1alpha1.Expiry{Days: new(int32(90 + 60*i))},
			})
		}
	}
}

func autoRestarts(o *v1alpha1.CleverTapPasscode) { o.Spec.Rollout = &v1alpha1.Rollout{Auto: true} }

// staged is the source Secret; the value of each key is VALUE-<key>.
func staged(keys ...string) *corev1.Secret {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "staged", Labels: map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource}},
		Data:       map[string][]byte{},
	}
	for _, key := range keys {
		secret.Data[key] = []byte("VALUE-" + key)
	}
	return secret
}

// api is a Deployment whose one Pod took the target by environment variable when it started.
func api(started time.Time) []client.Object {
	owner := func(kind, name string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{Kind: kind, Name: name, Controller: new(true)}}
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api", UID: "api"}}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "api-1", Labels: map[string]string{"pod-template-hash": "1"}, OwnerReferences: owner("ReplicaSet", "api-1"),
			CreationTimestamp: metav1.NewTime(started),
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", EnvFrom: []corev1.EnvFromSource{{
			SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "marketing"}},
		}}}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(started)}},
		}}},
	}
	return []client.Object{deployment, pod}
}

func (c *cluster) deployment(name string) *appsv1.Deployment {
	GinkgoHelper()
	deployment := &appsv1.Deployment{}
	Expect(c.Get(context.Background(), types.NamespacedName{Namespace: "shop", Name: name}, deployment)).To(Succeed())
	return deployment
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

const restartKey = "restart.clevertap.passcode-operator.io/marketing"

type containerModifier func(*corev1.PodSpec)

// byEnv uses the target in an environment variable.
func byEnv(s *corev1.PodSpec) {
	s.Containers[0].Env = []corev1.EnvVar{{Name: "PASSCODE", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "marketing"}, Key: "passcode",
	}}}}
}

// byVolume mounts the whole target.
func byVolume(s *corev1.PodSpec) {
	s.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "marketing"}}}}
	s.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
}

func template(modify containerModifier) corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "api"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
	modify(&t.Spec)
	return t
}

// deploy makes Deployment api with two Pods that run since now.
func (c *cluster) deploy(ctx SpecContext, modify containerModifier) {
	GinkgoHelper()
	Expect(kube.Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: c.namespace},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](2),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}},
			Template: template(modify),
		},
	})).To(Succeed())
	Eventually(func() int { return len(c.pods(ctx)) }).Should(Equal(2))
	c.kubeletRuns(ctx)
}

func (c *cluster) pods(ctx SpecContext) []corev1.Pod {
	GinkgoHelper()
	var list corev1.PodList
	Expect(kube.List(ctx, &list, client.InNamespace(c.namespace))).To(Succeed())
	return list.Items
}

// kubeletRuns is what a kubelet would report of every Pod that does not run yet: it runs since now.
func (c *cluster) kubeletRuns(ctx SpecContext) {
	GinkgoHelper()
	for _, pod := range c.pods(ctx) {
		if pod.Status.Phase == corev1.PodRunning {
			continue
		}
		now := metav1.NewTime(c.clock.Now())
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now}}
		for _, container := range pod.Spec.Containers {
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
				Name: container.Name, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
			})
		}
		Expect(client.IgnoreNotFound(kube.Status().Update(ctx, &pod))).To(Succeed())
	}
}

func (c *cluster) deployment(ctx SpecContext) *appsv1.Deployment {
	GinkgoHelper()
	d := &appsv1.Deployment{}
	Expect(kube.Get(ctx, types.NamespacedName{Namespace: c.namespace, Name: "api"}, d)).To(Succeed())
	return d
}

// marked is the template's annotation, for Eventually.
func (c *cluster) marked(ctx SpecContext) func() string {
	return func() string { return c.deployment(ctx).Spec.Template.Annotations[restartKey] }
}

func (c *cluster) requestRotation(ctx SpecContext, value string) {
	GinkgoHelper()
	c.change(ctx, annotating(v1alpha1.RotateRequestedAtAnnotation, value))
	Eventually(c.status(ctx)).Should(HaveField("LastHandledRotateAt", value))
}

func restarting(o *v1alpha1.CleverTapPasscode) { o.Spec.Rollout = &v1alpha1.Rollout{Auto: true} }

var _ = Describe("A rotation", func() {
	It("restarts a Deployment that has the old value by environment variable, once, and then calls it safe to delete", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, restarting)
		Eventually(c.status(ctx)).Should(WithTransform(reason("RolloutComplete"), Equal("Complete")))
		c.deploy(ctx, byEnv)
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "1")
		Eventually(c.marked(ctx)).Should(HavePrefix("2@"))
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("RolloutComplete"), Equal("InProgress")),
			WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetiring))))
		Eventually(c.events(ctx)).Should(ContainElement("Normal RolloutRestarted"))
		manager := c.deployment(ctx).ManagedFields
		Expect(manager).To(ContainElement(And(HaveField("Manager", "clevertap-passcode-operator-restart"),
			HaveField("FieldsV1.Raw", WithTransform(func(raw []byte) int { return strings.Count(string(raw), "f:restart.") }, Equal(1))))))

		By("the new Pods coming up and the old ones going")
		Eventually(func(g Gomega) {
			c.clock.Step(2 * time.Second)
			c.kubeletRuns(ctx)
			g.Expect(c.status(ctx)()).To(WithTransform(reason("RolloutComplete"), Equal("Complete")))
		}, 20*time.Second, 200*time.Millisecond).Should(Succeed())
		Eventually(c.status(ctx)).Should(And(WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetired)), HaveField("StalePods", BeNil())))
		Eventually(c.events(ctx)).Should(ContainElement("Normal SafeToDelete"))

		By("restarting the operator, which restarts nothing and looks at nothing")
		generation := c.deployment(ctx).Generation
		c.restartOperator()
		Eventually(c.requests.list).ShouldNot(BeEmpty())
		Consistently(func() []string { return c.requests.list() }, time.Second).ShouldNot(ContainElement(ContainSubstring("/pods")))
		Expect(c.deployment(ctx).Generation).To(Equal(generation))
	})

	It("folds two within five minutes into one restart after that", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, restarting)
		c.deploy(ctx, byEnv)
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "1")
		Eventually(c.marked(ctx)).Should(HavePrefix("2@"))
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "2")
		Eventually(c.status(ctx)).Should(And(HaveField("Revision", BeEquivalentTo(3)), WithTransform(reason("RolloutComplete"), Equal("InProgress"))))
		c.settled()
		Expect(c.marked(ctx)()).To(HavePrefix("2@"))
		c.clock.Step(4 * time.Minute)
		Eventually(c.marked(ctx)).Should(HavePrefix("3@"))
	})

	It("catches up on a restart that the operator was down for", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.deploy(ctx, byEnv)
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "1")
		c.stop()
		c.change(ctx, restarting)
		c.restartOperator()
		Eventually(c.marked(ctx)).Should(HavePrefix("2@"))
	})

	It("leaves a Deployment that only mounts the volume, and waits for its refresh", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, restarting)
		c.deploy(ctx, byVolume)
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "1")
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("RolloutComplete"), Equal("Complete")),
			WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetiring))))
		c.settled()
		requests := len(c.requests.list())
		c.clock.Step(2 * time.Minute)
		Eventually(c.status(ctx)).Should(WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetired)))
		c.settled()
		Expect(c.requests.since(requests)).NotTo(ContainElement("GET pods"))
		Expect(c.marked(ctx)()).To(BeEmpty())
	})

	It("restarts what rollout.targets names, and reports what is not there", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.deploy(ctx, byVolume)
		c.clock.Step(time.Minute)
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Rollout = &v1alpha1.Rollout{Targets: []v1alpha1.RolloutTarget{{Kind: "Deployment", Name: "api"}, {Kind: "StatefulSet", Name: "gone"}}}
		})
		c.requestRotation(ctx, "1")
		Eventually(c.marked(ctx)).Should(HavePrefix("2@"))
		Eventually(c.status(ctx)).Should(WithTransform(reason("RolloutComplete"), Equal("Failed")))
		Expect(c.message(ctx, "RolloutComplete")).To(ContainSubstring(`StatefulSet "gone" of spec.rollout.targets does not exist`))
	})

	It("leaves a paused Deployment, and says so", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, restarting)
		c.deploy(ctx, byEnv)
		pause := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"paused":true}}`))
		Expect(kube.Patch(ctx, c.deployment(ctx), pause)).To(Succeed())
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "1")
		Eventually(c.status(ctx)).Should(WithTransform(reason("RolloutComplete"), Equal("Failed")))
		Expect(c.message(ctx, "RolloutComplete")).To(ContainSubstring("kubectl rollout resume -n " + c.namespace + " deployment/api"))
		Expect(c.marked(ctx)()).To(BeEmpty())
	})

	It("names the Pods that still use the old value", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.deploy(ctx, byEnv)
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "1")
		Eventually(c.status(ctx)).Should(HaveField("StalePods",
			HaveValue(And(HaveField("Count", BeEquivalentTo(2)), HaveField("Names", HaveEach(HavePrefix("api-")))))))
		Eventually(c.series).Should(ContainElement("stale_pods{} 2"))
		Expect(kube.Delete(ctx, c.deployment(ctx), client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		Eventually(func() int { return len(c.pods(ctx)) }, 10*time.Second).Should(BeZero())
		Eventually(func(g Gomega) {
			c.clock.Step(2 * time.Second)
			g.Expect(c.status(ctx)()).To(WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetired)))
		}, 10*time.Second, 200*time.Millisecond).Should(Succeed())
	})

	It("never calls anything safe to delete if the operator may not scan", func(ctx SpecContext) {
		c := newCluster(ctx)
		changeRole(ctx, c.namespace, "operator", func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
			return without(rules, "pods", "list")
		})
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), entry("q1", c.start)}, restarting)
		Eventually(c.status(ctx)).Should(HaveField("NextPasscode", "q1"))
		c.requestRotation(ctx, "1")
		Eventually(c.status(ctx)).Should(And(WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetiring)),
			WithTransform(reason("RolloutComplete"), Equal("Failed"))))
		Expect(c.message(ctx, "RolloutComplete")).To(ContainSubstring("the operator is not permitted to list Pods and workloads in namespace " + c.namespace))
	})

	It("keeps the previous passcode while something uses it", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, keys(v1alpha1.TargetKeys{PreviousPasscode: "previous"}))
		c.deploy(ctx, byEnv)
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "1")
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("Data",
			And(HaveKeyWithValue("previous", []byte("AAA-AAA-AAAA")), HaveKeyWithValue("passcode", []byte("BBB-BBB-BBBB")))))
		for _, pod := range c.pods(ctx) {
			pod.Status.Phase = corev1.PodFailed
			Expect(kube.Status().Update(ctx, &pod)).To(Succeed())
		}
		c.clockPasses(2 * time.Second)
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("Data", Not(HaveKey("previous"))))
		Eventually(c.status(ctx)).Should(WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetired)))
		Expect(c.secret(ctx, "marketing")().Annotations).To(HaveKeyWithValue(v1alpha1.RevisionAnnotation, "2"))
	})

	It("restarts nothing at the first publication", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.deploy(ctx, byEnv)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)}, restarting)
		Eventually(c.status(ctx)).Should(WithTransform(reason("RolloutComplete"), Equal("Complete")))
		c.settled()
		Expect(c.marked(ctx)()).To(BeEmpty())
	})

	It("scans only its own namespace, among a thousand Pods in ten", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		for i := range 10 {
			namespace := c.namespace
			if i > 0 {
				namespace = newNamespace(ctx)
			}
			for j := range 100 {
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("pod-", j), Namespace: namespace},
					Spec: template(func(*corev1.PodSpec) {}).Spec}
				Expect(kube.Create(ctx, pod)).To(Succeed())
			}
		}
		requests := len(c.requests.list())
		Consistently(func() []string { return c.requests.since(requests) }, 2*time.Second).Should(BeEmpty())
		c.requestRotation(ctx, "1")
		Eventually(c.status(ctx)).Should(WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetired)))
		c.settled()
		made := c.requests.since(requests)
		AddReportEntry("requests of one rotation among 1000 Pods in 10 namespaces", made, ReportEntryVisibilityAlways)
		Expect(made).To(ConsistOf("PATCH secrets", "GET pods", "PATCH clevertappasscodes/status", "POST events", "POST events"))
	})
})

var _ = Describe("A target that is owned", func() {
	It("goes with its object", func(ctx SpecContext) {
		c := published(ctx)
		c.change(ctx, withTarget(func(t *v1alpha1.Target) { t.DeletionPolicy = v1alpha1.DeletionPolicyDelete }))
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("OwnerReferences", HaveLen(1)))
		Expect(kube.Delete(ctx, c.object(ctx))).To(Succeed())
		Eventually(c.secret(ctx, "marketing"), 20*time.Second).Should(HaveField("Name", ""))
	})
})

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// Every operator in these tests has the rights that the manifests grant, and no others: as this user in the namespaced
// installation, as the other in the cluster-wide one.
const (
	namespacedOperator  = "namespaced-operator"
	clusterWideOperator = "cluster-wide-operator"
)

// leaseOfTheRole is the one that operator_role.yaml names.
const leaseOfTheRole = "clevertap-passcode-operator"

// shipped are the rules of the first role in a file of config/rbac.
func shipped(file string) []rbacv1.PolicyRule {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "config", "rbac", file))
	Expect(err).NotTo(HaveOccurred())
	first, _, _ := strings.Cut(strings.TrimPrefix(string(text), "---\n"), "\n---\n")
	var role rbacv1.ClusterRole
	Expect(yaml.Unmarshal([]byte(first), &role)).To(Succeed())
	return role.Rules
}

// grantRoles gives the user the shipped rules in one namespace: those for objects, and those for the operator's own.
func grantRoles(ctx SpecContext, namespace, user string) {
	GinkgoHelper()
	grantRole(ctx, namespace, "operator", user, append(shipped("role.yaml"), namespaceRule()))
	grantRole(ctx, namespace, "operator-self", user, shipped("operator_role.yaml"))
}

// namespaceRule is what a Role grants beside: to see whether its namespace is there.
func namespaceRule() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}}
}

// grantRole returns once the API server grants it.
func grantRole(ctx SpecContext, namespace, name, user string, rules []rbacv1.PolicyRule) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{Name: name, Namespace: namespace}
	Expect(kube.Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: append(slices.Clone(rules), probe(name, "1"))})).To(Succeed())
	Expect(kube.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		Subjects:   []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: user}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	})).To(Succeed())
	inEffect(ctx, namespace, name, "1")
}

// changeRole returns once the API server grants what the Role says then, and no more.
func changeRole(ctx SpecContext, namespace, name string, change func([]rbacv1.PolicyRule) []rbacv1.PolicyRule) {
	GinkgoHelper()
	role := &rbacv1.Role{}
	Expect(kube.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, role)).To(Succeed())
	version := role.ResourceVersion
	role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.APIGroups, probeGroup) })
	role.Rules = append(change(role.Rules), probe(name, version))
	Expect(kube.Update(ctx, role)).To(Succeed())
	inEffect(ctx, namespace, name, version)
}

// probeGroup has one resource, of which each version of a Role permits another name: the authorizer is behind writes.
const probeGroup = "probe.test"

func probe(role, version string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{probeGroup}, Resources: []string{"versions"}, ResourceNames: []string{role + "-" + version}, Verbs: []string{"get"},
	}
}

// inEffect waits until a version of a Role is granted to whom its binding names.
func inEffect(ctx SpecContext, namespace, name, version string) {
	GinkgoHelper()
	binding := &rbacv1.RoleBinding{}
	Expect(kube.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, binding)).To(Succeed())
	Eventually(func() bool {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: binding.Subjects[0].Name,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Group: probeGroup, Resource: "versions", Name: name + "-" + version, Verb: "get",
			},
		}}
		Expect(kube.Create(ctx, review)).To(Succeed())
		return review.Status.Allowed
	}).Should(BeTrue())
}

// without takes a verb on a resource out of the rules.
func without(rules []rbacv1.PolicyRule, resource, verb string) []rbacv1.PolicyRule {
	for i := range rules {
		if slices.Contains(rules[i].Resources, resource) {
			rules[i].Verbs = slices.DeleteFunc(rules[i].Verbs, func(v string) bool { return v == verb })
		}
	}
	return slices.DeleteFunc(rules, func(r rbacv1.PolicyRule) bool { return len(r.Verbs) == 0 })
}

var _ = Describe("The cluster-wide operator", func() {
	It("works with its ClusterRole and its own namespace's Role", func(ctx SpecContext) {
		grantClusterRole(ctx)
		c := newCluster(ctx, func(o *operator.Options, access *rest.Config) {
			grantRole(ctx, o.OperatorNamespace, "cluster-wide-self", clusterWideOperator, shipped("operator_role.yaml"))
			access.Impersonate = rest.ImpersonationConfig{UserName: clusterWideOperator}
			o.Namespaces, o.WatchLabelSelector, o.LeaderElect, o.LeaderElectionID = nil, "shard=cluster-wide", true, leaseOfTheRole
		})
		everything(ctx, c, func(o *v1alpha1.CleverTapPasscode) { o.Labels = map[string]string{"shard": "cluster-wide"} })
	})

	It("has a namespaced installation that does the same", func(ctx SpecContext) {
		c := newCluster(ctx, func(o *operator.Options, _ *rest.Config) {
			o.LeaderElect, o.LeaderElectionID = true, leaseOfTheRole
		})
		everything(ctx, c)
	})
})

func grantClusterRole(ctx SpecContext) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{Name: clusterWideOperator}
	Expect(kube.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: shipped("role.yaml")})).To(Succeed())
	Expect(kube.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta,
		Subjects:   []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: clusterWideOperator}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: clusterWideOperator},
	})).To(Succeed())
}

// everything is what needs a permission of its own: every kind of workload is restarted, a source is read, and what is
// reported twice is reported in a series.
func everything(ctx SpecContext, c *cluster, modifiers ...modifier) {
	GinkgoHelper()
	c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
	c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
	c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), entry("q1", c.start)}, append(modifiers, func(o *v1alpha1.CleverTapPasscode) {
		o.Spec.Rollout = &v1alpha1.Rollout{Targets: []v1alpha1.RolloutTarget{
			{Kind: "Deployment", Name: "api"}, {Kind: "StatefulSet", Name: "db"}, {Kind: "DaemonSet", Name: "agent"},
		}}
	})...)
	Eventually(c.requests.list, 20*time.Second).Should(ContainElement(HavePrefix("GET /api/v1/namespaces/" + c.namespace + "/secrets/staged")))
	c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB"})
	Eventually(c.status(ctx), 20*time.Second).Should(HaveField("NextPasscode", "q1"))

	c.deploy(ctx, byEnv)
	c.runStatefulSetAndDaemonSet(ctx)
	c.clock.Step(time.Minute)
	c.requestRotation(ctx, "1")
	Eventually(c.marked(ctx)).Should(HavePrefix("2@"))
	for _, o := range []client.Object{
		&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: c.namespace}},
		&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "agent", Namespace: c.namespace}},
	} {
		Eventually(func() map[string]string {
			Expect(kube.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
			if set, ok := o.(*appsv1.StatefulSet); ok {
				return set.Spec.Template.Annotations
			}
			return o.(*appsv1.DaemonSet).Spec.Template.Annotations
		}).Should(HaveKey(restartKey))
	}
	c.settled()
	for range 3 {
		Expect(kube.Delete(ctx, c.secret(ctx, "marketing")())).To(Succeed())
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("Name", "marketing"))
		c.settled()
	}
	Eventually(c.requests.list).Should(ContainElement(HavePrefix("PATCH /apis/events.k8s.io")))
	// A lease is renewed by the real clock, every two seconds.
	Eventually(c.requests.list, 5*time.Second).Should(ContainElement(HavePrefix("PUT /apis/coordination.k8s.io")))
}

func (c *cluster) runStatefulSetAndDaemonSet(ctx SpecContext) {
	GinkgoHelper()
	pod := template(byEnv)
	pod.Labels = map[string]string{"app": "others"}
	selector := &metav1.LabelSelector{MatchLabels: pod.Labels}
	db := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: c.namespace},
		Spec: appsv1.StatefulSetSpec{Replicas: ptr.To[int32](1), Selector: selector, Template: pod}}
	agent := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "agent", Namespace: c.namespace},
		Spec: appsv1.DaemonSetSpec{Selector: selector, Template: pod}}
	Expect(kube.Create(ctx, db)).To(Succeed())
	Expect(kube.Create(ctx, agent)).To(Succeed())
	// There is no node that the DaemonSet's Pod would be made for.
	orphan := pod.DeepCopy()
	orphan.Name, orphan.Namespace = "agent-1", c.namespace
	Expect(kube.Get(ctx, client.ObjectKeyFromObject(agent), agent)).To(Succeed())
	orphan.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(agent, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}
	Expect(kube.Create(ctx, &corev1.Pod{ObjectMeta: orphan.ObjectMeta, Spec: orphan.Spec})).To(Succeed())
	Eventually(func() int { return len(c.pods(ctx)) }).Should(BeNumerically(">=", 4))
	c.kubeletRuns(ctx)
}

// used are the rights that a user made use of, by the audit log: "verb group/resource".
func used(log, user string) sets.Set[string] {
	GinkgoHelper()
	file, err := os.Open(log)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	all := sets.New[string]()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 10<<20)
	for lines.Scan() {
		var event struct {
			Verb, RequestURI string
			ImpersonatedUser struct{ Username string }
			ObjectRef        struct{ Resource, Subresource, APIGroup string }
		}
		Expect(json.Unmarshal(lines.Bytes(), &event)).To(Succeed())
		if event.ImpersonatedUser.Username != user || event.ObjectRef.Resource == "" {
			continue
		}
		right := event.ObjectRef.APIGroup + "/" + event.ObjectRef.Resource
		if event.ObjectRef.Subresource != "" {
			right += "/" + event.ObjectRef.Subresource
		}
		all.Insert(event.Verb + " " + right)
		// An informer's first list is a streaming watch where the API server can do that, and a list where it can't.
		if event.Verb == "watch" && strings.Contains(event.RequestURI, "sendInitialEvents=true") {
			all.Insert("list " + right)
		}
	}
	Expect(lines.Err()).NotTo(HaveOccurred())
	return all
}

func granted(files ...string) sets.Set[string] {
	GinkgoHelper()
	all := sets.New[string]()
	for _, file := range files {
		for _, rule := range shipped(file) {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						all.Insert(verb + " " + group + "/" + resource)
					}
				}
			}
		}
	}
	return all
}

// What is granted is what is used, over all tests, in both installations: equal, and not merely enough.
var _ = SynchronizedAfterSuite(func() {}, func() {
	if suite, _ := GinkgoConfiguration(); len(suite.FocusStrings) > 0 || len(suite.SkipStrings) > 0 {
		return // some rights are used by only some tests
	}
	compareRights()
})

func compareRights() {
	common := granted("role.yaml", "operator_role.yaml")
	for user, rights := range map[string]sets.Set[string]{
		namespacedOperator: common.Clone().Insert("get /namespaces"), clusterWideOperator: common,
	} {
		used := used(audited, user)
		fmt.Printf("\nRights of the %s, over all tests\n%-55s %-8s %s\n", user, "", "granted", "used")
		for _, right := range sets.List(rights.Union(used)) {
			fmt.Printf("%-55s %-8v %v\n", right, rights.Has(right), used.Has(right))
		}
		Expect(sets.List(used)).To(Equal(sets.List(rights)), user)
	}
	argo := used(audited, argoOperator).Difference(common).Delete("get /namespaces")
	Expect(sets.List(argo)).To(Equal(sets.List(granted("../argo-rollouts/role.yaml"))), argoOperator)
}

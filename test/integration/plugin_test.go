// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/cmd/kubectl-clevertap/plugin"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
)

// ran is what a command of kubectl clevertap left behind.
type ran struct {
	Out, Err string
	Exit     int
}

// clevertap runs kubectl clevertap as an administrator with the input, and sees that it prints no passcode.
func (c *cluster) clevertap(ctx context.Context, input string, args ...string) ran {
	GinkgoHelper()
	var out, errOut bytes.Buffer
	command := plugin.New(genericiooptions.IOStreams{In: strings.NewReader(input), Out: &out, ErrOut: &errOut}, c.clock)
	command.SetArgs(slices.Concat(args[:1], []string{"--kubeconfig", kubeconfigFile(), "-n", c.namespace}, args[1:]))
	exit := plugin.ExitCode(command.ExecuteContext(ctx), &errOut)
	_, _ = logged.Write(append(out.Bytes(), errOut.Bytes()...)) // which no test may find a passcode in
	return ran{Out: out.String(), Err: errOut.String(), Exit: exit}
}

func kubeconfigFile() string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(path, kubeconfig, 0o600)).To(Succeed())
	return path
}

func done(out ...any) OmegaMatcher   { return exits(0, "Out", out...) }
func tells(out ...any) OmegaMatcher  { return exits(0, "Err", out...) }
func denies(err ...any) OmegaMatcher { return exits(plugin.ExitRejected, "Err", err...) }
func fails(err ...any) OmegaMatcher  { return exits(1, "Err", err...) }

func exits(code int, stream string, texts ...any) OmegaMatcher {
	matchers := []OmegaMatcher{HaveField("Exit", code)}
	for _, text := range texts {
		matchers = append(matchers, HaveField(stream, ContainSubstring(text.(string))))
	}
	return And(matchers...)
}

// byHand declares an object as kubectl create does, with one passcode that is published.
func byHand(ctx SpecContext, modifiers ...modifier) *cluster {
	GinkgoHelper()
	c := newCluster(ctx)
	c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
	c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
	object := valid(c.namespace, modifiers...)
	object.Spec.Passcodes = []v1alpha1.PasscodeEntry{entry("q4", c.start)}
	Expect(kube.Create(ctx, object, client.FieldOwner("kubectl-create"))).To(Succeed())
	Eventually(c.status(ctx)).Should(HaveField("ActivePasscode", "q4"))
	return c
}

var _ = Describe("kubectl clevertap list", func() {
	It("shows which objects have the same passcode active", func(ctx SpecContext) {
		c := byHand(ctx)
		Expect(c.clevertap(ctx, "", "list").Err).NotTo(ContainSubstring("The same passcode"))
		object := valid(c.namespace, func(o *v1alpha1.CleverTapPasscode) { o.Name = "orders" })
		object.Spec.Passcodes = []v1alpha1.PasscodeEntry{entry("q4", c.start)}
		Expect(kube.Create(ctx, object)).To(Succeed())
		Eventually(func() ran { return c.clevertap(ctx, "", "list") }).Should(tells(
			"The same passcode is active in " + c.namespace + "/marketing, " + c.namespace + "/orders"))

		By("saying so in the status of both, for as long as it is so")
		message := func(object string) func() string {
			return func() string { return c.named(ctx, object).Status.Passcodes[0].Message }
		}
		Eventually(message("marketing")).Should(ContainSubstring(`also the active passcode of CleverTapPasscode "orders"`))
		Eventually(message("orders")).Should(ContainSubstring(`also the active passcode of CleverTapPasscode "marketing"`))
		Expect(kube.Delete(ctx, c.named(ctx, "orders"))).To(Succeed())
		Eventually(message("marketing")).ShouldNot(ContainSubstring("orders"))
	})
})

var _ = Describe("kubectl clevertap stage", func() {
	stage := func(more ...string) []string {
		return append([]string{"stage", "marketing", "--passcode-name", "shop q1", "--days", "180"}, more...)
	}

	It("stages a value, lists it, and waits until CleverTap accepts it", func(ctx SpecContext) {
		c := byHand(ctx)
		c.account.Passcode("shop q1", "BBB-BBB-BBBB", 180)
		Expect(c.clevertap(ctx, "BBB-BBB-BBBB\n", stage()...)).To(tells(`CleverTap accepts "shop q1"`, `becomes active at`))
		Expect(c.secret(ctx, "marketing-staged")().Labels).To(HaveKeyWithValue(v1alpha1.RoleLabel, v1alpha1.RoleSource))
		Expect(c.object(ctx).Spec.Passcodes[1]).To(Equal(v1alpha1.PasscodeEntry{
			Name: "shop q1", SecretKeyRef: v1alpha1.SecretKeyRef{Name: "marketing-staged", Key: "shop-q1"},
			CreatedAt: new(v1alpha1.Time(c.start.UTC().Format(time.RFC3339))), Expiry: &v1alpha1.Expiry{Days: ptr.To[int32](180)},
		}))

		By("extending the Secret with the next, whose expiry is the usual one")
		c.account.Passcode("q2", "CCC-CCC-CCCC", 90)
		Expect(c.clevertap(ctx, "CCC-CCC-CCCC", "stage", "marketing", "--passcode-name", "q2", "--days", "90")).To(tells("it is staged"))
		Expect(c.secret(ctx, "marketing-staged")().Data).To(And(HaveKey("shop-q1"), HaveKey("q2")))
		Expect(c.object(ctx).Spec.Passcodes[2].Expiry).To(BeNil())
	})

	It("says that CleverTap rejects the value", func(ctx SpecContext) {
		c := byHand(ctx)
		Expect(c.clevertap(ctx, "WRO-NGW-RONG", stage()...)).To(denies(`"shop q1" cannot be used: CleverTap rejects it`))
	})

	It("says that there was no result in time", func(ctx SpecContext) {
		c := byHand(ctx)
		c.vendor.Break(clevertaptest.Responds(http.StatusServiceUnavailable, ""))
		Expect(c.clevertap(ctx, "BBB-BBB-BBBB", stage("--timeout", "3s")...)).To(exits(plugin.ExitTimedOut, "Err", "no outcome within 3s",
			"could not be verified"))
	})

	DescribeTable("denies before anything is written", func(ctx SpecContext, input string, args []string, message string) {
		c := byHand(ctx)
		c.stage(ctx, "unlabelled", map[string]string{"other": "x"}, func(s *corev1.Secret) { s.Labels = nil })
		c.stage(ctx, "others", map[string]string{"taken": "DDD-DDD-DDDD"})
		before := c.object(ctx)
		Expect(c.clevertap(ctx, input, args...)).To(fails(message))
		Expect(c.object(ctx).Spec).To(Equal(before.Spec))
		Expect(c.secret(ctx, "marketing-staged")().Name).To(BeEmpty())
	},
		Entry("a malformed value", "BBB BBB", stage(), "contains white space: a passcode has 1 to 128 printable ASCII characters"),
		Entry("an empty one", "", stage(), "is empty"),
		Entry("one that is staged", "AAA-AAA-AAAA", stage(), `staged already, as "q4"`),
		Entry("a listed name", "BBB-BBB-BBBB", []string{"stage", "marketing", "--passcode-name", "q4", "--days", "9"}, `spec.passcodes lists "q4" already`),
		Entry("a Secret without the label", "BBB-BBB-BBBB", stage("--secret", "unlabelled"),
			"exists without the label clevertap.passcode-operator.io/role=source"),
		Entry("a key that is taken", "BBB-BBB-BBBB", stage("--secret", "others", "--key", "taken"), `has another value under key "taken"`),
		Entry("no expiry", "BBB-BBB-BBBB", []string{"stage", "marketing", "--passcode-name", "x"}, "days forever"),
	)

	It("denies an entry that the API server would not accept, before anything is written", func(ctx SpecContext) {
		c := withSuccessor(ctx) // whose list another tool manages
		for _, wrong := range [][]string{{"--days", "0"}, {"--days", "-5"}, {"--at", "2020-01-01T00:00:00Z"}} {
			Expect(c.clevertap(ctx, "BBB-BBB-BBBC", append([]string{"stage", "marketing", "--passcode-name", "q9"}, wrong...)...)).To(exits(1, "Err",
				"error:"), strings.Join(wrong, " "))
		}
		Expect(c.secret(ctx, "marketing-staged")().Data).To(BeEmpty())
	})

	It("does nothing in a dry run, but says what it would do", func(ctx SpecContext) {
		c := byHand(ctx)
		for _, dryRun := range []string{"client", "server"} {
			Expect(c.clevertap(ctx, "BBB-BBB-BBBB", stage("--dry-run", dryRun)...)).To(tells(
				"Create, with the label clevertap.passcode-operator.io/role=source, key \"shop-q1\" of Secret "+c.namespace+"/marketing-staged",
				`Add "shop q1" to the end of spec.passcodes`, "Dry run:", "nothing was done"), dryRun)
		}
		Expect(c.object(ctx).Spec.Passcodes).To(HaveLen(1))
		Expect(c.secret(ctx, "marketing-staged")().Name).To(BeEmpty())
	})

	It("prints the entry to commit if another tool manages the list, unless --edit is given", func(ctx SpecContext) {
		c := withSuccessor(ctx) // made by a client that is no person's hand
		c.account.Passcode("shop q1", "DDD-DDD-DDDD", 180)
		result := c.clevertap(ctx, "DDD-DDD-DDDD", stage()...)
		Expect(result).To(exits(plugin.ExitNotFinished, "Err", "spec.passcodes is managed by integration.test: commit this at its end"))
		var entries []v1alpha1.PasscodeEntry
		Expect(yaml.Unmarshal([]byte(result.Out), &entries)).To(Succeed())
		Expect(entries).To(ConsistOf(HaveField("Name", "shop q1")))
		Expect(c.object(ctx).Spec.Passcodes).To(HaveLen(3))
		Expect(c.secret(ctx, "marketing-staged")().Data).To(HaveKey("shop-q1"))

		Expect(c.clevertap(ctx, "DDD-DDD-DDDD", stage("--edit")...)).To(tells(`CleverTap accepts "shop q1"; it is staged`))
	})
})

var _ = Describe("kubectl clevertap", func() {
	It("rotates, rolls back, and says where each ended", func(ctx SpecContext) {
		c := byHand(ctx)
		Expect(c.clevertap(ctx, "", "rotate", "marketing")).To(denies("not rotated", "create"))
		c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
		Expect(c.clevertap(ctx, "BBB-BBB-BBBB", "stage", "marketing", "--passcode-name", "q1", "--days", "90")).To(tells("becomes active"))
		c.clock.Step(time.Second)
		Expect(c.clevertap(ctx, "", "rotate", "marketing")).To(tells(`rotated: "q1" is active instead of "q4", revision 2`))
		Expect(passcodeIn(c.secret(ctx, "marketing")())).To(Equal("BBB-BBB-BBBB"))
		Expect(c.clevertap(ctx, "", "rollback", "marketing")).To(tells(`rolled back: "q4" is active, revision 3`))
		Expect(passcodeIn(c.secret(ctx, "marketing")())).To(Equal("AAA-AAA-AAAA"))
		c.clock.Step(time.Second)
		Expect(c.clevertap(ctx, "", "rotate", "marketing")).To(denies("not rotated", "pin"))
	})

	It("rolls back nowhere where there is nothing", func(ctx SpecContext) {
		Expect(byHand(ctx).clevertap(ctx, "", "rollback", "marketing")).To(fails("no entry that was active before still works"))
	})

	It("rolls back although another tool manages other fields of the rotation", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Rotation = &v1alpha1.Rotation{Before: ptr.To[v1alpha1.Duration]("48h")}
		})
		Expect(c.clevertap(ctx, "", "rotate", "marketing")).To(tells("rotated"))
		Expect(c.clevertap(ctx, "", "rollback", "marketing")).To(tells(`rolled back: "q4" is active`))
		Expect(c.object(ctx).Spec.Rotation).To(HaveField("Before", HaveValue(BeEquivalentTo("48h"))))
	})

	It("prints the pin to commit if another tool manages the pin, unless it may edit it", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rotation = &v1alpha1.Rotation{Pin: "q1"} })
		Eventually(c.status(ctx)).Should(HaveField("ActivePasscode", "q1"))
		Expect(c.clevertap(ctx, "", "rollback", "marketing")).To(And(exits(plugin.ExitNotFinished, "Err",
			"spec.rotation.pin is managed by integration.test"), HaveField("Out", ContainSubstring(`pin: "q4"`))))
		Expect(c.object(ctx).Spec.Rotation.Pin).To(Equal("q1"))
		Expect(c.clevertap(ctx, "", "rollback", "marketing", "--edit")).To(tells(`rolled back: "q4" is active`))
	})

	It("has every entry verified, and fails if CleverTap rejects one", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		Expect(c.clevertap(ctx, "", "verify", "marketing")).To(done("q4", "Active", "q1", "Staged"))
		c.account.Delete("q2")
		c.clock.Step(time.Second)
		Expect(c.clevertap(ctx, "", "verify", "marketing")).To(denies(`"q2": CleverTap rejects it`))
	})

	It("shows an object on one screen", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		Expect(c.clevertap(ctx, "", "status", "marketing")).To(done(
			c.namespace+"/marketing: Active, account "+accountID+" in in1",
			`"q4" in Secret "marketing", revision 1, since `, "(Initial)", `"q1" becomes active at`, "Runway", "Action required: nothing"))
		var object v1alpha1.CleverTapPasscode
		Expect(json.Unmarshal([]byte(c.clevertap(ctx, "", "status", "marketing", "-o", "json").Out), &object)).To(Succeed())
		Expect(object.Kind).To(Equal("CleverTapPasscode"))
	})

	It("says why, and what to do", func(ctx SpecContext) {
		c := byHand(ctx)
		c.account.Delete("q4")
		c.clock.Step(time.Second)
		Expect(c.clevertap(ctx, "", "verify", "marketing")).To(denies("\"q4\": CleverTap rejects the active passcode"))
		c.clockPasses(31 * time.Second) // a second rejection confirms the first
		Eventually(func() ran { return c.clevertap(ctx, "", "why", "marketing") }, 10*time.Second).Should(done("is Rejected, because:",
			`- CleverTap rejects "q4", the active passcode`, "nothing was published before", "Action required"))
	})

	It("lists what needs a person first", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		Expect(kube.Create(ctx,
			valid(c.namespace, func(o *v1alpha1.CleverTapPasscode) { o.Name = "broken" }, targetName("elsewhere"), stagedIn("absent", "key")))).To(Succeed())
		c.clockPasses(10 * time.Second) // 5 s, for which a Secret that is applied later is waited for
		Eventually(func() string { return string(c.named(ctx, "broken").Status.Phase) }, 10*time.Second).Should(Equal("Pending"))
		lines := strings.Split(c.clevertap(ctx, "", "list").Out, "\n")
		Expect(lines[0]).To(MatchRegexp(`^NAME +STATUS +PASSCODE +LEFT +NEXT +RUNWAY +NEEDS`))
		Expect(lines[1]).To(MatchRegexp(`^broken +Pending +- +- +- +- +`))
		Expect(lines[2]).To(MatchRegexp(`^marketing +Active +q4 +(89|90)d +q1 +(89|90)d +-`))
		Expect(c.clevertap(ctx, "", "list", "-o",
			"name").Out).To(Equal("clevertappasscode.clevertap.passcode-operator.io/broken\nclevertappasscode.clevertap.passcode-operator.io/marketing\n"))
		Expect(c.clevertap(ctx, "", "__complete", "status", "").Out).To(ContainSubstring("marketing\tActive q4"))
	})

	It("plans what is in the cluster, and what is in a file", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		Expect(c.clevertap(ctx, "", "plan", "marketing")).To(done("ExpiringSoon", `"q4" has 30 days left`, "Expired", "Runway: until"))
		file := filepath.Join(GinkgoT().TempDir(), "passcodes.yaml")
		object := valid("shop")
		object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("CleverTapPasscode"))
		object.Spec.Passcodes = []v1alpha1.PasscodeEntry{entry("q4", c.start)}
		text, err := yaml.Marshal(object)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(file, append([]byte("kind: Secret\napiVersion: v1\nmetadata: {name: x}\n---\n"), text...), 0o600)).To(Succeed())
		Expect(c.clevertap(ctx, "", "plan", "-f", file, "--min-runway", "90d")).To(done("Runway: until"))
		Expect(c.clevertap(ctx, "", "plan", "-f", file, "--min-runway", "91d")).To(exits(plugin.ExitRunwayShort, "Err", "less runway than 91 days"))
		Expect(os.WriteFile(file, bytes.ReplaceAll(text, []byte("region:"), []byte("regoin:")), 0o600)).To(Succeed())
		Expect(c.clevertap(ctx, "", "plan", "-f", file)).To(fails("regoin"))
	})

	DescribeTable("denies a plan for a file that the API server would not accept", func(ctx SpecContext, wrong, problem string) {
		file := filepath.Join(GinkgoT().TempDir(), "passcodes.yaml")
		text := strings.Join([]string{
			"apiVersion: clevertap.passcode-operator.io/v1alpha1", "kind: CleverTapPasscode", "metadata: {name: marketing}", "spec:",
			"  accountID: TEST-1", "  region: in1", "  expiry: {days: 90}", "  passcodes:",
			"  - {name: q4, secretKeyRef: {name: staged, key: q4}, createdAt: '2026-10-01T09:00:00Z'}", "",
		}, "\n")
		old, _, _ := strings.Cut(strings.TrimSpace(wrong), ":")
		lines := strings.Split(text, "\n")
		at := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), old+":") })
		if at < 0 {
			lines = append(lines, wrong)
		} else {
			lines[at] = wrong
		}
		Expect(os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600)).To(Succeed())
		Expect((&cluster{namespace: "shop", clock: clocktesting.NewFakeClock(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))}).clevertap(ctx, "", "plan", "-f",
			file)).To(fails("passcodes.yaml", "CleverTapPasscode ", problem))
	},
		Entry("a name that no object can have", "metadata: {name: Mark_eting}", "metadata.name"),
		Entry("a label that no object can have", "metadata: {name: marketing, labels: {'a b': c}}", "metadata.labels"),
		Entry("a version that the plugin does not know", "apiVersion: clevertap.passcode-operator.io/v1beta1",
			"knows only clevertap.passcode-operator.io/v1alpha1"),
		Entry("a region that there is not", "  region: mars", `spec.region: Unsupported value: "mars"`),
		Entry("a date that there is not", `  expiry: {at: "2026-99-99T00:00:00Z"}`, "spec.expiry.at"),
		Entry("a date of 29 February in a common year", `  expiry: {at: "2027-02-29T00:00:00Z"}`, "spec.expiry"),
		Entry("two kinds of expiry", "  expiry: {days: 90, forever: true}", "spec.expiry"),
		Entry("days as text", `  expiry: {days: "90"}`, "spec.expiry.days"),
		Entry("a field of another name", "  acountID: TEST-1", "acountID"),
		Entry("an account of other characters", "  accountID: 'a b c'", "spec.accountID"),
		Entry("a pin of no entry", "  rotation: {pin: q9}", "pin"),
		Entry("a target that is a source", "  target: {name: staged}", "target"),
	)

	It("does not plan with an expiry that nobody knows", func(ctx SpecContext) {
		c := newCluster(ctx)
		file := filepath.Join(GinkgoT().TempDir(), "passcodes.yaml")
		object := valid("shop")
		object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("CleverTapPasscode"))
		object.Spec.Passcodes = []v1alpha1.PasscodeEntry{entry("q4", c.start)}
		object.Spec.Passcodes[0].CreatedAt = nil
		text, err := yaml.Marshal(object)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(file, text, 0o600)).To(Succeed())
		Expect(c.clevertap(ctx, "", "plan", "-f", file)).To(done(`The expiry of "q4" is unknown`, "set createdAt"))
		Expect(c.clevertap(ctx, "", "plan", "-f", file, "--min-runway", "1d")).To(exits(plugin.ExitRunwayShort, "Err", `the expiry of "q4" is unknown`))

		By("not believing a createdAt that lies in the future either")
		object.Spec.Passcodes[0].CreatedAt = new(v1alpha1.Time("2062-10-01T09:00:00Z"))
		text, err = yaml.Marshal(object)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(file, text, 0o600)).To(Succeed())
		Expect(c.clevertap(ctx, "", "plan", "-f", file, "--min-runway", "1d")).To(exits(plugin.ExitRunwayShort, "Err", `the expiry of "q4" is unknown`))
	})

	It("accepts what list -o name prints, and no other kind", func(ctx SpecContext) {
		c := byHand(ctx)
		name := strings.TrimSpace(c.clevertap(ctx, "", "list", "-o", "name").Out)
		Expect(c.clevertap(ctx, "", "status", name)).To(done(c.namespace + "/marketing: Active"))
		Expect(c.clevertap(ctx, "", "plan", "ctp/marketing")).To(done("Runway"))
		Expect(c.clevertap(ctx, "", "status", "secret/marketing")).To(fails(`"secret/marketing" is no CleverTapPasscode`))
		Expect(c.clevertap(ctx, "", "list", "--no-headers").Out).To(HavePrefix("marketing "))
	})

	It("prints its version, and that of the cluster's operator", func(ctx SpecContext) {
		c := newCluster(ctx)
		Expect(c.clevertap(ctx, "", "version", "--client")).To(And(done("kubectl-clevertap "), HaveField("Err", BeEmpty())))
		Expect(c.clevertap(ctx, "", "version", "-o", "json")).To(done(`"goVersion"`))
		labels := map[string]string{"app.kubernetes.io/component": "manager", "app.kubernetes.io/name": "clevertap-passcode-operator"}
		Expect(kube.Create(ctx, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: "operator", Namespace: c.namespace, Labels: labels},
			Spec: appsv1.DeploymentSpec{Replicas: ptr.To[int32](2), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "manager", Image: "registry.example/clevertap-passcode-operator:v0.3.1"}}},
			}},
		})).To(Succeed())
		Expect(c.clevertap(ctx, "", "version")).To(done("operator registry.example/clevertap-passcode-operator:v0.3.1 (Deployment " + c.namespace +
			"/operator, 0/2 Pods ready)"))
	})

	It("prints a bundle for support without a value", func(ctx SpecContext) {
		c := byHand(ctx)
		applied := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "staged", Namespace: c.namespace}}
		Expect(kube.Patch(ctx, applied, client.RawPatch(types.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"what-kubectl-applied"}}}`)))).To(Succeed())
		Eventually(func() ran { return c.clevertap(ctx, "", "report") }).Should(done(
			"PasscodePublished", "activePasscode: q4", "clevertap.passcode-operator.io/role: target", "kubernetes: v1.", "plugin:"))
		for _, format := range []string{"yaml", "json"} {
			report := c.clevertap(ctx, "", "report", "marketing", "-o", format)
			Expect(report.Exit).To(Equal(0), report.Err)
			Expect(report.Out).NotTo(ContainSubstring("AAA-AAA"))
			Expect(report.Out).NotTo(ContainSubstring("managedFields"))
			Expect(report.Out).NotTo(ContainSubstring("what-kubectl-applied"))
			Expect(report.Out).NotTo(ContainSubstring(base64.StdEncoding.EncodeToString([]byte("AAA-AAA-AAAA"))))
		}
		Expect(c.clevertap(ctx, "", "report", "absent")).To(fails("has no such CleverTapPasscode"))
	})

	It("points out a value that looks wrong before it is staged, and beside the rejection", func(ctx SpecContext) {
		c := byHand(ctx)
		ended := c.clevertap(ctx, `"BBB-BBB-BBBB"`, "stage", "marketing", "--passcode-name", "q1", "--days", "90")
		Expect(ended).To(denies("Warning: the value is in quotes", "CleverTap rejects it", "Its value is in quotes"))
		Expect(c.clevertap(ctx, "\ufeffBBB-BBB-BBBB", "stage", "marketing", "--passcode-name", "q2", "--days",
			"90")).To(fails("begins with a byte order mark"))
	})
})

var _ = Describe("kubectl clevertap adopt", func() {
	// legacy is a Secret that workloads mount, with the value of q1, and an object that names it as its target.
	legacy := func(ctx SpecContext, modifiers ...func(*corev1.Secret)) *cluster {
		c := newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB"})
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: "legacy"},
			StringData: map[string]string{"passcode": "BBB-BBB-BBBB", "note": "by hand"}}
		for _, modify := range modifiers {
			modify(secret)
		}
		Expect(kube.Create(ctx, secret)).To(Succeed())
		object := valid(c.namespace)
		object.Spec.Passcodes = []v1alpha1.PasscodeEntry{entry("q4", c.start), entry("q1", c.start)}
		object.Spec.Target = &v1alpha1.Target{Name: "legacy"}
		Expect(kube.Create(ctx, object, client.FieldOwner("kubectl-create"))).To(Succeed())
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal("TargetConflict"))))
		return c
	}
	marked := func(key, value string) func(*corev1.Secret) {
		return func(s *corev1.Secret) { s.Labels = map[string]string{key: value} }
	}

	It("hands a Secret over without a change of its value, once it may drop the other keys", func(ctx SpecContext) {
		c := legacy(ctx)
		Expect(c.message(ctx, "Ready")).To(ContainSubstring("kubectl clevertap adopt -n " + c.namespace + " marketing --secret legacy"))
		Expect(c.clevertap(ctx, "", "adopt", "marketing", "--secret", "legacy")).To(fails("would remove or change the keys note", "--drop-keys"))
		Expect(c.secret(ctx, "legacy")().Labels).To(BeEmpty())
		Expect(c.clevertap(ctx, "", "adopt", "marketing", "--secret", "legacy", "--drop-keys")).To(tells(`adopted: Secret "legacy" has "q1", revision 1`))
		Eventually(c.secret(ctx, "legacy")).Should(HaveField("Data", And(
			HaveKeyWithValue("passcode", []byte("BBB-BBB-BBBB")), HaveKeyWithValue("accountId", []byte(accountID)), Not(HaveKey("note")))))
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal("PasscodePublished")), HaveField("ActivePasscode", "q1"),
			HaveField("Revision", BeEquivalentTo(1)),
			HaveField("History", HaveLen(1))))
		Expect(c.object(ctx).Status.History[0].Reason).To(Equal(v1alpha1.RotationInitial))
		Eventually(c.events(ctx)).Should(And(ContainElement("Normal PasscodePublished"), Not(ContainElement("Normal TargetRestored"))))
	})

	It("denies what would change the value that workloads have, or a key that they may read", func(ctx SpecContext) {
		c := legacy(ctx)
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rotation = &v1alpha1.Rotation{Pin: "q4"} })
		Expect(c.clevertap(ctx, "", "adopt", "marketing", "--secret", "legacy",
			"--drop-keys")).To(fails(`spec.rotation.pin names "q4", and the Secret contains "q1"`))

		c = legacy(ctx, func(s *corev1.Secret) {
			s.StringData["endpoint"], s.StringData["old"] = "https://gateway.internal/clevertap", "OLD-OLD-OLDD"
		})
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target.Keys = &v1alpha1.TargetKeys{PreviousPasscode: "old"}
		})
		Expect(c.clevertap(ctx, "", "adopt", "marketing", "--secret", "legacy")).To(fails("would remove or change the keys", "endpoint", "old"))
	})

	DescribeTable("denies", func(ctx SpecContext, why string, modify func(*corev1.Secret)) {
		c := legacy(ctx, modify)
		Expect(c.clevertap(ctx, "", "adopt", "marketing", "--secret", "legacy", "--drop-keys")).To(fails(why))
		Expect(c.secret(ctx, "legacy")().Labels).NotTo(HaveKey(v1alpha1.RoleLabel))
	},
		Entry("an immutable Secret", "it is immutable", func(s *corev1.Secret) { s.Immutable = new(true) }),
		Entry("a Secret of another type", "not Opaque", func(s *corev1.Secret) { s.Type = "example.com/other" }),
		Entry("a Secret that Helm manages", "Helm manages it", marked(v1alpha1.ManagedByLabel, "Helm")),
		Entry("a Secret that Argo CD maintains", "Argo CD maintains it", marked("argocd.argoproj.io/instance", "shop")),
		Entry("a Secret that External Secrets writes", "External Secrets maintains it", marked("reconcile.external-secrets.io/managed", "true")),
		Entry("a Secret that a controller owns", `Widget "w" controls it`, func(s *corev1.Secret) {
			s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Widget", Name: "w", UID: "1", Controller: new(true)}}
		}),
		Entry("a value that is in no entry", "is in no entry of spec.passcodes", func(s *corev1.Secret) { s.StringData["passcode"] = "CCC-CCC-CCCC" }),
		Entry("a Secret without the passcode's key", `has no key "passcode"`, func(s *corev1.Secret) { delete(s.StringData, "passcode") }),
	)
})

var _ = Describe("kubectl clevertap stage --replace", func() {
	replace := func(more ...string) []string {
		return append([]string{"stage", "marketing", "--passcode-name", "q4", "--replace"}, more...)
	}

	// stagedByHand is the source Secret as a person makes it: its keys are not a program's.
	stagedByHand := func(ctx SpecContext, c *cluster) *cluster {
		secret := c.secret(ctx, "staged")()
		Expect(kube.Delete(ctx, secret)).To(Succeed())
		fresh := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: "staged", Labels: secret.Labels}, Data: secret.Data}
		Expect(kube.Create(ctx, fresh, client.FieldOwner("kubectl-create"))).To(Succeed())
		Eventually(c.status(ctx)).ShouldNot(WithTransform(reason("SourcesReady"), Equal("SourceNotFound")))
		return c
	}

	It("prints the createdAt to commit if another tool manages the list, not another entry", func(ctx SpecContext) {
		c := byHand(ctx)
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Passcodes = append(o.Spec.Passcodes, entry("q1", c.start)) })
		stagedByHand(ctx, c)
		ended := c.clevertap(ctx, "NEW-NEW-NEWW", replace("--created-at", "2026-01-01T00:00:00Z")...)
		Expect(ended).To(exits(plugin.ExitNotFinished, "Err", `commit this createdAt for "q4"`))
	})

	It("leaves a key to the program that manages it", func(ctx SpecContext) {
		Expect(byHand(ctx).clevertap(ctx, "NEW-NEW-NEWW", replace()...)).To(fails(`key "q4" of Secret`, "is managed by integration.test"))
	})

	It("replaces the value of the active passcode, and waits until it is accepted", func(ctx SpecContext) {
		c := stagedByHand(ctx, byHand(ctx))
		createdAt := c.object(ctx).Spec.Passcodes[0].CreatedAt
		c.account.Passcode("q4", "NEW-NEW-NEWW", 90)
		Expect(c.clevertap(ctx, "NEW-NEW-NEWW", replace()...)).To(tells(`CleverTap accepts "q4", and it is active`))
		Expect(passcodeIn(c.secret(ctx, "marketing")())).To(Equal("NEW-NEW-NEWW"))
		Expect(c.object(ctx).Spec.Passcodes[0].CreatedAt).To(Equal(createdAt))
	})

	It("says that CleverTap rejects a typo, and replaces it", func(ctx SpecContext) {
		c := stagedByHand(ctx, byHand(ctx))
		Expect(c.clevertap(ctx, "TYP-TYP-TYPO", replace()...)).To(denies(`"q4" cannot be used: CleverTap rejects it`))
		Expect(passcodeIn(c.secret(ctx, "marketing")())).To(Equal("AAA-AAA-AAAA"), "what works stays")
		c.account.Passcode("q4", "NEW-NEW-NEWW", 90)
		Expect(c.clevertap(ctx, "NEW-NEW-NEWW", replace("--created-at", c.start.UTC().Format(time.RFC3339))...)).To(tells("it is active"))
		Expect(string(*c.object(ctx).Spec.Passcodes[0].CreatedAt)).To(Equal(c.start.UTC().Format(time.RFC3339)))
	})

	It("denies what could not work, before anything is written", func(ctx SpecContext) {
		c := stagedByHand(ctx, withSuccessor(ctx))
		before := c.secret(ctx, "staged")()
		Expect(c.clevertap(ctx, "BBB-BBB-BBBB", replace()...)).To(fails(`staged already, as "q1"`))
		Expect(c.clevertap(ctx, "AAA-AAA-AAAA", replace()...)).To(fails(`"q4" has this value already`))
		Expect(c.clevertap(ctx, "X", "stage", "marketing", "--passcode-name", "q9", "--replace")).To(fails(`no entry "q9" to replace`))
		Expect(c.clevertap(ctx, "X", replace("--created-at", "2999-01-01T00:00:00Z")...)).To(fails("is in the future"))
		Expect(c.secret(ctx, "staged")()).To(Equal(before))
	})
})

var _ = Describe("kubectl clevertap at a hidden prompt", func() {
	It("ends with 130 when it is interrupted, and restores the terminal", func(ctx SpecContext) {
		c := byHand(ctx)
		terminal, tty, err := pty.Open()
		Expect(err).NotTo(HaveOccurred())
		defer func() { _, _ = terminal.Close(), tty.Close() }()
		before, err := term.GetState(int(tty.Fd()))
		Expect(err).NotTo(HaveOccurred())
		file := kubeconfigFile()
		running, interrupt := context.WithCancel(ctx)
		ended := make(chan int, 1)
		var atPrompt *term.State // what is pasted as soon as the prompt is seen must not be echoed
		prompt := &syncedBuffer{written: func(text string) {
			if strings.Contains(text, "(not shown)") {
				atPrompt, _ = term.GetState(int(tty.Fd()))
			}
		}}
		go func() {
			command := plugin.New(genericiooptions.IOStreams{In: tty, Out: prompt, ErrOut: prompt}, c.clock)
			command.SetArgs([]string{"stage", "marketing", "--passcode-name", "q9", "--days", "90", "-n", c.namespace, "--kubeconfig", file})
			ended <- plugin.ExitCode(command.ExecuteContext(running), prompt)
		}()
		Eventually(prompt.String).Should(ContainSubstring("(not shown)"))
		Expect(atPrompt).To(And(Not(BeNil()), Not(Equal(before))), "what is typed is echoed")
		interrupt()
		Eventually(ended).Should(Receive(Equal(plugin.ExitInterrupted)))
		after, err := term.GetState(int(tty.Fd()))
		Expect(err).NotTo(HaveOccurred())
		Expect(after).To(Equal(before))
		Expect(prompt.String()).To(ContainSubstring("interrupted: nothing was written"))
	})
})

// syncedBuffer is written by one goroutine and read by another.
type syncedBuffer struct {
	// written is called with each text before it can be read; nil is not called.
	written func(string)

	mu   sync.Mutex
	text strings.Builder
}

func (b *syncedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.written != nil {
		b.written(string(text))
	}
	return b.text.Write(text)
}

func (b *syncedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

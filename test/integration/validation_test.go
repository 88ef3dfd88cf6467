// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

type modifier = func(*v1alpha1.CleverTapPasscode)

func valid(namespace string, modifiers ...modifier) *v1alpha1.CleverTapPasscode {
	object := &v1alpha1.CleverTapPasscode{
		ObjectMeta: metav1.ObjectMeta{Name: "marketing", Namespace: namespace},
		Spec: v1alpha1.CleverTapPasscodeSpec{
			AccountID: "TEST-5RW-K78-985Z",
			Region:    "in1",
			Expiry:    v1alpha1.Expiry{Days: ptr.To[int32](90)},
			Passcodes: []v1alpha1.PasscodeEntry{{
				Name:         "shop-2026-q4",
				SecretKeyRef: v1alpha1.SecretKeyRef{Name: "clevertap-staged", Key: "q4"},
			}},
		},
	}
	for _, modify := range modifiers {
		modify(object)
	}
	return object
}

func account(id string) modifier {
	return func(o *v1alpha1.CleverTapPasscode) { o.Spec.AccountID = id }
}

func expiring(expiry v1alpha1.Expiry) modifier {
	return func(o *v1alpha1.CleverTapPasscode) { o.Spec.Expiry = expiry }
}

func days(n int32) v1alpha1.Expiry { return v1alpha1.Expiry{Days: &n} }

func at(time v1alpha1.Time) v1alpha1.Expiry { return v1alpha1.Expiry{At: &time} }

func user(o *v1alpha1.CleverTapPasscode) { o.Spec.Type = v1alpha1.PasscodeTypeUser }

func firstEntry(modify func(*v1alpha1.PasscodeEntry)) modifier {
	return func(o *v1alpha1.CleverTapPasscode) { modify(&o.Spec.Passcodes[0]) }
}

func entryName(name string) modifier {
	return firstEntry(func(e *v1alpha1.PasscodeEntry) { e.Name = name })
}

func createdAt(time v1alpha1.Time) modifier {
	return firstEntry(func(e *v1alpha1.PasscodeEntry) { e.CreatedAt = &time })
}

func entryExpiring(expiry v1alpha1.Expiry) modifier {
	return firstEntry(func(e *v1alpha1.PasscodeEntry) { e.Expiry = &expiry })
}

func stagedIn(secret, key string) modifier {
	return firstEntry(func(e *v1alpha1.PasscodeEntry) { e.SecretKeyRef = v1alpha1.SecretKeyRef{Name: secret, Key: key} })
}

func entries(n int) modifier {
	return func(o *v1alpha1.CleverTapPasscode) {
		entry := o.Spec.Passcodes[0]
		o.Spec.Passcodes = nil
		for i := range n {
			entry.Name = fmt.Sprintf("%s-%03d", strings.Repeat("n", 124), i)
			entry.SecretKeyRef = v1alpha1.SecretKeyRef{Name: strings.Repeat("s", 253), Key: strings.Repeat("k", 253)}
			entry.CreatedAt = ptr.To[v1alpha1.Time]("2026-10-01T09:00:00.123456789+05:30")
			entry.Expiry = new(at("2027-10-01T09:00:00.123456789+05:30"))
			o.Spec.Passcodes = append(o.Spec.Passcodes, entry)
		}
	}
}

func withTarget(modify func(*v1alpha1.Target)) modifier {
	return func(o *v1alpha1.CleverTapPasscode) {
		o.Spec.Target = &v1alpha1.Target{}
		modify(o.Spec.Target)
	}
}

func targetName(name string) modifier {
	return withTarget(func(t *v1alpha1.Target) { t.Name = name })
}

func keys(keys v1alpha1.TargetKeys) modifier {
	return withTarget(func(t *v1alpha1.Target) { t.Keys = &keys })
}

func targetLabel(key string, value v1alpha1.LabelValue) modifier {
	return withTarget(func(t *v1alpha1.Target) { t.Labels = map[string]v1alpha1.LabelValue{key: value} })
}

func targetAnnotation(key string) modifier {
	return withTarget(func(t *v1alpha1.Target) { t.Annotations = map[string]v1alpha1.AnnotationValue{key: "x"} })
}

func before(duration v1alpha1.Duration) modifier {
	return func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rotation = &v1alpha1.Rotation{Before: &duration} }
}

func pin(name string) modifier {
	return func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rotation = &v1alpha1.Rotation{Pin: name} }
}

func window(schedule string, lasts v1alpha1.Duration, zone string) v1alpha1.RotationWindow {
	return v1alpha1.RotationWindow{Schedule: schedule, Duration: lasts, TimeZone: zone}
}

func windows(list ...v1alpha1.RotationWindow) modifier {
	return func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rotation = &v1alpha1.Rotation{Windows: list} }
}

func interval(duration v1alpha1.Duration) modifier {
	return func(o *v1alpha1.CleverTapPasscode) { o.Spec.Verification = &v1alpha1.Verification{Interval: &duration} }
}

var _ = Describe("The API server", func() {
	DescribeTable("takes", func(ctx SpecContext, modifiers ...modifier) {
		Expect(kube.Create(ctx, valid(newNamespace(ctx), modifiers...), client.DryRunAll)).To(Succeed())
	},
		Entry("the smallest object"),
		Entry("an old account id of only digits", account("476550467")),
		Entry("a passcode that never ends", expiring(v1alpha1.Expiry{Forever: new(true)})),
		Entry("an end to the nanosecond in another time zone", expiring(at("2027-01-01T00:00:00.123456789+05:30"))),
		Entry("29 February in a leap year", createdAt("2028-02-29T00:00:00Z")),
		Entry("a hundred years in days", expiring(days(36500))),
		Entry("a user passcode of a year", user, expiring(days(365))),
		Entry("an infinite user passcode", user, expiring(v1alpha1.Expiry{Forever: new(true)})),
		Entry("a hundred passcodes with every string at its longest", entries(100)),
		Entry("a passcode name with spaces and letters of any script", entryName("Shop – Größe 4 (測試)")),
		Entry("one target key of its own, the others by default", keys(v1alpha1.TargetKeys{Passcode: "CLEVERTAP_PASSCODE"})),
		Entry("a hidden file as a target key", keys(v1alpha1.TargetKeys{Passcode: ".passcode"})),
		Entry("default keys that trade places", keys(v1alpha1.TargetKeys{Region: "endpoint", Endpoint: "region"})),
		Entry("a key for the previous passcode", keys(v1alpha1.TargetKeys{PreviousPasscode: "previous"})),
		Entry("an ordinary label on the target", targetLabel("team", "growth")),
		Entry("Kubernetes' recommended name label on the target", targetLabel("app.kubernetes.io/name", "shop")),
		Entry("an annotation that replicators read", targetAnnotation("replicator.v1.mittwald.de/replicate-to")),
		Entry("an annotation of a domain that only ends alike", targetAnnotation("notk8s.io/x")),
		Entry("rotation an hour and a half ahead", before("1h30m")),
		Entry("rotation at the very end", before("0s")),
		Entry("a pin on an entry", pin("shop-2026-q4")),
		Entry("an empty pin", pin("")),
		Entry("a window of a week, whatever its schedule says", windows(window("every night", "168h", "Europe/Atlantis"))),
		Entry("windows of the shortest", windows(window("0 2 * * *", "1m", ""), window("0 3 * * *", "60s", ""))),
		Entry("a rollout of Argo's", func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Rollout = &v1alpha1.Rollout{Targets: []v1alpha1.RolloutTarget{{Kind: "Rollout", Name: "web"}}}
		}),
		Entry("a verification a minute", interval("1m")),
		Entry("a verification every 30 days", interval("720h")),
		Entry("a verification a minute, in seconds", interval("60s")),
	)

	DescribeTable("denies", func(ctx SpecContext, message string, modifiers ...modifier) {
		err := kube.Create(ctx, valid(newNamespace(ctx), modifiers...), client.DryRunAll)
		// Older API servers show the type of a value that a rule denies in place of the value.
		field, _, isValue := strings.Cut(message, "Invalid value: ")
		if isValue {
			message = message[strings.LastIndex(message, ": "):]
		}
		Expect(err).To(MatchError(And(ContainSubstring(field), ContainSubstring(message))))
	},
		Entry("an account id with an underscore",
			"spec.accountID: Invalid value: \"a_b_c\": must be 3 to 64 letters, digits and hyphens, such as TEST-5RW-K78-985Z", account("a_b_c")),
		Entry("an account id of two characters", "must be 3 to 64 letters", account("ab")),
		Entry("an account id of 65 characters", "spec.accountID: Too long: may not be more than 64", account(strings.Repeat("a", 65))),
		Entry("a region that CleverTap has not",
			"spec.region: Unsupported value: \"eu2\": supported values: \"eu1\", \"in1\", \"sg1\", \"us1\", \"aps3\", \"mec1\"",
			func(o *v1alpha1.CleverTapPasscode) { o.Spec.Region = "eu2" }),
		Entry("no expiry", "spec.expiry: Invalid value: exactly one of days, forever and at must be set", expiring(v1alpha1.Expiry{})),
		Entry("two expiries", "exactly one of days, forever and at must be set", expiring(v1alpha1.Expiry{Days: ptr.To[int32](1), Forever: new(true)})),
		Entry("forever false", "spec.expiry.forever: Invalid value: false: must be true, or left out", expiring(v1alpha1.Expiry{Forever: new(false)})),
		Entry("no days", "spec.expiry.days: Invalid value: 0: spec.expiry.days in body should be greater than or equal to 1", expiring(days(0))),
		Entry("more than a hundred years", "should be less than or equal to 36500", expiring(days(36501))),
		Entry("a user passcode of more than a year", "expiry.days must be 365 or less if type is User", user, expiring(days(366))),
		Entry("a listed user passcode of more than a year", "expiry.days must be 365 or less if type is User", user, entryExpiring(days(366))),
		Entry("an end at hour 25", "spec.expiry.at: Invalid value: \"2027-01-01T25:00:00Z\": must be an RFC 3339 time after 1970, such as 2026-10-01T09:00:00Z", expiring(at("2027-01-01T25:00:00Z"))),
		Entry("an end with a small t", "must be an RFC 3339 time", expiring(at("2027-01-01t00:00:00Z"))),
		Entry("an end without a zone", "must be an RFC 3339 time", expiring(at("2027-01-01T00:00:00"))),
		Entry("a leap second", "must be an RFC 3339 time", expiring(at("2027-01-01T00:00:60Z"))),
		Entry("29 February in a common year", "must be an RFC 3339 time", createdAt("2027-02-29T00:00:00Z")),
		Entry("31 April", "must be an RFC 3339 time", createdAt("2027-04-31T00:00:00Z")),
		Entry("the year 0", "must be an RFC 3339 time", createdAt("0000-01-01T00:00:00Z")),
		Entry("no passcodes", "spec.passcodes: Invalid value: 0: spec.passcodes in body should have at least 1 items",
			func(o *v1alpha1.CleverTapPasscode) { o.Spec.Passcodes = []v1alpha1.PasscodeEntry{} }),
		Entry("101 passcodes", "spec.passcodes: Too many: 101: must have at most 100 items", entries(101)),
		Entry("two passcodes of one name", "spec.passcodes[1]: Duplicate value", func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Passcodes = append(o.Spec.Passcodes, o.Spec.Passcodes[0])
		}),
		Entry("a passcode without a name", "spec.passcodes[0].name", entryName("")),
		Entry("a passcode name with a newline", "must not contain control characters", entryName("a\nb")),
		Entry("a passcode name with a C1 control character", "must not contain control characters", entryName("a\u0085b")),
		Entry("a passcode name of 129 characters", "spec.passcodes[0].name: Too long: may not be more than 128", entryName(strings.Repeat("a", 129))),
		Entry("a source Secret that can't exist", "spec.passcodes[0].secretKeyRef.name: Invalid value: \"Upper\": must be the name of a Secret",
			stagedIn("Upper", "q4")),
		Entry("a source key that can't exist", "spec.passcodes[0].secretKeyRef.key: Invalid value: \"a b\": must be a key of a Secret",
			stagedIn("clevertap-staged", "a b")),
		Entry("a file under a key that the target has", "keys of files must differ", func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{Files: []v1alpha1.TargetFile{{Key: "passcode", Format: v1alpha1.FileFormatEnv}}}
		}),
		Entry("a file under a key that is renamed", "keys of files must differ", func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{Keys: &v1alpha1.TargetKeys{Region: "x"},
				Files: []v1alpha1.TargetFile{{Key: "x", Format: v1alpha1.FileFormatEnv}}}
		}),
		Entry("two files under one key", "Duplicate value", func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{Files: []v1alpha1.TargetFile{{Key: "x", Format: v1alpha1.FileFormatEnv},
				{Key: "x", Format: v1alpha1.FileFormatJSON}}}
		}),
		Entry("a file of another format", "Unsupported value", func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{Files: []v1alpha1.TargetFile{{Key: "x", Format: "YAML"}}}
		}),
		Entry("a target while observing", "must be absent if mode is Observe", func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Mode, o.Spec.Target = v1alpha1.ModeObserve, &v1alpha1.Target{Name: "x"}
		}),
		Entry("a rotation while observing", "must be absent if mode is Observe", func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Mode, o.Spec.Target, o.Spec.Rotation = v1alpha1.ModeObserve, nil, &v1alpha1.Rotation{}
		}),
		Entry("another mode", "spec.mode: Unsupported value", func(o *v1alpha1.CleverTapPasscode) { o.Spec.Mode = "Watch" }),
		Entry("a target that is a source", "must not be the secretKeyRef of an entry", targetName("clevertap-staged")),
		Entry("a source of the object's name, which is the target's by default", "must not be the secretKeyRef of an entry", stagedIn("marketing", "q4")),
		Entry("a target that can't exist", "spec.target.name: Invalid value: \"a_b\": must be the name of a Secret", targetName("a_b")),
		Entry("two target keys alike", "spec.target.keys: Invalid value: the keys must differ", keys(v1alpha1.TargetKeys{Passcode: "x", Region: "x"})),
		Entry("a target key that is another's default", "the keys must differ", keys(v1alpha1.TargetKeys{Passcode: "region"})),
		Entry("a previous passcode under the passcode's key", "the keys must differ", keys(v1alpha1.TargetKeys{PreviousPasscode: "passcode"})),
		Entry("a target key that is a folder", "spec.target.keys.passcode: Invalid value: \".\": must be a key of a Secret",
			keys(v1alpha1.TargetKeys{Passcode: "."})),
		Entry("a target key that begins with two dots", "must be a key of a Secret", keys(v1alpha1.TargetKeys{Passcode: "..data"})),
		Entry("a label key that is none", "every key must be a valid label key", targetLabel("a b", "x")),
		Entry("a label value that is none", "must be a label value", targetLabel("team", "a b")),
		Entry("the operator's own label", "must not be set", targetLabel("clevertap.passcode-operator.io/role", "source")),
		Entry("a label below the operator's own domain", "must not be set", targetLabel("x.clevertap.passcode-operator.io/y", "z")),
		Entry("a managed-by label", "must not be set", targetLabel("app.kubernetes.io/managed-by", "me")),
		Entry("an instance label", "must not be set", targetLabel("app.kubernetes.io/instance", "me")),
		Entry("a label of Kubernetes", "must not be set", targetLabel("node-role.kubernetes.io/master", "x")),
		Entry("an annotation key that is none", "every key must be a valid annotation key", targetAnnotation("a b")),
		Entry("an annotation of kubectl", "must not be set", targetAnnotation("kubectl.kubernetes.io/last-applied-configuration")),
		Entry("an annotation of k8s.io", "must not be set", targetAnnotation("k8s.io/x")),
		Entry("an annotation of Argo CD", "must not be set", targetAnnotation("argocd.argoproj.io/tracking-id")),
		Entry("an annotation of Helm", "must not be set", targetAnnotation("meta.helm.sh/release-name")),
		Entry("an annotation below Flux's domain", "must not be set", targetAnnotation("kustomize.toolkit.fluxcd.io/name")),
		Entry("an annotation of Kubernetes in capitals", "must not be set", targetAnnotation("Kubernetes.io/x")),
		Entry("a duration in days", "spec.rotation.before: Invalid value: \"30d\": must be a duration in h, m and s, such as 720h or 1h30m", before("30d")),
		Entry("an empty duration", "must be a duration", before("")),
		Entry("a unit without a number", "must be a duration", before("h")),
		Entry("a duration that overflows", "must be a duration", before("9999999h")),
		Entry("a pin on what is not listed", "rotation.pin must be the name of an entry of spec.passcodes", pin("shop-2027-q1")),
		Entry("a window that is hardly open", "spec.rotation.windows[0].duration: Invalid value: \"59s\": must be 1m to 168h",
			windows(window("0 2 * * *", "59s", ""))),
		Entry("a window of more than a week", "must be 1m to 168h", windows(window("0 2 * * *", "169h", ""))),
		Entry("a window in days", "must be a duration", windows(window("0 2 * * *", "1d", ""))),
		Entry("a window without a schedule", "spec.rotation.windows[0].schedule", windows(window("", "1h", ""))),
		Entry("17 windows", "spec.rotation.windows: Too many: 17: must have at most 16 items", windows(make([]v1alpha1.RotationWindow, 17)...)),
		Entry("verifications more often than once a minute", "spec.verification.interval: Invalid value: \"59s\": must be 1m to 720h", interval("59s")),
		Entry("verifications less often than every 30 days", "spec.verification.interval: Invalid value: \"721h\": must be 1m to 720h", interval("721h")),
		Entry("an interval that would overflow", "must be 1m to 720h", interval("999999h")),
		Entry("a source key that is a folder", "spec.passcodes[0].secretKeyRef.key: Invalid value: \"..\": must be a key of a Secret",
			stagedIn("clevertap-staged", "..")),
		Entry("a source key that is this folder", "must be a key of a Secret", stagedIn("clevertap-staged", ".")),
		Entry("a window whose schedule is a macro", "spec.rotation.windows[0].schedule: Invalid value: \"@every 24h\": must be five cron fields",
			windows(window("@every 24h", "4h", ""))),
		Entry("a window whose schedule is a macro after a blank", "must be five cron fields", windows(window(" @daily", "4h", ""))),
		Entry("a window whose schedule names a zone", "the zone is set by timeZone", windows(window("TZ=Europe/Paris 0 2 * * *", "4h", ""))),
		Entry("an annotation value of 1,025 characters", "spec.target.annotations.note: Too long: may not be more than 1024",
			func(o *v1alpha1.CleverTapPasscode) {
				o.Spec.Target = &v1alpha1.Target{Annotations: map[string]v1alpha1.AnnotationValue{"note": v1alpha1.AnnotationValue(strings.Repeat("a",
					1025))}}
			}),
	)

	It("marks the status of a new object as unseen", func(ctx SpecContext) {
		object := valid(newNamespace(ctx))
		Expect(kube.Create(ctx, object)).To(Succeed())
		Expect(object.Status.ObservedGeneration).To(BeEquivalentTo(-1))
	})
})

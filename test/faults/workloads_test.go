// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

// action is one thing that is done, or waited for.
type action = func(context.Context, *scene) error

// workload is what users do, and what they wait for.
type workload struct {
	name string
	run  action
	// goesBack reports whether a value that was replaced may be published again: by a pin, or if nothing else is left.
	goesBack bool
	// edits reports whether someone writes another region into the target.
	edits bool
	// verifiesAgain reports whether CleverTap verifies again by itself: an entry that it rejects, after growing waits.
	verifiesAgain bool
	// passesOver reports whether one that had no result may be passed over, so that another is published.
	passesOver bool
	// forgets reports whether a crash makes it a new publication that a target is made again.
	forgets bool
	// conflicts reports whether a Secret that is not the operator's takes the target's place, which is read again and again.
	conflicts bool
	// outstanding reports whether a workload to restart may never come, which is looked for again and again.
	outstanding bool
	// marks reports whether a Pod uses a replaced value for a while: whether it is seen to, and marked, depends on when it is
	// looked for.
	marks bool
	// unverified reports whether the object may turn verification off.
	unverified bool
	// timed reports whether hours or days have to go by.
	timed bool
}

// steps are done one after the other; the first error ends them.
func steps(do ...action) action {
	return func(ctx context.Context, s *scene) error {
		for _, step := range do {
			if err := step(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}
}

// begun has "a" published, and then "b" staged.
func begun(ctx context.Context, s *scene) error { return begunWith("b")(ctx, s) }

// begunWith has "a" published, and then others staged: listed at once, one that had no result would be
// passed over, and what is published would depend on the fault.
func begunWith(others ...string) action {
	return func(ctx context.Context, s *scene) error {
		if err := s.passcode(ctx, "a", "b", "c"); err != nil {
			return err
		}
		if err := s.declare(ctx, "a"); err != nil {
			return err
		}
		if err := publishes("a")(ctx, s); err != nil {
			return err
		}
		err := s.change(ctx, "o", func(o *v1alpha1.CleverTapPasscode) {
			for i, name := range others {
				o.Spec.Passcodes = append(o.Spec.Passcodes, s.entry(name, i+1))
			}
		})
		if err != nil {
			return err
		}
		return s.until("all are staged", func() bool {
			o, err := s.object(ctx, "o")
			staged := 0
			for _, p := range o.Status.Passcodes {
				if p.State == v1alpha1.StateStaged {
					staged++
				}
			}
			return err == nil && staged == len(others)
		})
	}
}

// begunRejected has the dashboard delete the first one before it is verified.
func begunRejected(ctx context.Context, s *scene) error {
	if err := s.passcode(ctx, "a", "b", "c"); err != nil {
		return err
	}
	s.account.Delete("a")
	delete(s.made, valueOf("a"))
	return s.declare(ctx, "a", "b")
}

func publishes(passcode string) action {
	return func(ctx context.Context, s *scene) error { return s.published(ctx, "o", passcode) }
}

func changes(modify func(*v1alpha1.CleverTapPasscode)) action {
	return func(ctx context.Context, s *scene) error { return s.change(ctx, "o", modify) }
}

func requests(annotation, request string) action {
	return changes(func(o *v1alpha1.CleverTapPasscode) { o.Annotations = map[string]string{annotation: request} })
}

// reports waits for an object's reason not to be Ready.
func reports(object, reason string) action {
	return func(ctx context.Context, s *scene) error {
		return s.until(object+" reports "+reason, func() bool {
			o, err := s.object(ctx, object)
			return err == nil && readyReason(o) == reason
		})
	}
}

// edits has someone write into a Secret.
func edits(secret, key, value string) action {
	return func(ctx context.Context, s *scene) error {
		patch := fmt.Appendf(nil, `{"stringData":{%q:%q}}`, key, value)
		return s.kube.Patch(ctx, s.secret(ctx, secret), client.RawPatch(types.MergePatchType, patch))
	}
}

func settles(_ context.Context, s *scene) error {
	s.settle()
	return nil
}

func workloads() []workload {
	return slices.Concat(publishingWorkloads(), requestedWorkloads(), conflictingWorkloads(), deniedWorkloads(), observingWorkloads())
}

// publishingWorkloads are those of a value that becomes active, or no longer can.
func publishingWorkloads() []workload {
	return []workload{
		{name: "first publication", run: begun},
		{name: "the first one is rejected", verifiesAgain: true, run: steps(begunRejected, publishes("b"))},
		{name: "rotation when due", timed: true, run: steps(begun, settles, skipsTo(60*day), publishes("b"))},
		{name: "in-place change", run: steps(begun, func(_ context.Context, s *scene) error {
			s.account.Passcode("a", "VALUE-OF-a2", 90)
			s.made["VALUE-OF-a2"] = true
			return nil
		}, edits("staged", "a", "VALUE-OF-a2"), func(ctx context.Context, s *scene) error {
			return s.until("the changed value is published", func() bool { return string(s.secret(ctx, "o").Data["passcode"]) == "VALUE-OF-a2" })
		})},
		{name: "failover", timed: true, verifiesAgain: true, run: steps(begun, settles, func(_ context.Context, s *scene) error {
			s.account.Delete("a")
			s.clock.Step(2 * time.Hour)
			return nil
		}, publishes("b"))},
	}
}

// requestedWorkloads are those of what a person requests.
func requestedWorkloads() []workload {
	return []workload{
		{name: "request", passesOver: true,
			run: steps(begunWith("b", "c"), settles, requests(v1alpha1.RotateRequestedAtAnnotation, "now"), handled("now"), publishes("b"))},
		{name: "two requests and one successor",
			run: steps(begun, settles, rotates("1", "b"), settles, requests(v1alpha1.RotateRequestedAtAnnotation, "2"), handled("2"), settles, publishes("b"))},
		{name: "verification request",
			run: steps(begun, settles, requests(v1alpha1.VerifyRequestedAtAnnotation, "now"), func(ctx context.Context, s *scene) error {
				return s.until("the request is handled", func() bool {
					o, err := s.object(ctx, "o")
					return err == nil && o.Status.LastHandledVerifyAt == "now"
				})
			})},
		{name: "removal", run: steps(begun, changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Passcodes = o.Spec.Passcodes[1:] }), publishes("b"))},
		{name: "pin there and back", goesBack: true, run: steps(begun,
			changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rotation = &v1alpha1.Rotation{Pin: "b"} }), publishes("b"),
			changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rotation = &v1alpha1.Rotation{Pin: "a"} }), publishes("a"))},
		{name: "rollout restart", timed: true, passesOver: true, marks: true,
			run: steps(deployed, begunWith("b", "c"), changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rollout = &v1alpha1.Rollout{Auto: true} }),
				settles, requests(v1alpha1.RotateRequestedAtAnnotation, "now"), publishes("b"), restarted, settles, rolledOut, settles)},
	}
}

// conflictingWorkloads are those of deletions, an outage, and other writers.
func conflictingWorkloads() []workload {
	return []workload{
		{name: "deletion that retains", run: steps(begun, deleted)},
		{name: "deletion that deletes", run: steps(begun, changes(func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{DeletionPolicy: v1alpha1.DeletionPolicyDelete}
		}), func(ctx context.Context, s *scene) error {
			return s.until("the target is owned", func() bool { return len(s.secret(ctx, "o").OwnerReferences) == 1 })
		}, deleted)},
		{name: "two objects on one target", timed: true, run: steps(begun, func(ctx context.Context, s *scene) error {
			return s.declareWith(ctx, "late", []string{"a"}, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Target = &v1alpha1.Target{Name: "o"} })
		}, reports("late", v1alpha1.ReasonTargetConflict))},
		{name: "outage of CleverTap", timed: true, run: steps(func(ctx context.Context, s *scene) error {
			s.vendor.Break(clevertaptest.Responds(http.StatusServiceUnavailable, "down"))
			return all(s.passcode(ctx, "a", "b", "c"), s.declare(ctx, "a"))
		}, reports("o", v1alpha1.ReasonVerificationUnavailable), func(_ context.Context, s *scene) error {
			s.vendor.Break(nil)
			return nil
		}, publishes("a"))},
		{name: "target edited and deleted", edits: true, forgets: true,
			run: steps(begun, settles, edits("o", "region", "eu1"), func(ctx context.Context, s *scene) error {
				return s.until("the target is put right", func() bool { return string(s.secret(ctx, "o").Data["region"]) == "in1" })
			}, settles, deletesTarget, publishes("a"))},
	}
}

// observingWorkloads are those of a Secret that someone else maintains, for a while or all the time.
func observingWorkloads() []workload {
	observed := func(ctx context.Context, s *scene) error {
		return all(s.passcode(ctx, "a", "b"),
			s.declareWith(ctx, "o", []string{"a"}, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Mode = v1alpha1.ModeObserve }))
	}
	mode := func(mode v1alpha1.Mode) action {
		return changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Mode = mode })
	}
	return []workload{
		{name: "an observed Secret that its writer changes", timed: true,
			run: steps(observed, reports("o", v1alpha1.ReasonPasscodeVerified), settles, func(_ context.Context, s *scene) error {
				s.account.Passcode("a", "VALUE-OF-a2", 90)
				s.made["VALUE-OF-a2"] = true
				return nil
			}, edits("staged", "a", "VALUE-OF-a2"), verifiesValue("VALUE-OF-a2"), reports("o", v1alpha1.ReasonPasscodeVerified))},
		{name: "an observed passcode that CleverTap rejects", timed: true, verifiesAgain: true,
			run: steps(observed, reports("o", v1alpha1.ReasonPasscodeVerified), settles, func(_ context.Context, s *scene) error {
				s.account.Delete("a")
				s.clock.Step(2 * time.Hour)
				return nil
			}, reports("o", v1alpha1.ReasonPasscodeRejected))},
		{name: "from Observe to Manage and back", timed: true, run: steps(observed, reports("o", v1alpha1.ReasonPasscodeVerified),
			mode(v1alpha1.ModeManage), publishes("a"), mode(v1alpha1.ModeObserve), reports("o", v1alpha1.ReasonPasscodeVerified), settles,
			mode(v1alpha1.ModeManage), publishes("a"), reports("o", v1alpha1.ReasonPasscodePublished))},
	}
}

// verifiesValue waits until a value was verified.
func verifiesValue(value string) action {
	return func(_ context.Context, s *scene) error {
		return s.until("CleverTap verifies "+value, func() bool {
			return slices.ContainsFunc(s.vendor.Calls(), func(c clevertaptest.Call) bool { return c.Value == value })
		})
	}
}

// deniedWorkloads are those in which the API server forbids one write for a while: everything else goes on.
func deniedWorkloads() []workload {
	return []workload{
		{name: "a former target that may not be marked", timed: true, run: steps(begun, settles, denies("PATCH", "secrets/o"), changes(targetNamed("new")),
			inTarget("new", "a"), fails(v1alpha1.ReasonEffectFailed), skipsTo(60*day), inTarget("new", "b"), verifies, allows,
			func(ctx context.Context, s *scene) error {
				return s.until("the former target is marked", func() bool { return s.secret(ctx, "o").Annotations[v1alpha1.ReleasedAtAnnotation] != "" })
			})},
		{name: "a target that may not be written", timed: true,
			run: steps(begun, settles, denies("PATCH", "secrets/o"), changes(func(o *v1alpha1.CleverTapPasscode) {
				o.Spec.Target = &v1alpha1.Target{Labels: map[string]v1alpha1.LabelValue{"team": "growth"}}
			}), fails(v1alpha1.ReasonTargetNotWritten), hoursLater, verifies, allows, func(ctx context.Context, s *scene) error {
				return s.until("the label is written", func() bool { return s.secret(ctx, "o").Labels["team"] == "growth" })
			})},
		{name: "a workload that may not be restarted", timed: true, outstanding: true, marks: true, run: steps(deployed, begun,
			changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rollout = &v1alpha1.Rollout{Auto: true} }), settles,
			denies("PATCH", "deployments/api"), requests(v1alpha1.RotateRequestedAtAnnotation, "now"), publishes("b"), fails(v1alpha1.ReasonEffectFailed),
			verifies, allows,
			restarted, settles, rolledOut, settles)},
	}
}

// denies has a policy forbid a write, until allows.
func denies(method, path string) action {
	return func(_ context.Context, s *scene) error {
		s.fence.deny(method, path)
		return nil
	}
}

func allows(_ context.Context, s *scene) error {
	s.fence.deny("", "")
	return nil
}

func targetNamed(name string) func(*v1alpha1.CleverTapPasscode) {
	return func(o *v1alpha1.CleverTapPasscode) { o.Spec.Target = &v1alpha1.Target{Name: name} }
}

// inTarget waits until a target of this name contains a passcode.
func inTarget(name, passcode string) action {
	return func(ctx context.Context, s *scene) error {
		return s.until(name+" contains "+passcode, func() bool { return string(s.secret(ctx, name).Data["passcode"]) == valueOf(passcode) })
	}
}

// fails waits until the object says that an effect fails.
func fails(reason string) action {
	return func(ctx context.Context, s *scene) error {
		return s.until("the object says "+reason, func() bool {
			o, err := s.object(ctx, "o")
			c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReconciling)
			return err == nil && c != nil && c.Reason == reason
		})
	}
}

func hoursLater(_ context.Context, s *scene) error {
	s.clock.Step(3 * time.Hour)
	return nil
}

func skipsTo(d time.Duration) action {
	return func(_ context.Context, s *scene) error {
		s.clock.SetTime(s.start.Add(d))
		return nil
	}
}

// verifies waits until the active passcode was verified anew, and the status says so.
func verifies(ctx context.Context, s *scene) error {
	from := s.clock.Now()
	var o *v1alpha1.CleverTapPasscode
	err := s.until("the active passcode is verified", func() (verified bool) {
		var err error
		o, err = s.object(ctx, "o")
		return err == nil && meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionVerified) &&
			slices.ContainsFunc(o.Status.Passcodes, func(p v1alpha1.PasscodeStatus) bool {
				return p.Name == o.Status.ActivePasscode && p.VerifiedAt != nil && p.VerifiedAt.After(from.Add(-time.Minute))
			})
	})
	if err != nil {
		return err
	}
	return invariants.GoesOnThoughDenied(o, from, s.clock.Now())
}

func handled(request string) action {
	return func(ctx context.Context, s *scene) error {
		return s.until("the request is handled", func() bool {
			o, err := s.object(ctx, "o")
			return err == nil && o.Status.LastHandledRotateAt == request
		})
	}
}

func deleted(ctx context.Context, s *scene) error {
	o, err := s.object(ctx, "o")
	if err != nil {
		return err
	}
	if err := s.kube.Delete(ctx, o); err != nil {
		return err
	}
	return s.until("the object is gone", func() bool {
		_, err := s.object(ctx, "o")
		return client.IgnoreNotFound(err) == nil && err != nil
	})
}

// deployed is a Deployment with one Pod that uses the target in its environment, as a cluster with its controllers
// has it.
func deployed(ctx context.Context, s *scene) error {
	labels := map[string]string{"app": "api", "pod-template-hash": "1"}
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app", EnvFrom: []corev1.EnvFromSource{
		{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "o"}}},
	}}}}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: s.namespace}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
	}}
	owner := true
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "api-1-x", Namespace: s.namespace, Labels: labels, OwnerReferences: []metav1.OwnerReference{
		{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "api-1", UID: "uid", Controller: &owner},
	}}, Spec: spec}
	if err := errors.Join(s.kube.Create(ctx, d), s.kube.Create(ctx, pod)); err != nil {
		return err
	}
	pod.Status.Phase = corev1.PodRunning
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app",
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(s.start)}}}}
	return s.kube.Status().Update(ctx, pod)
}

func restarted(ctx context.Context, s *scene) error {
	return s.until("the Deployment is restarted", func() bool { return s.restartMark(ctx) != "" })
}

// rolledOut is what the Deployment's controller does, late: until then the old Pod is a reason to restart, once.
func rolledOut(ctx context.Context, s *scene) error {
	d, old := &appsv1.Deployment{}, &corev1.Pod{}
	err := errors.Join(s.kube.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: "api"}, d),
		s.kube.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: "api-1-x"}, old))
	if err != nil {
		return err
	}
	if d.Generation != 2 {
		return fmt.Errorf("restarted %d times", d.Generation-1)
	}
	now := metav1.NewTime(s.clock.Now())
	fresh := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "api-1-y", Namespace: s.namespace, Labels: old.Labels, OwnerReferences: old.OwnerReferences},
		Spec: corev1.PodSpec{Containers: old.Spec.Containers}}
	if err := errors.Join(s.kube.Delete(ctx, old, client.GracePeriodSeconds(0)), s.kube.Create(ctx, fresh)); err != nil {
		return err
	}
	fresh.Status.Phase = corev1.PodRunning
	fresh.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app",
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}}}
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1}
	return errors.Join(s.kube.Status().Update(ctx, fresh), s.kube.Status().Update(ctx, d))
}

func (s *scene) restartMark(ctx context.Context) string {
	d := &appsv1.Deployment{}
	if err := s.kube.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: "api"}, d); err != nil {
		return ""
	}
	return d.Spec.Template.Annotations["restart.clevertap.passcode-operator.io/o"]
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

// +kubebuilder:rbac:groups="",resources=secrets,verbs=create;patch

// act carries out every effect of a decision: one that fails keeps no other from happening. It returns the decision
// that is to be reported, which names what failed, and the joined errors of what is to be tried again. After a write of
// the target it stops there: what follows from that comes in the next pass, at once.
func (r *Reconciler) act(ctx context.Context, s *observation, state *objectState) (decision.Decision, error) {
	now := r.Clock.Now() // of the whole pass: what a write dated is reported with the same date, however long the write took
	d := decision.Decide(now, s.Observed)
	if d.ReportFirst {
		written, err := r.report(ctx, s, d, state)
		if written {
			s.reported = true
			return d, nil
		}
		// A status that cannot be written keeps nothing from being published.
		ctrl.LoggerFrom(ctx).V(1).Info("The publication before the one that followed could not be reported", "conflict", err == nil)
	}
	r.requestVerifications(client.ObjectKeyFromObject(s.Object), d.Verify)
	writeErr := r.writeTarget(ctx, s, d, state)
	if s.published {
		return d, writeErr
	}
	r.requestScan(s, d, state)
	err := errors.Join(writeErr, r.restart(ctx, s, d, state), r.release(ctx, s, d, state))
	if s.effectsChanged {
		return decision.Decide(now, s.Observed), err
	}
	return d, err
}

// writeTarget makes the target what the decision wants, if it wants anything.
func (r *Reconciler) writeTarget(ctx context.Context, s *observation, d decision.Decision, state *objectState) error {
	want := d.Want
	if want == nil {
		return nil
	}
	written, err := r.write(ctx, s, want)
	switch {
	case apierrors.IsConflict(err):
		r.waitForInformer(s)
		return nil
	case apierrors.IsAlreadyExists(err):
		return r.identifyExisting(ctx, s, state)
	case err != nil:
		s.WriteProblem, s.effectsChanged = writeProblem(s.Object, err), true
		return err
	}
	if want.Publishes {
		r.Counters.Rotated(client.ObjectKeyFromObject(s.Object), want.Record.Reason)
	}
	state.target, state.targetWritten = written, r.Clock.Now()
	state.setLastTarget(written.Name, r.readTarget(s.Object, written))
	state.pendingEvents = append(state.pendingEvents, d.WriteEvents...)
	s.published = true
	return nil
}

// writeProblem is for people. Of the error it takes only the kind: its text may repeat what was to be written.
func writeProblem(object *v1alpha1.CleverTapPasscode, err error) string {
	what := fmt.Sprintf("Secret %q could not be written", object.TargetName())
	switch {
	case apierrors.IsForbidden(err) && apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return what + ": its namespace is being deleted"
	case apierrors.IsForbidden(err):
		return v1alpha1.Message(what+": the API server denies it", fmt.Sprintf(
			"allow the operator's service account to create and patch Secrets in namespace %s, and check for a quota or an admission policy", object.Namespace))
	case apierrors.IsInvalid(err):
		return v1alpha1.Message(what+": the API server calls it invalid", "correct spec.target")
	}
	return fmt.Sprintf("%s: %s. The operator tries again", what, apierrors.ReasonForError(err))
}

// waitForInformer: another writer was first. The informer will show it, and wakes the object.
func (r *Reconciler) waitForInformer(s *observation) {
	s.readAgainAt(r.Clock.Now().Add(catchUpTime))
}

// release marks former targets as released, and says how to remove them.
func (r *Reconciler) release(ctx context.Context, s *observation, d decision.Decision, state *objectState) error {
	var problems []error
	for _, name := range d.Release {
		former := s.formers[name]
		err := r.releaseOne(ctx, former)
		switch {
		case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
			r.waitForInformer(s)
		case err != nil:
			at := slices.IndexFunc(s.FormerTargets, func(f rotation.Former) bool { return f.Name == name })
			s.FormerTargets[at].Problem, s.effectsChanged = releaseProblem(former, err), true
			problems = append(problems, err)
		default:
			state.pendingEvents = append(state.pendingEvents, releasedEvent(s.Object, former))
		}
	}
	return errors.Join(problems...)
}

func (r *Reconciler) releaseOne(ctx context.Context, former *corev1.Secret) error {
	patch, err := releasePatch(former, r.Clock.Now())
	if err != nil {
		return err
	}
	if err := r.Client.Patch(ctx, former.DeepCopy(), client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager)); err != nil {
		return fmt.Errorf("marking Secret %s/%s as released: %w", former.Namespace, former.Name, err)
	}
	return nil
}

// releaseProblem is for people.
func releaseProblem(former *corev1.Secret, err error) string {
	what := fmt.Sprintf("Secret %q, the former target, could not be marked as released", former.Name)
	if apierrors.IsForbidden(err) {
		return v1alpha1.Message(what+": the API server denies it", fmt.Sprintf(
			"allow the operator's service account to patch Secrets in namespace %s, check for an admission policy, or mark it yourself: kubectl annotate secret -n %s %s %s=now",
			former.Namespace, former.Namespace, former.Name, v1alpha1.ReleasedAtAnnotation))
	}
	return fmt.Sprintf("%s: %s. The operator tries again", what, apierrors.ReasonForError(err))
}

// write makes the target what is wanted. It touches no Secret but the very one that was decided on.
func (r *Reconciler) write(ctx context.Context, s *observation, want *rotation.Want) (*corev1.Secret, error) {
	if s.secret == nil || s.writtenForOtherUID() {
		if err := r.ensureUnchanged(ctx, s.Object); err != nil {
			return nil, err
		}
	}
	if s.secret == nil {
		secret := newSecret(s.Object, want)
		if err := r.Client.Create(ctx, secret, client.FieldOwner(FieldManager)); err != nil {
			return nil, fmt.Errorf("creating Secret %s/%s: %w", secret.Namespace, secret.Name, err)
		}
		return secret, nil
	}
	patch, err := targetPatch(s.Object, s.secret, want)
	if err != nil {
		return nil, err
	}
	secret := s.secret.DeepCopy()
	if err := r.Client.Patch(ctx, secret, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager)); err != nil {
		return nil, fmt.Errorf("changing Secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	return secret, nil
}

// writtenForOtherUID reports whether the target was last written for another object of this name. That one is gone, or has come
// since, and the informer is behind.
func (s *observation) writtenForOtherUID() bool {
	return s.Target.Record != nil && s.Target.Record.OwnerUID != s.Object.UID
}

// ensureUnchanged fails with a conflict if the object is not what was observed. A create carries no version of anything: an
// informer that is behind might miss what a status says of a target that is gone. A patch carries the target's version only:
// two processes, of which one has yet to see that the object was made anew, would overwrite each other without end.
func (r *Reconciler) ensureUnchanged(ctx context.Context, object *v1alpha1.CleverTapPasscode) error {
	version, err := r.versionOf(ctx, v1alpha1.GroupVersion.WithKind("CleverTapPasscode"), client.ObjectKeyFromObject(object))
	if err != nil {
		return err
	}
	if version != object.ResourceVersion { // which no other object ever had
		resource := v1alpha1.GroupVersion.WithResource("clevertappasscodes").GroupResource()
		return apierrors.NewConflict(resource, object.Name, errors.New("it has changed since it was observed"))
	}
	return nil
}

// identifyExisting finds out what a create ran into: a Secret that the informer is about to show, or someone else's.
func (r *Reconciler) identifyExisting(ctx context.Context, s *observation, state *objectState) error {
	name := s.Object.TargetName()
	delete(state.uncachedReads, name)
	_, err := r.readUncached(ctx, s, name, state)
	s.readAgainAt(r.Clock.Now().Add(cacheLag))
	return err
}

// requestVerifications hands the requests over.
func (r *Reconciler) requestVerifications(object types.NamespacedName, requests []rotation.VerificationRequest) {
	for _, q := range requests {
		r.Verification.Request(object, verification.Key(q.Fingerprint, string(q.Mode)), clevertap.Request{
			AccountID: q.Tuple.AccountID,
			Region:    clevertap.Region(q.Tuple.Region),
			Passcode:  q.Tuple.Passcode,
			Mode:      clevertap.Mode(q.Mode),
		}, q.Urgent)
	}
}

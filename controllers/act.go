/*
Copyright 2026 The CleverTap Passcode Operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

// +kubebuilder:rbac:groups="",resources=secrets,verbs=create;patch

// act carries out what is decided, and returns the decision on what then stands: what is to be told, and when to
// look again.
func (r *Reconciler) act(ctx context.Context, s *seen, known *recollection) (rotation.Decision, error) {
	decision := rotation.Decide(r.Clock.Now(), s.Observed)
	switch {
	case decision.Want != nil:
		return r.publish(ctx, s, decision, known)
	case decision.Release:
		return r.release(ctx, s, decision)
	}
	r.ask(decision.Ask)
	return decision, nil
}

func (r *Reconciler) publish(ctx context.Context, s *seen, decision rotation.Decision, known *recollection) (rotation.Decision, error) {
	want := decision.Want
	written, err := r.write(ctx, s, want)
	switch {
	case apierrors.IsConflict(err):
		r.waitForInformer(s)
		return decision, nil
	case apierrors.IsAlreadyExists(err):
		return decision, r.runInto(ctx, s, known)
	case err != nil:
		s.WriteProblem = writeProblem(s.Object, err)
		return rotation.Decide(r.Clock.Now(), s.Observed), err
	}
	if want.Publishes {
		r.Counters.Rotated(client.ObjectKeyFromObject(s.Object), want.Record.Reason)
	}
	known.target, known.targetWritten = written, r.Clock.Now()
	s.secret = written
	s.Target = r.readTarget(s.Object, written)
	known.remember(written.Name, s.Target)
	s.Remembered = known.whole
	r.observeAnswers(s)
	decision = rotation.Decide(r.Clock.Now(), s.Observed)
	r.ask(decision.Ask)
	if decision.Release {
		s.lookAgainAt(r.Clock.Now())
	}
	if want.Restores {
		decision.Events = append(decision.Events, rotation.Event{
			Reason:  v1alpha1.EventTargetRestored,
			Message: fmt.Sprintf("Secret %q had been changed or deleted by somebody else; put back", written.Name),
		})
	}
	return decision, nil
}

// writeProblem is for people. Of the error it takes the kind alone: its text may repeat what was to be written.
func writeProblem(object *v1alpha1.CleverTapPasscode, err error) string {
	what := fmt.Sprintf("Secret %q could not be written", rotation.EffectiveTarget(object))
	switch {
	case apierrors.IsForbidden(err) && apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return what + ": its namespace is being deleted"
	case apierrors.IsForbidden(err):
		return fmt.Sprintf("%s: the API server forbids it. Let the operator's service account create and patch Secrets in namespace %s, and look for a quota or a policy that is in the way", what, object.Namespace)
	case apierrors.IsInvalid(err):
		return what + ": the API server calls it invalid. Look at spec.target"
	}
	return fmt.Sprintf("%s: %s. It is tried again", what, apierrors.ReasonForError(err))
}

// waitForInformer: somebody was first. The informer will show it, and wakes the object.
func (r *Reconciler) waitForInformer(s *seen) {
	s.lookAgainAt(r.Clock.Now().Add(catchUpTime))
}

// release marks the former target as left behind, and says how to remove it.
func (r *Reconciler) release(ctx context.Context, s *seen, decision rotation.Decision) (rotation.Decision, error) {
	patch, err := releasePatch(s.former, r.Clock.Now())
	if err != nil {
		return decision, err
	}
	err = r.Client.Patch(ctx, s.former.DeepCopy(), client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager))
	switch {
	case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
		r.waitForInformer(s)
		return decision, nil
	case err != nil:
		return decision, fmt.Errorf("marking Secret %s/%s as left behind: %w", s.former.Namespace, s.former.Name, err)
	}
	decision.Events = append(decision.Events, rotation.Event{
		Reason:  v1alpha1.EventTargetReleased,
		Message: releasedMessage(s.Object, s.former),
	})
	return decision, nil
}

// write makes the target what is wanted. It touches no Secret but the very one that was decided on.
func (r *Reconciler) write(ctx context.Context, s *seen, want *rotation.Want) (*corev1.Secret, error) {
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

// runInto finds out what a create ran into: a Secret that the informer is about to show, or somebody else's.
func (r *Reconciler) runInto(ctx context.Context, s *seen, known *recollection) error {
	name := rotation.EffectiveTarget(s.Object)
	delete(known.lookups, name)
	_, err := r.lookUp(ctx, s, name, known)
	s.lookAgainAt(r.Clock.Now().Add(cacheLag))
	return err
}

// ask hands the questions over.
func (r *Reconciler) ask(questions []rotation.Question) {
	for _, q := range questions {
		r.Verification.Ask(verification.Key(q.Fingerprint, string(q.Mode)), clevertap.Question{
			AccountID: q.Tuple.AccountID,
			Region:    clevertap.Region(q.Tuple.Region),
			Passcode:  q.Tuple.Passcode,
			Mode:      clevertap.Mode(q.Mode),
		})
	}
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/clock"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// states is what this process knows of each object beyond its informers. Losing it costs a few requests and nothing
// else.
type states struct {
	mu      sync.Mutex
	objects map[types.NamespacedName]*objectState
}

// objectState is of one object. The queue hands an object to one worker at a time, so it needs no lock.
type objectState struct {
	// uid is the object's: another one of its name has nothing to do with it.
	uid types.UID
	// targetName is the target's at the last pass, and deleted is that Secret as it was when it was seen to be deleted
	// since; nil for not. The lock of states guards both.
	targetName string
	deleted    *corev1.Secret
	// object and target are as last written, until the informer has caught up: it is behind one's own writes.
	object *v1alpha1.CleverTapPasscode
	target *corev1.Secret
	// targetWritten is when; an informer that never shows the Secret after that has missed it from creation to deletion.
	targetWritten time.Time
	// lastTarget is the target as last written or found whole.
	lastTarget     *rotation.Target
	lastTargetName string
	// reported is the digest of the status that this process last wrote, and reportedAt when; zero for never.
	reported   uint64
	reportedAt time.Time
	// confirmedOlder is the version of a target that is older than the status describes, and is what the API server has.
	confirmedOlder string
	// uncachedReads are what the API server said of Secrets that the informer does not have.
	uncachedReads map[string]*uncachedRead
	// verifyRequest is the verify-requested-at that was last seen, and verifySeenAt when it was seen first.
	verifyRequest string
	verifySeenAt  time.Time
	// suspended reports whether the object was last seen suspended, and resumedAt when it was first seen not to be after that.
	suspended bool
	resumedAt time.Time
	timer     clock.Timer
	// restarts are those that this process made, by workload.
	restarts map[consumers.Workload]retirement.Restarts
	// pendingEvents are those of effects, which no status remembers. They are sent once a status is written.
	pendingEvents []status.Event

	// scan is the last scan that began since scanRevision was first seen, at scanSince; scans is how many there were, and
	// scanRequestedAt when the one under way was requested; zero if none is.
	scan            *consumers.Scan
	scanRevision    int64
	scanSince       time.Time
	scans           int
	scanRequestedAt time.Time
}

// addScan keeps a scan, nil for no new one, for a target of this revision. One that began before says nothing of it.
func (o *objectState) addScan(scan *consumers.Scan, revision int64, now time.Time) {
	if o.scanRevision != revision {
		o.scan, o.scans, o.scanRequestedAt = nil, 0, time.Time{}
		o.scanRevision, o.scanSince = revision, now
	}
	if scan != nil && !scan.At.Before(o.scanSince) {
		o.scan, o.scanRequestedAt = scan, time.Time{}
		o.scans++
	}
}

func newStates() *states {
	return &states{objects: map[types.NamespacedName]*objectState{}}
}

// recordDeletion keeps an informer's word that a target is gone from being taken for its lag behind a write, and what the
// target last contained: another process may have written that.
func (s *states) recordDeletion(owner types.NamespacedName, secret *corev1.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state := s.objects[owner]; state != nil && state.targetName == secret.Name { // anybody can write others, and many
		state.deleted = secret
	}
}

// takeDeleted notes the target's name, and is nil if that Secret was not seen to be deleted since it was last taken.
func (s *states) takeDeleted(owner types.NamespacedName, name string) *corev1.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.objects[owner]
	if state == nil {
		return nil
	}
	secret := state.deleted
	state.targetName, state.deleted = name, nil
	if secret == nil || secret.Name != name { // of another name it is a former target, which is not put back
		return nil
	}
	return secret
}

// forgetDeleted is for an object that has no target.
func (s *states) forgetDeleted(owner types.NamespacedName) { s.takeDeleted(owner, "") }

// of is what is known of the object of this name and uid; replaced says whether something was known of another
// one of this name, which is gone.
func (s *states) of(name types.NamespacedName, uid types.UID) (state *objectState, replaced bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state = s.objects[name]
	replaced = state != nil && state.uid != uid
	if state == nil || replaced {
		if replaced {
			state.stopTimer()
		}
		state = &objectState{uid: uid, uncachedReads: map[string]*uncachedRead{}}
		s.objects[name] = state
	}
	return state, replaced
}

func (s *states) forget(name types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state := s.objects[name]; state != nil {
		state.stopTimer()
		delete(s.objects, name)
	}
}

func (o *objectState) stopTimer() {
	if o.timer != nil {
		o.timer.Stop()
	}
}

// noteVerifyRequest notes the object's present verify-requested-at, and returns when it was first seen.
func (o *objectState) noteVerifyRequest(object *v1alpha1.CleverTapPasscode, now time.Time) time.Time {
	if request := object.Annotations[v1alpha1.VerifyRequestedAtAnnotation]; request != o.verifyRequest {
		o.verifyRequest, o.verifySeenAt = request, now
	}
	return o.verifySeenAt
}

// noteSuspension notes whether the object is suspended, and returns when it was first seen resumed; zero for never.
func (o *objectState) noteSuspension(object *v1alpha1.CleverTapPasscode, now time.Time) time.Time {
	if o.suspended && !object.Spec.Suspend {
		o.resumedAt = now
	}
	o.suspended = object.Spec.Suspend
	return o.resumedAt
}

// forgetUncachedReads forgets those of Secrets that the object does not name any more.
func (o *objectState) forgetUncachedReads(object *v1alpha1.CleverTapPasscode) {
	named := map[string]bool{object.TargetName(): true}
	for _, entry := range object.Spec.Passcodes {
		named[entry.SecretKeyRef.Name] = true
	}
	maps.DeleteFunc(o.uncachedReads, func(name string, _ *uncachedRead) bool { return !named[name] })
}

// restarted notes that a workload was restarted for a revision of a target, by writing this annotation.
func (o *objectState) restarted(w consumers.Workload, annotation string, revision int64, now time.Time) {
	made := o.restarts[w]
	if made.Revision != revision || made.Annotation != annotation {
		made.Revision, made.Annotation, made.Count = revision, annotation, 0
	}
	made.Count++
	made.Times = append(slices.Clone(made.Times), now)
	made.Times = made.Times[max(0, len(made.Times)-keptRestarts):]
	after := maps.Clone(o.restarts)
	if after == nil {
		after = map[consumers.Workload]retirement.Restarts{}
	}
	after[w] = made
	o.restarts = after
}

// keptRestarts is how many are remembered of a workload.
const keptRestarts = 3

// newestObjectUntilCached returns the informer's or, if that is behind, the one last written, which it drops once the informer
// has caught up.
func (o *objectState) newestObjectUntilCached(cached *v1alpha1.CleverTapPasscode) *v1alpha1.CleverTapPasscode {
	if o.object == nil || o.object.UID != cached.UID || !older(cached.ResourceVersion, o.object.ResourceVersion) {
		o.object = nil
		return cached
	}
	return o.object.DeepCopy()
}

// catchUpTime is how long after a write an informer may not have seen a Secret's creation.
const catchUpTime = 10 * time.Second

// newestTargetUntilCached returns the informer's, which is nil if it has none, or, if that is behind, the one last written,
// which it drops once the informer has caught up.
// deleted is what it was when it was seen to be deleted, or nil.
func (o *objectState) newestTargetUntilCached(cached *corev1.Secret, name string, deleted *corev1.Secret, now time.Time) *corev1.Secret {
	if o.target == nil || o.target.Name != name {
		o.target = nil
		return cached
	}
	gone := deleted != nil && !older(deleted.ResourceVersion, o.target.ResourceVersion)
	cacheBehind := (cached == nil && !gone && now.Sub(o.targetWritten) < catchUpTime) ||
		(cached != nil && older(cached.ResourceVersion, o.target.ResourceVersion))
	if cacheBehind {
		return o.target
	}
	o.target = nil
	return cached
}

// older compares resource versions, which are numbers that grow; what can't be compared is not older.
func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}

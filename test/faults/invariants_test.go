// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// violation names the invariant that does not hold.
type violation struct {
	Invariant, What string
}

// ending is what a run leaves behind, without what differs by itself: times, versions, names of namespaces.
type ending struct {
	Secrets    map[string]secretEnd
	Objects    map[string]objectEnd
	Deployment string
	// TargetStates is how many states each target went through, and Restarts how often a Deployment was changed.
	TargetStates map[string]int
	Restarts     int64
}

type secretEnd struct {
	Data     map[string]string
	Labels   map[string]string
	Revision string
	Passcode string
	Owned    int
}

type objectEnd struct {
	Phase, Active, Next, Target string
	Revision                    int64
	States, Conditions          map[string]string
	History                     []string
	Rotate, Verify              string
}

// uncounted is without revisions.
func (e ending) uncounted() ending {
	after := e
	after.Secrets, after.Objects, after.TargetStates = maps.Clone(e.Secrets), maps.Clone(e.Objects), nil
	for name, secret := range after.Secrets {
		secret.Revision = ""
		after.Secrets[name] = secret
	}
	for name, object := range after.Objects {
		object.Revision, object.History = 0, nil
		after.Objects[name] = object
	}
	return after
}

func readyReason(o *v1alpha1.CleverTapPasscode) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}

// end is the ending; the operator's own key is not part of it.
func (s *scene) end(ctx context.Context) (ending, error) {
	e := ending{Secrets: map[string]secretEnd{}, Objects: map[string]objectEnd{}, TargetStates: map[string]int{}}
	var secrets corev1.SecretList
	var objects v1alpha1.CleverTapPasscodeList
	var deployments appsv1.DeploymentList
	for _, list := range []client.ObjectList{&secrets, &objects, &deployments} {
		if err := s.kube.List(ctx, list, client.InNamespace(s.namespace)); err != nil {
			return e, fmt.Errorf("looking at the end: %w", err)
		}
	}
	for _, secret := range secrets.Items {
		if secret.Labels[v1alpha1.RoleLabel] == "" {
			continue
		}
		end := secretEnd{Data: map[string]string{}, Labels: secret.Labels, Owned: len(secret.OwnerReferences),
			Revision: secret.Annotations[v1alpha1.RevisionAnnotation], Passcode: secret.Annotations[v1alpha1.PasscodeAnnotation]}
		for key, value := range secret.Data {
			end.Data[key] = string(value)
		}
		e.Secrets[secret.Name] = end
	}
	for i := range objects.Items {
		e.Objects[objects.Items[i].Name] = endOf(&objects.Items[i])
	}
	for _, d := range deployments.Items {
		e.Deployment, _, _ = strings.Cut(s.restartMark(ctx), "@")
		e.Restarts = d.Generation
	}
	for _, state := range s.targetStates() {
		e.TargetStates[state.Name]++
	}
	return e, nil
}

func endOf(o *v1alpha1.CleverTapPasscode) objectEnd {
	end := objectEnd{
		Phase: string(o.Status.Phase), Active: o.Status.ActivePasscode, Next: o.Status.NextPasscode, Target: o.Status.Target,
		Revision: o.Status.Revision, States: map[string]string{}, Conditions: map[string]string{},
		Rotate: o.Status.LastHandledRotateAt, Verify: o.Status.LastHandledVerifyAt,
	}
	for _, p := range o.Status.Passcodes {
		end.States[p.Name] = string(p.State)
	}
	for _, c := range o.Status.Conditions {
		end.Conditions[c.Type] = string(c.Status) + " " + c.Reason
	}
	for _, p := range o.Status.History {
		end.History = append(end.History, fmt.Sprintf("%d %s %s", p.Revision, p.Passcode, p.Reason))
	}
	return end
}

// targetStates are the states that targets went through, in order.
func (s *scene) targetStates() []state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.states)
}

// objectStates are the states that objects went through, in order.
func (s *scene) objectStates() []*v1alpha1.CleverTapPasscode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reported)
}

// judge looks at every state that was, at the end, and at CleverTap's log.
func (s *scene) judge(ctx context.Context, w workload, reference *ending, failure error) ([]violation, int, error) {
	var found []violation
	add := func(invariant, format string, args ...any) {
		found = append(found, violation{invariant, fmt.Sprintf(format, args...)})
	}
	if failure != nil {
		add("reaches what was asked for", "%v", failure)
	}
	states := s.targetStates()
	s.judgeStates(w, states, add)
	judgeStatuses(states, s.objectStates(), add)
	if busiest := s.vendor.Busiest(); busiest > 2*s.replicas {
		add("calls to CleverTap are bounded", "%d at once", busiest)
	}
	if s.restless {
		add("it comes to rest", "%d requests", s.fence.counted())
	}
	if late := s.unrest(w); len(late) > 0 {
		add("nothing is requested once settled", "%v", late)
	}
	if err := s.judgeLeaks(ctx, add); err != nil {
		return nil, 0, err
	}
	end, err := s.end(ctx)
	if err != nil {
		return nil, 0, err
	}
	if reference != nil && failure == nil && !s.passedOver() {
		s.judgeEnd(w, states, *reference, end, add)
	}
	return found, len(states), nil
}

// judgeEnd compares with the end of the run without faults.
func (s *scene) judgeEnd(w workload, states []state, want, end ending, add func(string, string, ...any)) {
	if w.forgets && s.fence.crashes() {
		end, want = end.uncounted(), want.uncounted()
	}
	same := cmp.Equal(end.TargetStates, want.TargetStates)
	if w.marks { // a use that a fault kept from being seen leaves no mark
		same = end.TargetStates["o"] <= want.TargetStates["o"]
	}
	if !same || end.Restarts != want.Restarts {
		add("as many writes as without faults", "states %v, %d restarts; without faults %v, %d; the last differ by %s",
			end.TargetStates, end.Restarts, want.TargetStates, want.Restarts, lastChange(states))
	}
	end.TargetStates, end.Restarts = want.TargetStates, want.Restarts
	if diff := cmp.Diff(want, end); diff != "" {
		add("the same end as without faults", "%s", diff)
	}
}

// lastChange is what the last write of a target changed.
func lastChange(states []state) string {
	if len(states) < 2 {
		return "nothing"
	}
	before, after := states[len(states)-2], states[len(states)-1]
	return cmp.Diff(before.Annotations, after.Annotations) + cmp.Diff(before.Data, after.Data)
}

// due reports whether a request may come although nothing happens: an event that the API server told to come back later, the
// next question about a listed passcode that is rejected, and its status, and looks at what is awaited.
func (w workload) due(what string) bool {
	switch resource := path.Base(what); {
	case resource == "events":
		return true
	case what == "CleverTap" || resource == "status":
		return w.asksAgain
	case strings.HasSuffix(what, "/secrets/o"):
		return w.conflicts
	}
	return w.outstanding && strings.HasPrefix(what, "GET ")
}

// routinely reports whether CleverTap was asked, from a call on, about nothing but what it was last asked about nearly an hour
// before or longer: such questions come round by themselves.
func routinely(calls []clevertaptest.Call, from int) bool {
	last := map[string]time.Time{}
	for i, call := range calls {
		before, asked := last[call.Value]
		if i >= from && (!asked || call.At.Sub(before) < 54*time.Minute) {
			return false
		}
		last[call.Value] = call.At
	}
	return len(calls) > from
}

// unrest is what is requested although nothing is due; nil for nothing. What comes once may be what a busy machine had
// still to do, such as an incarnation that was slow to start; what comes for ever comes again.
func (s *scene) unrest(w workload) (late []string) {
	if s.binary != "" {
		return nil // by the real clock, something is always due
	}
	for range 2 {
		before, called := s.fence.counted(), len(s.vendor.Calls())
		s.rest()
		w.asksAgain = w.asksAgain || routinely(s.vendor.Calls(), called)
		late = s.unasked(w, before)
		if len(late) == 0 || s.fence.suffersFrom(before) {
			return nil
		}
	}
	return late
}

// unasked are the requests from a number on without those that are due.
func (s *scene) unasked(w workload, from int) []string {
	s.fence.mu.Lock()
	defer s.fence.mu.Unlock()
	var late []string
	for _, what := range s.fence.trace[from:] {
		if !w.due(what) {
			late = append(late, what)
		}
	}
	return late
}

// judgeStates looks at every state that a target was ever in.
func (s *scene) judgeStates(w workload, states []state, add func(string, string, ...any)) {
	calls, heard := s.vendor.Calls(), 0
	asked, last, published := map[string]bool{}, map[string]int64{}, map[string]time.Time{}
	values := map[string][]string{} // by target: a former one keeps what it holds
	for _, state := range states {
		for ; heard < state.calls; heard++ {
			asked[calls[heard].Value] = true
		}
		record, readable := recordOf(state.Secret)
		// An object and its target that are both made anew have nothing to do with those before.
		written := state.Name + "/" + string(record.OwnerUID)
		keys := record.Keys
		value := string(state.Data[keys.Passcode])
		if edited := string(state.Data["region"]) == "eu1" && w.edits; !edited {
			s.judgeTuple(w, state.Secret, keys, asked, add)
		}
		revision, err := strconv.ParseInt(state.Annotations[v1alpha1.RevisionAnnotation], 10, 64)
		if err != nil || revision < last[written] {
			add("a revision never goes back", "%q after %d", state.Annotations[v1alpha1.RevisionAnnotation], last[written])
		}
		if before := values[written]; len(before) == 0 || before[len(before)-1] != value {
			judgeNewValue(w, before, value, revision == last[written], add)
			values[written] = append(before, value)
		}
		if once := published[written]; readable && last[written] == revision && !once.IsZero() && !record.PublishedAt.Equal(once) {
			add("a revision is published once", "%d at %s and at %s", revision, once, record.PublishedAt)
		}
		last[written], published[written] = revision, record.PublishedAt
	}
	if staged := s.secret(context.Background(), "staged"); staged.Name != "" && len(staged.ManagedFields) > 2 {
		add("not ours is not written", "staged has managers %v", staged.ManagedFields)
	}
}

// judgeStatuses looks at what every status said of its target. Which of the two was seen first does not matter.
func judgeStatuses(states []state, objects []*v1alpha1.CleverTapPasscode, add func(string, string, ...any)) {
	type publication struct{ target, revision string }
	held := map[publication][]string{}
	for _, state := range states {
		at := publication{state.Name, state.Annotations[v1alpha1.RevisionAnnotation]}
		held[at] = append(held[at], state.Annotations[v1alpha1.PasscodeAnnotation])
	}
	last := map[types.UID]int64{}
	for _, o := range objects {
		if o.Status.Revision < last[o.UID] {
			add("a status never goes back", "revision %d after %d", o.Status.Revision, last[o.UID])
		}
		last[o.UID] = o.Status.Revision
		if o.Status.Target == "" && (o.Spec.Observes() || o.Status.ObservedGeneration != o.Generation) {
			continue // what is active is, or was when this was reported, in a Secret that somebody else writes
		}
		at := publication{o.Status.Target, strconv.FormatInt(o.Status.Revision, 10)}
		if active := o.Status.ActivePasscode; active != "" && !slices.Contains(held[at], active) {
			add("a status tells what was published", "%q as %v, which held %q", active, at, held[at])
		}
	}
}

// recordOf is the target's record; where it can't be read, one that knows the default keys alone.
func recordOf(state *corev1.Secret) (record target.Record, readable bool) {
	record, err := target.ParseRecord(state.Annotations[v1alpha1.RecordAnnotation])
	if err != nil {
		return target.Record{Keys: target.EffectiveKeys(&v1alpha1.CleverTapPasscode{})}, false
	}
	return record, true
}

// judgeTuple looks at one state of a target by itself.
func (s *scene) judgeTuple(w workload, state *corev1.Secret, keys target.Keys, asked map[string]bool, add func(string, string, ...any)) {
	value := string(state.Data[keys.Passcode])
	size := 4
	if _, there := state.Data[keys.PreviousPasscode]; there {
		size++
	}
	for _, content := range state.Data { // a file has the value among others
		if value != "" && string(content) != value && strings.Contains(string(content), value) {
			size++
		}
	}
	whole := len(state.Data) == size && value != "" && string(state.Data[keys.AccountID]) == accountID &&
		string(state.Data[keys.Region]) == "in1" && string(state.Data[keys.Endpoint]) == "https://in1.api.clevertap.com"
	if w.unverified { // another account may be published, in another region
		whole = len(state.Data) == size && value != ""
		asked = s.made
	}
	switch {
	case !whole:
		add("a target is whole", "%v", state.Data)
	case !asked[value] || !s.made[value]:
		add("published is what CleverTap has accepted", "%q", value)
	}
}

// judgeNewValue looks at a value in the light of those before.
func judgeNewValue(w workload, before []string, value string, sameRevision bool, add func(string, string, ...any)) {
	if len(before) == 0 {
		return
	}
	if sameRevision {
		add("a new value is a new revision", "%q after %v", value, before)
	}
	if slices.Contains(before, value) && !w.goesBack {
		add("an older value never comes back", "%q after %v", value, before)
	}
}

// shapes are the values themselves, encoded, and plainly digested.
func shapes() []string {
	all := []string{"VALUE-OF-", base64.StdEncoding.EncodeToString([]byte("VALUE-OF-"))}
	for _, name := range []string{"a", "b", "c"} {
		sum := sha256.Sum256([]byte(valueOf(name)))
		all = append(all, hex.EncodeToString(sum[:8]))
	}
	return all
}

// judgeLeaks looks for values where none may be.
func (s *scene) judgeLeaks(ctx context.Context, add func(string, string, ...any)) error {
	for _, list := range []client.ObjectList{&v1alpha1.CleverTapPasscodeList{}, &eventsv1.EventList{}} {
		if err := s.kube.List(ctx, list, client.InNamespace(s.namespace)); err != nil {
			return fmt.Errorf("looking for values: %w", err)
		}
		text, err := json.Marshal(list)
		if err != nil {
			return fmt.Errorf("looking for values: %w", err)
		}
		for _, shape := range shapes() {
			if strings.Contains(string(text), shape) {
				add("no value outside a Secret", "%s in %T", shape, list)
			}
		}
	}
	return nil
}

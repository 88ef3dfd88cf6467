// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// Messages change only with facts, never with the time of day: a message that counts days would be a write a day.

const (
	nothingWhileSuspended = "nothing takes over while spec.suspend is true"

	// seeCommand points to the one place of the full command: repeated in every message, it would make each unreadable.
	seeCommand = "the condition SuccessorReady has the command"

	sourceLabel = v1alpha1.RoleLabel + "=" + v1alpha1.RoleSource
)

// rejects says that CleverTap rejects a value, and why it may. With --clevertap-endpoint set, the gateway is one more
// thing that can be wrong.
func (v Report) rejects() string {
	return "CleverTap rejects it: it is wrong, expired, deleted or revoked, or belongs to another account or region" + v.endpointHint()
}

// endpointHint names the endpoint that is called in place of CleverTap's hosts; "" if there is none.
func (v Report) endpointHint() string {
	if v.Endpoint == "" {
		return ""
	}
	return fmt.Sprintf("; or the gateway %s (--clevertap-endpoint) responded instead of CleverTap", v.Endpoint)
}

func until(l schedule.Validity) string {
	if l.Until.IsZero() {
		return "never expires"
	}
	return "expires " + schedule.Stamp(l.Until)
}

// createNext says what a person is to do next: create which passcode, where, and stage it. The command is elsewhere.
func (v Report) createNext() string {
	if v.Observing {
		return v.replaceObserved()
	}
	if v.Spec.Type == v1alpha1.PasscodeTypeUser {
		return v.resetUser()
	}
	return fmt.Sprintf("create the next passcode at %s and stage it (%s)", v.DashboardPage(), seeCommand)
}

// createNextByCommand is createNext with the name, the validity and the command, so that it takes a minute and leaves no
// value in a shell's history.
func (v Report) createNextByCommand() string {
	if v.Observing {
		return v.replaceObserved()
	}
	if v.Spec.Type == v1alpha1.PasscodeTypeUser {
		return v.resetUser()
	}
	name := v.suggestedName()
	return fmt.Sprintf("create %q, expiry %s, at %s and stage it: kubectl clevertap stage -n %s %s --passcode-name %s %s (or put its value into a Secret with the label %s and list it in spec.passcodes)",
		name, v.validity(), v.DashboardPage(), v.Object.Namespace, v.Object.Name, name, v.expiryFlag(), sourceLabel)
}

// replaceObserved is the next step for a Secret that someone else maintains.
func (v Report) replaceObserved() string {
	step := "create the next passcode"
	if v.Spec.Type == v1alpha1.PasscodeTypeUser {
		step = "reset the user's passcode"
	}
	secret := ""
	if len(v.Spec.Passcodes) > 0 {
		secret = fmt.Sprintf(" %q", v.Spec.Passcodes[0].SecretKeyRef.Name)
	}
	return fmt.Sprintf("%s at %s and put it where Secret%s takes its value from", step, v.DashboardPage(), secret)
}

// resetUser is the next step for a user's passcode, of which there is one.
func (v Report) resetUser() string {
	secret := ""
	if len(v.Spec.Passcodes) > 0 {
		secret = fmt.Sprintf(", Secret %q", v.Spec.Passcodes[0].SecretKeyRef.Name)
	}
	return fmt.Sprintf("reset the user's passcode, validity %s, at %s, and put the new value into its source%s", v.validity(), v.DashboardPage(), secret)
}

// expiryFlag is the declared expiry as kubectl clevertap stage takes it.
func (v Report) expiryFlag() string {
	switch {
	case v.Spec.Expiry.Days != nil:
		return fmt.Sprintf("--days %d", *v.Spec.Expiry.Days)
	case v.Spec.Expiry.At != nil:
		return "--at TIME"
	}
	return "--forever"
}

// validity is the declared expiry in the dashboard's words.
func (v Report) validity() string {
	user := v.Spec.Type == v1alpha1.PasscodeTypeUser
	switch days := v.Spec.Expiry.Days; {
	case days != nil && user:
		return fmt.Sprintf("Finite, %d days", *days)
	case days != nil:
		return fmt.Sprintf("Set day(s) %d", *days)
	case v.Spec.Expiry.At != nil:
		return "Set day(s)"
	case user:
		return "Infinite"
	}
	return "Forever"
}

// suggestedName is the object's name with the month in which the active passcode expires, and a number if that is taken.
func (v Report) suggestedName() string {
	month := v.Object.CreationTimestamp.UTC()
	if p := v.Active; p != nil && !p.Validity.Until.IsZero() {
		month = p.Validity.Until
	}
	// Names have 128 characters at most, and object's names are ASCII.
	base := v.Object.Name[:min(len(v.Object.Name), maxSuggested)] + month.Format("-2006-01")
	name := base
	for n := 2; v.FirstOf(func(e *rotation.Entry) bool { return e.Spec.Name == name || e.Spec.SecretKeyRef.Name == name }) != nil; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// maxSuggested leaves room for the month and a number.
const maxSuggested = 128 - len("-2006-01-100")

// replacedMessage says what a publication replaced, and how early CleverTap rejected it; "" if that is not known.
func (v Report) replacedMessage(earlier []v1alpha1.Publication, p v1alpha1.Publication) string {
	if len(earlier) == 0 {
		return ""
	}
	text := fmt.Sprintf(", in place of %q", earlier[0].Passcode)
	old := v.FirstOf(func(e *rotation.Entry) bool { return e.HasValue() && e.Spec.Name == earlier[0].Passcode && e.Replaced })
	if p.Reason == v1alpha1.RotationRejected && old != nil {
		if days := early(old.Validity, p.Time.UTC()); days != "" {
			text += ", rejected" + days
		}
	}
	return text
}

// early says how many days before its declared expiry a passcode was rejected; "" if less than one.
func early(l schedule.Validity, rejected time.Time) string {
	days := int(l.Until.Sub(rejected) / (24 * time.Hour))
	if l.Until.IsZero() || days < 1 {
		return ""
	}
	return fmt.Sprintf(" (%d days before its declared expiry)", days)
}

func forbiddenMessage(keys []string) string {
	return fmt.Sprintf("spec.target.annotations: %s makes another controller copy the Secret, so it is not set. Remove it, or have an administrator allow it with --allowed-target-annotations",
		strings.Join(keys, ", "))
}

func (v Report) windowMessage() string {
	return v.WindowProblem.Error() + ". Fix it: until then, scheduled rotations wait for the last 24 hours before expiry"
}

func (v Report) publishedMessage(p *rotation.ActivePasscode) string {
	text := fmt.Sprintf("%q is active, %s", p.Name(), until(p.Validity))
	if p.Validity.Expired(v.Now) {
		text = fmt.Sprintf("%q is active: it was to expire at %s, but CleverTap still accepts it. Correct expiry or createdAt", p.Name(),
			schedule.Stamp(p.Validity.Until))
	}
	return text + v.pendingMessage(p)
}

// pendingMessage says why the active passcode is not the one that the spec requires; "" if it is.
func (v Report) pendingMessage(p *rotation.ActivePasscode) string {
	switch {
	case p.AccountChanged:
		return fmt.Sprintf(", for account %s in %s; for account %s in %s, %s",
			p.Tuple.AccountID, p.Tuple.Region, v.Spec.AccountID, v.Spec.Region, v.waitsMessage())
	case p.SourceChanged() && v.state(p.FormerEntry) == v1alpha1.StateRejected:
		return "; CleverTap rejects the new value of its source"
	case p.Removed():
		return "; its entry was removed, and " + v.waitsMessage()
	}
	return ""
}

// waitsMessage says why no entry has replaced a passcode that the spec no longer requires.
func (v Report) waitsMessage() string {
	switch {
	case v.Spec.Suspend:
		return nothingWhileSuspended
	case v.WriteProblem != "":
		return "its target cannot be written"
	}
	if next := v.awaited(nil); next != nil {
		return fmt.Sprintf("%q replaces it as soon as CleverTap accepts it", next.Spec.Name)
	}
	return "CleverTap accepts no entry"
}

func (v Report) expiredMessage(p *rotation.ActivePasscode) string {
	return fmt.Sprintf("%q expired at %s and %s", p.Name(), schedule.Stamp(p.Validity.Until), v.stuckMessage())
}

func (v Report) rejectedMessage(p *rotation.ActivePasscode) string {
	return fmt.Sprintf("CleverTap rejects %q, the active passcode%s, and %s. If nobody deleted it, check accountID, region, and whether an admin enforces user passcodes%s",
		p.Name(), early(p.Validity, p.ResultAt), v.stuckMessage(), v.endpointHint())
}

// stuckMessage says why nothing has replaced a passcode that works no more, and what to do.
func (v Report) stuckMessage() string {
	if v.Spec.Suspend {
		return nothingWhileSuspended + ": set it to false, or " + v.createNext()
	}
	if next := v.awaited(v.ActiveEntry()); next != nil {
		return fmt.Sprintf("%q becomes active as soon as CleverTap accepts it", next.Spec.Name)
	}
	return "no other entry can become active: " + v.createNext()
}

// awaited is the first candidate, other than one entry, that CleverTap may still accept; nil for none.
func (v Report) awaited(other *rotation.Entry) *rotation.Entry {
	for _, c := range v.Candidates() {
		if c.Entry.Result != clevertap.Rejected && c.Entry != other {
			return c.Entry
		}
	}
	return nil
}

func (v Report) allRejectedMessage() string {
	var rejected []string
	for _, e := range v.Entries {
		if e.HasValue() {
			rejected = append(rejected, fmt.Sprintf("%q", e.Spec.Name))
		}
	}
	text := fmt.Sprintf("CleverTap rejects every entry (%s): check accountID, region, and whether an admin enforces user passcodes%s; else %s",
		retirement.Listing(rejected), v.endpointHint(), v.createNext())
	if v.FirstOf(func(e *rotation.Entry) bool { return !e.HasValue() }) != nil {
		text = fmt.Sprintf("CleverTap rejects every entry that has a value (%s)%s. %s", retirement.Listing(rejected), v.endpointHint(), v.problemsMessage())
	}
	return text
}

// allReplacedMessage is for an object whose target is lost, and whose entries were all replaced before.
func (v Report) allReplacedMessage() string {
	return "Every entry was replaced before, and an older value is never published unless requested: name an entry in spec.rotation.pin, or " + v.createNext()
}

func (v Report) verifyingMessage() string {
	return "Verifying the passcode with CleverTap"
}

func (v Report) unavailableMessage(e *rotation.Entry) string {
	return fmt.Sprintf("%q could not be verified: %s%s. The operator tries again", e.Spec.Name, e.Verification.Seen, v.endpointHint())
}

func (v Report) unavailableSinceMessage(p *rotation.ActivePasscode) string {
	if v.Observing && p.Result == clevertap.Unknown && p.Entry.Reported == nil {
		return v.unavailableMessage(p.Entry)
	}
	if p.Verification.Seen == "" {
		return "No verification has had a result for two intervals" + v.endpointHint() + ". The active passcode stays"
	}
	return fmt.Sprintf("No verification has had a result for two intervals: %s%s. The active passcode stays", p.Verification.Seen, v.endpointHint())
}

func (v Report) acceptedMessage(p *rotation.ActivePasscode) string {
	if p.Validity.Expired(v.Now) {
		return "CleverTap accepts the active passcode, past its declared expiry"
	}
	return "CleverTap accepts the active passcode"
}

func (v Report) expiringMessage(p *rotation.ActivePasscode) string {
	text := fmt.Sprintf("%q expires at %s", p.Name(), schedule.Stamp(p.Validity.Until))
	switch next := v.successor(); {
	case v.Spec.Suspend && next != nil:
		return fmt.Sprintf("%s and %s, though %q is staged: set it to false before then", text, nothingWhileSuspended, next.Spec.Name)
	case v.Spec.Suspend:
		return fmt.Sprintf("%s and %s: set it to false, and %s before then", text, nothingWhileSuspended, v.createNext())
	case next == nil:
		return fmt.Sprintf("%s and there is no successor: %s before then", text, v.createNext())
	case v.PinKeeps(p):
		return fmt.Sprintf("%s; %s. Remove the pin before then", text, v.pinMessage())
	}
	return fmt.Sprintf("%s; %s", text, v.successorMessage(v.successor()))
}

// pinMessage says what a pin that is in effect ensures, and nothing that it prevents.
func (v Report) pinMessage() string {
	if p := v.Active; p == nil || !v.PinKeeps(p) {
		return fmt.Sprintf("spec.rotation.pin names %q", v.Pinned().Spec.Name)
	}
	return fmt.Sprintf("spec.rotation.pin keeps %q active until CleverTap rejects it", v.Pinned().Spec.Name)
}

// noSuccessorMessage says what would make a successor. An entry without a value is one that only needs its source fixed:
// no other passcode need be created.
func (v Report) noSuccessorMessage() string {
	if v.Observing {
		return "In mode Observe no passcode becomes active by itself: " + v.createNext() + v.beforeExpiry()
	}
	broken := v.FirstOf(func(e *rotation.Entry) bool { return !e.HasValue() && e != v.ActiveEntry() && !v.sourceOfActive(e) })
	if broken != nil {
		return fmt.Sprintf("There is no successor: %q has no usable value. %s", broken.Spec.Name, capitalized(v.entryMessage(broken)))
	}
	return "There is no successor: " + v.createNextByCommand() + v.beforeExpiry()
}

// beforeExpiry is by when; "" if there is no hurry.
func (v Report) beforeExpiry() string {
	if p := v.ActiveInTarget(); p != nil && !p.Validity.Until.IsZero() {
		return " before " + schedule.Stamp(p.Validity.Until)
	}
	return ""
}

// sourceOfActive reports whether the active passcode was published from the entry, whose source is lost since.
func (v Report) sourceOfActive(e *rotation.Entry) bool {
	return v.Active != nil && v.Active.FormerEntry == e
}

func capitalized(text string) string {
	return strings.ToUpper(text[:1]) + text[1:]
}

func (v Report) successorMessage(next *rotation.Entry) string {
	switch {
	case v.PinHolds():
		return fmt.Sprintf("%q can become active; %s", next.Spec.Name, v.pinMessage())
	case v.RotationAt.IsZero():
		return fmt.Sprintf("%q can become active; the active passcode never expires", next.Spec.Name)
	case !v.Now.Before(v.RotationAt):
		return fmt.Sprintf("%q becomes active as soon as CleverTap accepts it once more", next.Spec.Name)
	}
	return fmt.Sprintf("%q becomes active at %s", next.Spec.Name, schedule.Stamp(v.RotationAt))
}

// problemsMessage names every entry that has no usable value.
func (v Report) problemsMessage() string {
	var all []string
	for _, e := range v.Entries {
		if !e.HasValue() {
			all = append(all, fmt.Sprintf("%q: %s", e.Spec.Name, v.entryMessage(e)))
		}
	}
	const most = 5
	if len(all) > most {
		all = append(all[:most], fmt.Sprintf("and %d more, see status.passcodes", len(all)-most))
	}
	return strings.Join(all, "; ")
}

func (v Report) entryMessage(e *rotation.Entry) string {
	ref := e.Spec.SecretKeyRef
	switch e.Problem {
	case v1alpha1.ReasonSourceNotFound:
		return fmt.Sprintf("Secret %q does not exist: create it with the label %s", ref.Name, sourceLabel)
	case v1alpha1.ReasonSourceNotLabelled:
		return v.notLabelledMessage(ref.Name)
	case v1alpha1.ReasonKeyNotFound:
		return fmt.Sprintf("Secret %q has no key %q: add it, or correct secretKeyRef.key", ref.Name, ref.Key)
	case v1alpha1.ReasonPasscodeMalformed:
		return fmt.Sprintf("the value of key %q in Secret %q %s: a passcode has 1 to 128 printable ASCII characters and no white space", ref.Key, ref.Name,
			e.Detail)
	}
	return v.valueMessage(e)
}

// notLabelledMessage says how to label a source. What another controller writes keeps a label only if its template has it.
func (v Report) notLabelledMessage(secret string) string {
	text := fmt.Sprintf("Secret %q has no label that allows reading it: kubectl label secret -n %s %s %s", secret, v.Object.Namespace, secret, sourceLabel)
	if v.Observing {
		text += ". If a controller writes the Secret, set the label in its template (External Secrets: spec.target.template.metadata.labels): one set by hand lasts until its next write"
	}
	return text
}

func (v Report) valueMessage(e *rotation.Entry) string {
	switch state := v.state(e); {
	case state == v1alpha1.StateDuplicate:
		return fmt.Sprintf("it has the same value as %q, so both count as one passcode", e.DuplicateOf.Spec.Name)
	case state == v1alpha1.StateRejected:
		return sentences(v.rejects(), v.suspicionMessage(e))
	case state == v1alpha1.StateRetiring:
		return v.retiringMessage(e)
	case state == v1alpha1.StateRetired || state == v1alpha1.StateExpired:
		return v.overMessage(state)
	case state == v1alpha1.StateUnverified && e.Verification.Unavailable > 0:
		return sentences("it could not be verified: "+e.Verification.Seen+v.endpointHint(), v.suspicionMessage(e))
	}
	parts := []string{v.datesMessage(e)}
	if v.Spec.VerificationMode() == v1alpha1.VerificationNone {
		parts = append(parts, v.suspicionMessage(e))
	}
	if e == v.ActiveEntry() {
		parts = append(parts, v.sharedMessage())
	}
	return sentences(parts...)
}

// sentences joins those that are not "". All but the first, which may follow a name, begin with a capital letter.
func sentences(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
	}
	return strings.Join(parts, ". ")
}

// SharedByMany is in the message of a passcode that more than one other object has active.
const SharedByMany = "other CleverTapPasscodes have it active"

// endIt is how a person ends a passcode.
func (v Report) endIt() string {
	if v.Spec.Type == v1alpha1.PasscodeTypeUser {
		return "reset it"
	}
	return "delete it on the dashboard"
}

// sharedMessage says that other objects of the namespace have the same passcode active; "" if none has. Deleting it on the
// dashboard for one of them breaks all. More than one are not named: each change would be a write of every status.
func (v Report) sharedMessage() string {
	switch len(v.SharedWith) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("it is also the active passcode of CleverTapPasscode %q: %s only once both have replaced it", v.SharedWith[0], v.endIt())
	}
	return fmt.Sprintf("several %s, see kubectl clevertap list -n %s: %s only once all have replaced it", SharedByMany, v.Object.Namespace, v.endIt())
}

// suspicionMessage says why a value that CleverTap has not accepted is probably not what the dashboard showed; "" if it
// looks like a passcode.
func (v Report) suspicionMessage(e *rotation.Entry) string {
	if suspicion := e.Passcode.Suspicion(v.Spec.AccountID, e.Spec.Name); suspicion != "" {
		return fmt.Sprintf("Its value %s: stage only the passcode as the dashboard showed it", suspicion)
	}
	return ""
}

// overMessage is for a passcode that was replaced or has expired, and says what is left to do.
func (v Report) overMessage(state v1alpha1.PasscodeState) string {
	switch {
	case state == v1alpha1.StateRetired && v.Spec.Type == v1alpha1.PasscodeTypeUser:
		return "it was replaced, and a reset ended it: there is nothing to delete. Remove it from spec.passcodes"
	case state == v1alpha1.StateRetired:
		return "it was replaced and is not in use: delete it at " + v.DashboardPage() + " and remove it from spec.passcodes"
	case state == v1alpha1.StateExpired && v.Spec.Type == v1alpha1.PasscodeTypeUser:
		return "it has expired: remove it from spec.passcodes"
	}
	return "it has expired: once nothing uses it, delete it at " + v.DashboardPage() + " and remove it from spec.passcodes"
}

// datesMessage says what is wrong with the dates of a passcode that may be used; "" for nothing.
func (v Report) datesMessage(e *rotation.Entry) string {
	switch state := v.state(e); {
	case e.CreatedInFuture:
		return fmt.Sprintf("createdAt %s is later than the first sight of its value, %s, so it is ignored: set createdAt to when the passcode was created",
			*e.Spec.CreatedAt, e.FirstSeen.Format(time.RFC3339))
	case state == v1alpha1.StateStaged && e.Validity.NeverSuccessor():
		return "its rotation time is before its beginning, so it can never be a successor: shorten rotation.before, or give it a longer validity"
	case state == v1alpha1.StateStaged && e.Validity.Due(v.Now):
		return "its own rotation time has passed, so it cannot be a successor"
	case e.Spec.CreatedAt == nil && v.Expiry(e.Spec).Days != nil:
		return "it has no createdAt, so its validity is counted from when it was first seen: set createdAt to when it was created"
	case e.StaleCreatedAt != "":
		return "createdAt belongs to an earlier value, so validity is counted from when this one was first seen: set createdAt to when it was created"
	}
	return ""
}

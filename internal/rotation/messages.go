// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"fmt"
	"strings"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// Messages change with facts alone, never with the time of day: a message that counts days is a write a day.

const (
	nothingWhileSuspended = "nothing takes over while spec.suspend is true"

	sourceLabel = v1alpha1.RoleLabel + "=" + v1alpha1.RoleSource
)

// refusal is what CleverTap says no to, and why it may. With --clevertap-endpoint set, the path to CleverTap is one more
// thing that can be wrong.
func (v report) denial() string {
	text := "refuses it: it is wrong, expired, deleted or revoked, or belongs to another account or region"
	return text + v.endpointHint()
}

// endpointHint names the endpoint that is called in place of CleverTap's hosts; "" if there is none.
func (v report) endpointHint() string {
	if v.Endpoint == "" {
		return ""
	}
	return fmt.Sprintf("; or the gateway %s, which --clevertap-endpoint names, answered in CleverTap's place", v.Endpoint)
}

// stamp is a time as people read it.
func stamp(t time.Time) string {
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func until(l schedule.Validity) string {
	if l.Until.IsZero() {
		return "forever"
	}
	return "until " + stamp(l.Until)
}

// makeNext says which step a person is to take, so that it takes a minute: where, under which name, for how long, and
// how to stage the value without leaving it in a shell's history.
func (v report) makeNext() string {
	if v.spec.Type == v1alpha1.PasscodeTypeUser && len(v.spec.Passcodes) > 0 {
		return fmt.Sprintf("reset the user's passcode, validity %s, at %s, and put the new value into its Secret, %s",
			v.validity(), v.dashboardPage(), v.spec.Passcodes[0].SecretKeyRef.Name)
	}
	name := v.suggestedName()
	return fmt.Sprintf("make %q, expiry %s, at %s and stage it: kubectl clevertap stage -n %s %s --passcode-name %s %s (or put its value into a Secret with the label %s and list it in spec.passcodes)",
		name, v.validity(), v.dashboardPage(), v.Object.Namespace, v.Object.Name, name, v.expiryFlag(), sourceLabel)
}

// expiryFlag is the declared expiry as kubectl clevertap stage takes it.
func (v report) expiryFlag() string {
	switch {
	case v.spec.Expiry.Days != nil:
		return fmt.Sprintf("--days %d", *v.spec.Expiry.Days)
	case v.spec.Expiry.At != nil:
		return "--days DAYS"
	}
	return "--forever"
}

// validity is the declared expiry in the dashboard's words.
func (v report) validity() string {
	user := v.spec.Type == v1alpha1.PasscodeTypeUser
	switch days := v.spec.Expiry.Days; {
	case days != nil && user:
		return fmt.Sprintf("Finite, %d days", *days)
	case days != nil:
		return fmt.Sprintf("Set day(s) %d", *days)
	case v.spec.Expiry.At != nil:
		return "Set day(s)"
	case user:
		return "Infinite"
	}
	return "Forever"
}

// suggestedName is the object's with the month in which what is published ends, or a number where that is taken.
func (v report) suggestedName() string {
	month := v.Object.CreationTimestamp.UTC()
	if p := v.active; p != nil && !p.validity.Until.IsZero() {
		month = p.validity.Until
	}
	// Names have 128 characters at most, and object's names are ASCII.
	base := v.Object.Name[:min(len(v.Object.Name), maxSuggested)] + month.Format("-2006-01")
	name := base
	for n := 2; v.firstOf(func(e *entry) bool { return e.spec.Name == name || e.spec.SecretKeyRef.Name == name }) != nil; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// maxSuggested leaves room for the month and a number.
const maxSuggested = 128 - len("-2006-01-100")

// replacedMessage says what a publication replaced, and how early CleverTap refused it; "" where that is not known.
func (v report) replacedMessage(earlier []v1alpha1.Publication, p v1alpha1.Publication) string {
	if len(earlier) == 0 {
		return ""
	}
	text := fmt.Sprintf(", in place of %q", earlier[0].Passcode)
	old := v.firstOf(func(e *entry) bool { return e.hasValue() && e.spec.Name == earlier[0].Passcode && e.replaced })
	if p.Reason == v1alpha1.RotationRejected && old != nil {
		text += early(old.validity, p.Time.UTC())
	}
	return text
}

// early says how many days before its declared end a passcode was refused; "" where that is less than one.
func early(l schedule.Validity, refused time.Time) string {
	days := int(l.Until.Sub(refused) / (24 * time.Hour))
	if l.Until.IsZero() || days < 1 {
		return ""
	}
	return fmt.Sprintf(", refused %d days before its declared end", days)
}

func forbiddenMessage(keys []string) string {
	return fmt.Sprintf("spec.target.annotations: %s would have the Secret copied to where nobody follows it, and was left out: remove it, or have an administrator allow it with --allowed-target-annotations",
		strings.Join(keys, ", "))
}

func (v report) windowMessage() string {
	return v.windowProblem.Error() + "; until that is mended, scheduled switches wait for the last 24 hours before the end"
}

func (v report) publishedMessage(p *activePasscode) string {
	text := fmt.Sprintf("%q is published and lasts %s", p.name(), until(p.validity))
	if p.validity.Expired(v.now) {
		text = fmt.Sprintf("%q is published: its declared end was %s, but CleverTap still accepts it. Correct expiry or createdAt", p.name(), stamp(p.validity.Until))
	}
	return text + v.pendingMessage(p)
}

// pendingMessage says why what is published is not what the spec asks for; "" where it is.
func (v report) pendingMessage(p *activePasscode) string {
	switch {
	case p.accountChanged:
		return fmt.Sprintf(", for account %s in %s; for account %s in %s, %s",
			p.tuple.AccountID, p.tuple.Region, v.spec.AccountID, v.spec.Region, v.waitsMessage())
	case p.sourceChanged() && v.state(p.formerEntry) == v1alpha1.StateRejected:
		return "; CleverTap refuses the new value of its source"
	case p.removed():
		return "; it is not listed any more, and " + v.waitsMessage()
	}
	return ""
}

// waitsMessage says why no listed passcode has taken the place of one that the spec does not ask for any more.
func (v report) waitsMessage() string {
	switch {
	case v.spec.Suspend:
		return nothingWhileSuspended
	case v.WriteProblem != "":
		return "its target cannot be written"
	}
	if next := v.awaited(nil); next != nil {
		return fmt.Sprintf("%q takes its place as soon as CleverTap accepts it", next.spec.Name)
	}
	return "no listed passcode is accepted"
}

func (v report) expiredMessage(p *activePasscode) string {
	return fmt.Sprintf("%q ended at %s and %s", p.name(), stamp(p.validity.Until), v.stuckMessage())
}

func (v report) refusedMessage(p *activePasscode) string {
	return fmt.Sprintf("CleverTap refuses %q, which is published%s, and %s. If it was not deleted or replaced, check accountID and region, and whether an admin enforces user passcodes%s",
		p.name(), early(p.validity, p.resultAt), v.stuckMessage(), v.endpointHint())
}

// stuckMessage says why nothing has taken over from a passcode that works no more, and what to do.
func (v report) stuckMessage() string {
	if v.spec.Suspend {
		return nothingWhileSuspended + ": set it to false, or " + v.makeNext()
	}
	if next := v.awaited(v.activeEntry()); next != nil {
		return fmt.Sprintf("%q takes over as soon as CleverTap accepts it", next.spec.Name)
	}
	return "no other listed passcode can take over: " + v.makeNext()
}

// awaited is the first candidate, other than one entry, that CleverTap may still accept; nil for none.
func (v report) awaited(other *entry) *entry {
	for _, c := range v.candidates() {
		if c.entry.result != clevertap.Rejected && c.entry != other {
			return c.entry
		}
	}
	return nil
}

func (v report) allRefusedMessage() string {
	var refused []string
	for _, e := range v.entries {
		if e.hasValue() {
			refused = append(refused, fmt.Sprintf("%q", e.spec.Name))
		}
	}
	text := fmt.Sprintf("CleverTap refuses every listed passcode (%s): check accountID and region, and whether an admin enforces user passcodes%s; else %s", listing(refused), v.endpointHint(), v.makeNext())
	if v.firstOf(func(e *entry) bool { return !e.hasValue() }) != nil {
		text = fmt.Sprintf("CleverTap refuses every listed passcode that is there (%s)%s. %s", listing(refused), v.endpointHint(), v.problemsMessage())
	}
	return text
}

// allReplacedMessage is for an object that has lost its target, and lists nothing that was not replaced before.
func (v report) allReplacedMessage() string {
	return "Every listed passcode was replaced before, and is not published again unasked: name one in spec.rotation.pin, or " + v.makeNext()
}

func (v report) verifyingMessage() string {
	return "CleverTap is being asked whether the passcode works"
}

func (v report) unavailableMessage(e *entry) string {
	return fmt.Sprintf("CleverTap did not say whether %q works: %s. It is asked again%s", e.spec.Name, e.Verification.Seen, v.endpointHint())
}

func (v report) silentMessage(p *activePasscode) string {
	if p.verification.Seen == "" {
		return "CleverTap has not answered for more than two intervals; what is published stays" + v.endpointHint()
	}
	return fmt.Sprintf("CleverTap has not answered for more than two intervals: %s; what is published stays%s", p.verification.Seen, v.endpointHint())
}

func (v report) acceptedMessage(p *activePasscode) string {
	if p.validity.Expired(v.now) {
		return "CleverTap accepts the published passcode, past its declared end"
	}
	return "CleverTap accepts the published passcode"
}

func (v report) expiringMessage(p *activePasscode) string {
	text := fmt.Sprintf("%q ends at %s", p.name(), stamp(p.validity.Until))
	switch next := v.successor(); {
	case v.spec.Suspend && next != nil:
		return fmt.Sprintf("%s and %s, though %q is staged: set it to false before then", text, nothingWhileSuspended, next.spec.Name)
	case v.spec.Suspend:
		return fmt.Sprintf("%s and %s: set it to false, and %s before then", text, nothingWhileSuspended, v.makeNext())
	case next == nil:
		return fmt.Sprintf("%s and nothing can take over: %s before then", text, v.makeNext())
	case v.pinKeeps(p):
		return fmt.Sprintf("%s; %s. Remove the pin before then", text, v.pinMessage())
	}
	return fmt.Sprintf("%s; %s", text, v.successorMessage(v.successor()))
}

// pinMessage says what a pin that holds promises, and nothing that it prevents.
func (v report) pinMessage() string {
	if p := v.active; p == nil || !v.pinKeeps(p) {
		return fmt.Sprintf("spec.rotation.pin names %q", v.pinned().spec.Name)
	}
	return fmt.Sprintf("spec.rotation.pin keeps %q active until CleverTap rejects it", v.pinned().spec.Name)
}

func (v report) noSuccessorMessage() string {
	text := "No accepted passcode waits to take over: " + v.makeNext()
	if p := v.activeInTarget(); p != nil && !p.validity.Until.IsZero() {
		text += " before " + stamp(p.validity.Until)
	}
	return text
}

func (v report) successorMessage(next *entry) string {
	switch {
	case v.pinHolds():
		return fmt.Sprintf("%q can take over; %s", next.spec.Name, v.pinMessage())
	case v.rotationAt.IsZero():
		return fmt.Sprintf("%q can take over; the published one lasts forever", next.spec.Name)
	case !v.now.Before(v.rotationAt):
		return fmt.Sprintf("%q takes over as soon as CleverTap accepts it once more", next.spec.Name)
	}
	return fmt.Sprintf("%q takes over at %s", next.spec.Name, stamp(v.rotationAt))
}

// problemsMessage names every entry that has no usable value.
func (v report) problemsMessage() string {
	var all []string
	for _, e := range v.entries {
		if !e.hasValue() {
			all = append(all, fmt.Sprintf("%q: %s", e.spec.Name, v.entryMessage(e)))
		}
	}
	const most = 5
	if len(all) > most {
		all = append(all[:most], fmt.Sprintf("and %d more, see status.passcodes", len(all)-most))
	}
	return strings.Join(all, "; ")
}

func (v report) entryMessage(e *entry) string {
	ref := e.spec.SecretKeyRef
	switch e.Problem {
	case v1alpha1.ReasonSourceNotFound:
		return fmt.Sprintf("Secret %q does not exist: create it with the label %s", ref.Name, sourceLabel)
	case v1alpha1.ReasonSourceNotLabelled:
		return fmt.Sprintf("Secret %q is not labelled, so it was not read: kubectl label secret -n %s %s %s", ref.Name, v.Object.Namespace, ref.Name, sourceLabel)
	case v1alpha1.ReasonKeyNotFound:
		return fmt.Sprintf("Secret %q has no key %q", ref.Name, ref.Key)
	case v1alpha1.ReasonPasscodeMalformed:
		return fmt.Sprintf("the value of key %q in Secret %q %s: a passcode has 1 to 128 printable ASCII characters and no white space", ref.Key, ref.Name, e.Detail)
	}
	return v.valueMessage(e)
}

func (v report) valueMessage(e *entry) string {
	switch state := v.state(e); {
	case state == v1alpha1.StateDuplicate:
		return fmt.Sprintf("the same value as %q, so it counts as one passcode with it", e.duplicateOf.spec.Name)
	case state == v1alpha1.StateRejected:
		return "CleverTap " + v.denial()
	case state == v1alpha1.StateRetiring:
		return v.retiringMessage(e)
	case state == v1alpha1.StateRetired || state == v1alpha1.StateExpired:
		return v.overMessage(state)
	case state == v1alpha1.StateUnverified && e.Verification.Unavailable > 0:
		return "CleverTap did not say whether it works: " + e.Verification.Seen + v.endpointHint()
	}
	return v.datesMessage(e)
}

// overMessage is for a passcode that is over, and says what is left to do.
func (v report) overMessage(state v1alpha1.PasscodeState) string {
	switch {
	case state == v1alpha1.StateRetired && v.spec.Type == v1alpha1.PasscodeTypeUser:
		return "it was replaced, and CleverTap ended it then: there is nothing to delete. Take it off the list"
	case state == v1alpha1.StateRetired:
		return "it was replaced, and nothing that can be seen holds it: delete it at " + v.dashboardPage() + " and take it off the list"
	case state == v1alpha1.StateExpired && v.spec.Type == v1alpha1.PasscodeTypeUser:
		return "it is past its end: take it off the list"
	}
	return "it is past its end. What uses it was not looked for: once nothing does, delete it at " + v.dashboardPage() + " and take it off the list"
}

// datesMessage says what is to be known of the dates of a passcode that may be used; "" for nothing.
func (v report) datesMessage(e *entry) string {
	switch state := v.state(e); {
	case e.createdInFuture:
		return fmt.Sprintf("createdAt %s is later than when its value was first seen, %s, so it is ignored and its life is counted from then: set createdAt to when it was made",
			*e.spec.CreatedAt, e.firstSeen.Format(time.RFC3339))
	case state == v1alpha1.StateStaged && e.validity.NeverSuccessor():
		return "its rotation time lies before its beginning, so it can never be a successor: shorten rotation.before, or make it last longer"
	case state == v1alpha1.StateStaged && e.validity.Due(v.now):
		return "its own rotation time has come, so it can be no successor any more"
	case e.spec.CreatedAt == nil && v.expiry(e.spec).Days != nil:
		return "it has no createdAt, so its life is counted from when it was first seen: set createdAt to when it was made"
	case e.staleCreatedAt != "":
		return "createdAt belongs to the value before this one, so its life is counted from when it was first seen: set createdAt to when it was made"
	}
	return ""
}

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

	checkAccount = "check accountID, region, and whether an admin enforces user passcodes"

	// seeCommand points to the one place of the full command: repeated in every message, it would make each unreadable.
	seeCommand = "the condition SuccessorReady has the command"
	seeSources = "the condition SourcesReady says how"

	sourceLabel = v1alpha1.RoleLabel + "=" + v1alpha1.RoleSource
)

// rejects says that CleverTap rejects a value, and why it may. With --clevertap-endpoint set, the gateway is one more
// thing that can be wrong.
func (r Report) rejects(what string) string {
	return fmt.Sprintf("CleverTap rejects %s: it is wrong, expired, deleted or revoked, or belongs to another account or region%s", what, r.endpointHint())
}

// endpointHint names the endpoint that is called in place of CleverTap's hosts; "" if there is none.
func (r Report) endpointHint() string {
	if r.Endpoint == "" {
		return ""
	}
	return fmt.Sprintf("; or the gateway %s (--clevertap-endpoint) responded instead of CleverTap", r.Endpoint)
}

// problem is what is wrong, and the action required; "" for nothing.
type problem struct{ cause, action string }

// String is the problem as a message has it.
func (p problem) String() string { return v1alpha1.Message(p.cause, p.action) }

// combined makes one problem of several, the first five: what is wrong with each, then what to do about each. where says where
// the rest is found; it may be "".
func combined(problems []problem, where string) problem {
	const most = 5
	var causes, actions []string
	for _, p := range problems[:min(len(problems), most)] {
		causes = append(causes, p.cause)
		if p.action != "" {
			actions = append(actions, p.action)
		}
	}
	if len(problems) > most {
		causes = append(causes, fmt.Sprintf("and %d more%s", len(problems)-most, where))
	}
	return problem{strings.Join(causes, "; "), strings.Join(actions, "; ")}
}

// Suspended is the message of the condition Ready while spec.suspend is true and nothing is published.
const Suspended = "spec.suspend is true: nothing is verified or written until it is false"

// CreateNext and FixEntry begin what an action says in short, as its last part. The condition SuccessorReady has it in full.
const (
	CreateNext = "create the next passcode"
	FixEntry   = "fix the source of "
)

func until(l schedule.Validity) string {
	if l.Until.IsZero() {
		return "never expires"
	}
	return "expires " + schedule.Stamp(l.Until)
}

// createNext says what a person is to do next: create which passcode, where, and stage it. The command is elsewhere.
func (r Report) createNext() string {
	if r.Observing {
		return r.replaceObserved()
	}
	if r.Spec.Type == v1alpha1.PasscodeTypeUser {
		return r.resetUser()
	}
	return fmt.Sprintf("%s at %s and stage it (%s)", CreateNext, r.dashboardPage(), seeCommand)
}

// createNextByCommand is createNext with the name, the validity and the command, so that it takes a minute and leaves no
// value in a shell's history.
func (r Report) createNextByCommand() string {
	if r.Observing {
		return r.replaceObserved()
	}
	if r.Spec.Type == v1alpha1.PasscodeTypeUser {
		return r.resetUser()
	}
	name := r.suggestedName()
	return fmt.Sprintf("create %q, expiry %s, at %s and stage it: kubectl clevertap stage -n %s %s --passcode-name %s %s (or put its value into a Secret with the label %s and list it in spec.passcodes)",
		name, r.validity(), r.dashboardPage(), r.Object.Namespace, r.Object.Name, name, r.expiryFlag(), sourceLabel)
}

// nextStep makes a successor, in short: an entry without a value is one once its source is fixed, else one must be created.
func (r Report) nextStep() string {
	if broken := r.brokenSuccessor(); broken != nil {
		return fmt.Sprintf("%s%q (%s)", FixEntry, broken.Spec.Name, seeSources)
	}
	return r.createNext()
}

// brokenSuccessor is the first entry that lacks only a usable value to become active; nil if there is none.
func (r Report) brokenSuccessor() *rotation.Entry {
	if r.Observing {
		return nil
	}
	return r.FirstOf(func(e *rotation.Entry) bool { return !e.HasValue() && e != r.ActiveEntry() && !r.sourceOfActive(e) })
}

// replaceObserved is the next step for a Secret that someone else maintains.
func (r Report) replaceObserved() string {
	step := CreateNext
	if r.Spec.Type == v1alpha1.PasscodeTypeUser {
		step = "reset the user's passcode"
	}
	secret := ""
	if len(r.Spec.Passcodes) > 0 {
		secret = fmt.Sprintf(" %q", r.Spec.Passcodes[0].SecretKeyRef.Name)
	}
	return fmt.Sprintf("%s at %s and put it where Secret%s takes its value from", step, r.dashboardPage(), secret)
}

// resetUser is the next step for a user's passcode, of which there is one.
func (r Report) resetUser() string {
	secret := ""
	if len(r.Spec.Passcodes) > 0 {
		secret = fmt.Sprintf(", Secret %q", r.Spec.Passcodes[0].SecretKeyRef.Name)
	}
	return fmt.Sprintf("reset the user's passcode, validity %s, at %s, and put the new value into its source%s", r.validity(), r.dashboardPage(), secret)
}

// expiryFlag is the declared expiry as kubectl clevertap stage takes it.
func (r Report) expiryFlag() string {
	switch {
	case r.Spec.Expiry.Days != nil:
		return fmt.Sprintf("--days %d", *r.Spec.Expiry.Days)
	case r.Spec.Expiry.At != nil:
		return "--at YYYY-MM-DDThh:mm:ssZ"
	}
	return "--forever"
}

// validity is the declared expiry in the dashboard's words.
func (r Report) validity() string {
	user := r.Spec.Type == v1alpha1.PasscodeTypeUser
	switch days := r.Spec.Expiry.Days; {
	case days != nil && user:
		return fmt.Sprintf(`"Finite", %d days`, *days)
	case days != nil:
		return fmt.Sprintf(`"Set day(s)", %d`, *days)
	case r.Spec.Expiry.At != nil:
		return `"Set day(s)"`
	case user:
		return `"Infinite"`
	}
	return `"Forever"`
}

// suggestedName is the object's name with the month in which the active passcode expires, and a number if that is taken.
func (r Report) suggestedName() string {
	month := r.Object.CreationTimestamp.UTC()
	if p := r.Active; p != nil && !p.Validity.Until.IsZero() {
		month = p.Validity.Until
	}
	// Names have 128 characters at most, and object's names are ASCII.
	base := r.Object.Name[:min(len(r.Object.Name), maxSuggested)] + month.Format("-2006-01")
	name := base
	for n := 2; r.FirstOf(func(e *rotation.Entry) bool { return e.Spec.Name == name || e.Spec.SecretKeyRef.Name == name }) != nil; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// maxSuggested leaves room for the month and a number.
const maxSuggested = 128 - len("-2006-01-100")

// replacedMessage says what a publication replaced, and how early CleverTap rejected it; "" if that is not known.
func (r Report) replacedMessage(earlier []v1alpha1.Publication, p v1alpha1.Publication) string {
	if len(earlier) == 0 {
		return ""
	}
	text := fmt.Sprintf(", in place of %q", earlier[0].Passcode)
	old := r.FirstOf(func(e *rotation.Entry) bool { return e.HasValue() && e.Spec.Name == earlier[0].Passcode && e.Replaced })
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
	return problem{
		fmt.Sprintf("spec.target.annotations: %s makes another controller copy the Secret, so it is not set", strings.Join(keys, ", ")),
		"remove it, or have an administrator allow it with --allowed-target-annotations",
	}.String()
}

func (r Report) windowMessage() string {
	return problem{
		r.WindowProblem.Error() + ". Scheduled rotations wait for the last 24 hours before expiry",
		"correct spec.rotation.windows",
	}.String()
}

func (r Report) publishedMessage(p *rotation.ActivePasscode) string {
	if p.Validity.Expired(r.Now) {
		cause := fmt.Sprintf("%q is active: it was to expire at %s, but CleverTap still accepts it%s", p.Name(),
			schedule.Stamp(p.Validity.Until), r.pendingMessage(p))
		return problem{cause, "correct expiry or createdAt"}.String()
	}
	return fmt.Sprintf("%q is active, %s%s", p.Name(), until(p.Validity), r.pendingMessage(p))
}

// pendingMessage says why the active passcode is not the one that the spec requires; "" if it is.
func (r Report) pendingMessage(p *rotation.ActivePasscode) string {
	switch {
	case p.AccountChanged:
		return fmt.Sprintf(". It belongs to account %s in %s; the spec requires account %s in %s, and %s",
			p.Tuple.AccountID, p.Tuple.Region, r.Spec.AccountID, r.Spec.Region, r.waitsMessage())
	case p.SourceChanged() && r.state(p.FormerEntry) == v1alpha1.StateRejected:
		return ". CleverTap rejects the new value of its source, so the former value stays"
	case p.Removed():
		return ". Its entry was removed, and " + r.waitsMessage()
	}
	return ""
}

// waitsMessage says why no entry has replaced a passcode that the spec no longer requires.
func (r Report) waitsMessage() string {
	switch {
	case r.Spec.Suspend:
		return nothingWhileSuspended
	case r.WriteProblem != "":
		return fmt.Sprintf("Secret %q cannot be written (the condition Reconciling says why)", r.Object.TargetName())
	}
	if next := r.awaited(nil); next != nil {
		return fmt.Sprintf("%q becomes active as soon as CleverTap accepts it", next.Spec.Name)
	}
	return "CleverTap accepts no entry that can replace it"
}

func (r Report) expiredMessage(p *rotation.ActivePasscode) string {
	stuck := r.stuck()
	return problem{fmt.Sprintf("%q expired at %s, and %s", p.Name(), schedule.Stamp(p.Validity.Until), stuck.cause), stuck.action}.String()
}

func (r Report) rejectedMessage(p *rotation.ActivePasscode) string {
	stuck := r.stuck()
	action := "if nobody deleted it, " + checkAccount
	if stuck.action != "" {
		action += "; else " + stuck.action
	}
	return problem{
		fmt.Sprintf("CleverTap rejects %q, the active passcode%s%s, and %s", p.Name(), early(p.Validity, p.ResultAt), r.endpointHint(), stuck.cause),
		action,
	}.String()
}

// stuck says why nothing has replaced a passcode that works no more, and what to do.
func (r Report) stuck() problem {
	next := r.awaited(r.ActiveEntry())
	switch {
	case r.Spec.Suspend:
		return problem{nothingWhileSuspended, r.resume(next)}
	case next != nil:
		return problem{cause: fmt.Sprintf("%q becomes active as soon as CleverTap accepts it", next.Spec.Name)}
	}
	return problem{"no other entry can become active", r.nextStep()}
}

// resume is what to do about a suspension; without an entry that becomes active then, one more step.
func (r Report) resume(next *rotation.Entry) string {
	action := "set spec.suspend to false"
	if next == nil {
		action += ", and " + r.nextStep()
	}
	return action
}

// awaited is the first candidate, other than one entry, that CleverTap may still accept; nil for none.
func (r Report) awaited(other *rotation.Entry) *rotation.Entry {
	for _, c := range r.Candidates() {
		if c.Entry.Result != clevertap.Rejected && c.Entry != other {
			return c.Entry
		}
	}
	return nil
}

func (r Report) allRejectedMessage() string {
	var rejected []string
	broken := false
	for _, e := range r.Entries {
		if e.HasValue() {
			rejected = append(rejected, fmt.Sprintf("%q", e.Spec.Name))
		}
		broken = broken || !e.HasValue()
	}
	list := retirement.Listing(rejected) + r.endpointHint()
	if broken {
		sources := r.sources()
		return problem{fmt.Sprintf("CleverTap rejects every entry that has a value: %s; %s", list, sources.cause),
			checkAccount + "; else " + sources.action}.String()
	}
	return problem{"CleverTap rejects every entry: " + list, checkAccount + "; else " + r.createNext()}.String()
}

// allReplacedMessage is for an object whose target is lost, and whose entries were all replaced before.
func (r Report) allReplacedMessage() string {
	return problem{"Every entry was replaced before, and an older value is never published unless requested",
		"name an entry in spec.rotation.pin, or " + r.createNext()}.String()
}

func (r Report) verifyingMessage() string {
	return "Verifying the passcode with CleverTap"
}

func (r Report) unavailableMessage(e *rotation.Entry) string {
	return fmt.Sprintf("%q could not be verified: %s%s. The operator tries again", e.Spec.Name, e.Verification.Detail, r.endpointHint())
}

func (r Report) unavailableSinceMessage(p *rotation.ActivePasscode) string {
	if r.Observing && p.Result == clevertap.Unknown && p.Entry.Reported == nil {
		return r.unavailableMessage(p.Entry)
	}
	why := ""
	if p.Verification.Detail != "" {
		why = ": " + p.Verification.Detail
	}
	return fmt.Sprintf("No verification has had a result for two intervals%s%s. The active passcode stays, and the operator tries again", why, r.endpointHint())
}

func (r Report) acceptedMessage(p *rotation.ActivePasscode) string {
	if p.Validity.Expired(r.Now) {
		return "CleverTap accepts the active passcode, past its declared expiry"
	}
	return "CleverTap accepts the active passcode"
}

func (r Report) expiringMessage(p *rotation.ActivePasscode) string {
	cause, by := fmt.Sprintf("%q expires at %s", p.Name(), schedule.Stamp(p.Validity.Until)), "before then, "
	if p.Validity.Expired(r.Now) {
		cause, by = fmt.Sprintf("%q was to expire at %s", p.Name(), schedule.Stamp(p.Validity.Until)), ""
	}
	next := r.successor()
	switch {
	case r.Spec.Suspend:
		cause += ", and " + nothingWhileSuspended
		if next != nil {
			cause += fmt.Sprintf(", though %q is staged", next.Spec.Name)
		}
		return problem{cause, by + r.resume(next)}.String()
	case next == nil:
		return problem{cause + ", and there is no successor", by + r.nextStep()}.String()
	case r.PinKeeps(p):
		return problem{fmt.Sprintf("%s; %s", cause, r.pinMessage()), by + "remove the pin"}.String()
	}
	return fmt.Sprintf("%s; %s", cause, r.successorMessage(next))
}

// pinMessage says what a pin that is in effect ensures, and nothing that it prevents.
func (r Report) pinMessage() string {
	if p := r.Active; p == nil || !r.PinKeeps(p) {
		return fmt.Sprintf("spec.rotation.pin names %q", r.Pinned().Spec.Name)
	}
	return fmt.Sprintf("spec.rotation.pin keeps %q active until CleverTap rejects it", r.Pinned().Spec.Name)
}

// noSuccessor says what would make a successor. An entry without a value is one that only needs its source fixed:
// no other passcode need be created.
func (r Report) noSuccessor() problem {
	if r.Observing {
		return problem{"In mode Observe no passcode becomes active by itself", r.beforeExpiry() + r.createNext()}
	}
	if broken := r.brokenSuccessor(); broken != nil {
		source := r.entryProblem(broken)
		cause := fmt.Sprintf("There is no successor: %q has no usable value because %s", broken.Spec.Name, source.cause)
		return problem{cause, r.beforeExpiry() + source.action}
	}
	return problem{"There is no successor", r.beforeExpiry() + r.createNextByCommand()}
}

// beforeExpiry is by when a person must act; "" if there is no such time, or if it is now.
func (r Report) beforeExpiry() string {
	p := r.ActiveInTarget()
	if p == nil || p.Validity.Until.IsZero() || p.Validity.Expired(r.Now) || r.rejected(p) {
		return ""
	}
	return "before " + schedule.Stamp(p.Validity.Until) + ", "
}

// sourceOfActive reports whether the active passcode was published from the entry, whose source is lost since.
func (r Report) sourceOfActive(e *rotation.Entry) bool {
	return r.Active != nil && r.Active.FormerEntry == e
}

func (r Report) successorMessage(next *rotation.Entry) string {
	switch {
	case r.PinInEffect():
		return fmt.Sprintf("%q can become active; %s", next.Spec.Name, r.pinMessage())
	case r.RotationAt.IsZero():
		return fmt.Sprintf("%q can become active; the active passcode never expires", next.Spec.Name)
	case !r.Now.Before(r.RotationAt):
		return fmt.Sprintf("%q becomes active as soon as CleverTap accepts it once more", next.Spec.Name)
	}
	return fmt.Sprintf("%q becomes active at %s", next.Spec.Name, schedule.Stamp(r.RotationAt))
}

// sources names every entry that has no usable value, and what to do about each.
func (r Report) sources() problem {
	var problems []problem
	for _, e := range r.Entries {
		if !e.HasValue() {
			source := r.entryProblem(e)
			problems = append(problems, problem{fmt.Sprintf("%q: %s", e.Spec.Name, source.cause), source.action})
		}
	}
	return combined(problems, ", see status.passcodes")
}

// entryProblem is what is wrong with an entry, or how far its retirement is; its cause is "" if there is nothing to report.
func (r Report) entryProblem(e *rotation.Entry) problem {
	ref := e.Spec.SecretKeyRef
	switch e.Problem {
	case v1alpha1.ReasonSourceNotFound:
		return problem{fmt.Sprintf("Secret %q does not exist", ref.Name),
			fmt.Sprintf("create Secret %q with the label %s and the key %q", ref.Name, sourceLabel, ref.Key)}
	case v1alpha1.ReasonSourceNotLabelled:
		if e.Detail != "" {
			return problem{fmt.Sprintf("Secret %q %s, and no source", ref.Name, e.Detail), "name another Secret in secretKeyRef"}
		}
		return r.notLabelled(ref.Name)
	case v1alpha1.ReasonKeyNotFound:
		return problem{fmt.Sprintf("Secret %q has no key %q", ref.Name, ref.Key),
			fmt.Sprintf("add the key %q to Secret %q, or correct secretKeyRef.key", ref.Key, ref.Name)}
	case v1alpha1.ReasonPasscodeMalformed:
		return problem{
			fmt.Sprintf("the value of key %q in Secret %q %s: a passcode has 1 to 128 printable ASCII characters and no white space", ref.Key, ref.Name, e.Detail),
			stageAsShown(e),
		}
	}
	return r.valueProblem(e)
}

// stageAsShown is what to do about a value that is not what the dashboard showed.
func stageAsShown(e *rotation.Entry) string {
	ref := e.Spec.SecretKeyRef
	return fmt.Sprintf("put only the passcode, as the dashboard showed it, into key %q of Secret %q", ref.Key, ref.Name)
}

// notLabelled says how to label a source. What another controller writes keeps a label only if its template has it.
func (r Report) notLabelled(secret string) problem {
	action := fmt.Sprintf("kubectl label secret -n %s %s %s", r.Object.Namespace, secret, sourceLabel)
	if r.Observing {
		action += ". If a controller writes the Secret, set the label in its template (External Secrets: spec.target.template.metadata.labels): one set by hand lasts until its next write"
	}
	return problem{fmt.Sprintf("Secret %q has no label that allows reading it", secret), action}
}

func (r Report) valueProblem(e *rotation.Entry) problem {
	switch state := r.state(e); {
	case state == v1alpha1.StateDuplicate:
		return problem{fmt.Sprintf("it has the same value as %q, so both count as one passcode", e.DuplicateOf.Spec.Name),
			"remove one of the two entries"}
	case state == v1alpha1.StateRejected:
		return r.rejectedEntry(e)
	case state == v1alpha1.StateRetiring:
		return r.retiring(e)
	case state == v1alpha1.StateRetired || state == v1alpha1.StateExpired:
		return r.replacedOrExpired(state)
	case state == v1alpha1.StateUnverified && e.Verification.Unavailable > 0:
		suspicion := r.suspicion(e)
		return problem{sentences("it could not be verified: "+e.Verification.Detail+r.endpointHint(), suspicion.cause), suspicion.action}
	}
	return r.usableEntry(e)
}

// rejectedEntry is for an entry that CleverTap rejects, and that is not active.
func (r Report) rejectedEntry(e *rotation.Entry) problem {
	cause := r.rejects("it")
	if suspicion := r.suspicion(e); suspicion.cause != "" {
		return problem{sentences(cause, suspicion.cause), suspicion.action}
	}
	ref := e.Spec.SecretKeyRef
	return problem{cause, fmt.Sprintf("correct key %q of Secret %q, accountID or region; if it was deleted on the dashboard, remove it from spec.passcodes", ref.Key, ref.Name)}
}

// usableEntry is for an entry that is active, or may become active.
func (r Report) usableEntry(e *rotation.Entry) problem {
	all := []problem{r.dates(e)}
	if r.Spec.VerificationMode() == v1alpha1.VerificationNone {
		all = append(all, r.suspicion(e))
	}
	if e == r.ActiveEntry() {
		all = append(all, problem{cause: r.sharedMessage()})
	}
	var causes, actions []string
	for _, p := range all {
		causes, actions = append(causes, p.cause), append(actions, p.action)
	}
	return problem{sentences(causes...), sentences(actions...)}
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

// invalidate is how a person makes a passcode stop working.
func (r Report) invalidate() string {
	if r.Spec.Type == v1alpha1.PasscodeTypeUser {
		return "reset it"
	}
	return "delete it on the dashboard"
}

// sharedMessage says that other objects of the namespace have the same passcode active; "" if none has. Deleting it on the
// dashboard for one of them breaks all. More than one are not named: each change would be a write of every status.
func (r Report) sharedMessage() string {
	switch len(r.SharedWith) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("it is also the active passcode of CleverTapPasscode %q: %s only once both have replaced it", r.SharedWith[0], r.invalidate())
	}
	return fmt.Sprintf("several %s, see kubectl clevertap list -n %s: %s only once all have replaced it", SharedByMany, r.Object.Namespace, r.invalidate())
}

// suspicion says why a value that CleverTap has not accepted is probably not what the dashboard showed; it has no cause if
// the value looks like a passcode.
func (r Report) suspicion(e *rotation.Entry) problem {
	if suspicion := e.Passcode.Suspicion(r.Spec.AccountID, e.Spec.Name); suspicion != "" {
		return problem{"its value " + suspicion, stageAsShown(e)}
	}
	return problem{}
}

// replacedOrExpired says of a passcode that was replaced or has expired what is left to do.
func (r Report) replacedOrExpired(state v1alpha1.PasscodeState) problem {
	const remove = "remove it from spec.passcodes"
	switch {
	case state == v1alpha1.StateRetired && r.Spec.Type == v1alpha1.PasscodeTypeUser:
		return problem{"it was replaced, and no longer works since the reset: there is nothing to delete on the dashboard", remove}
	case state == v1alpha1.StateRetired:
		return problem{"it was replaced and is not in use", "delete it at " + r.dashboardPage() + " and " + remove}
	case state == v1alpha1.StateExpired && r.Spec.Type == v1alpha1.PasscodeTypeUser:
		return problem{"it has expired", remove}
	}
	return problem{"it has expired", "once nothing uses it, delete it at " + r.dashboardPage() + " and " + remove}
}

// dates says what is wrong with the dates of a passcode that may be used, or worth knowing; it has no cause for nothing.
func (r Report) dates(e *rotation.Entry) problem {
	switch state := r.state(e); {
	case e.CreatedInFuture:
		return problem{fmt.Sprintf("createdAt %s is later than when its value was first seen, %s, so it is ignored",
			*e.Spec.CreatedAt, e.FirstSeen.Format(time.RFC3339)), "set createdAt to when the passcode was created"}
	case state == v1alpha1.StateStaged && e.Validity.NeverSuccessor():
		return problem{"its rotation time is before its validity begins, so it can never be a successor",
			"shorten rotation.before, or give it a longer validity"}
	case state == v1alpha1.StateStaged && e.Validity.Due(r.Now):
		return problem{"its own rotation time has passed, so it cannot be a successor", "stage one that expires later"}
	case e.Spec.CreatedAt == nil && r.Spec.ExpiryOf(e.Spec).Days != nil:
		return problem{cause: "it has no createdAt, so its validity is counted from when it was first seen"}
	case e.StaleCreatedAt != "":
		return problem{"createdAt belongs to an earlier value, so validity is counted from when this one was first seen",
			"set createdAt to when the present passcode was created"}
	}
	return problem{}
}

// dashboardPage is where passcodes of the object's kind are made and deleted.
func (r Report) dashboardPage() string {
	page := "Settings > Passcodes"
	if r.Spec.Type == v1alpha1.PasscodeTypeUser {
		page = "Settings > Users"
	}
	return page + " on " + clevertap.Region(r.Spec.Region).Dashboard()
}

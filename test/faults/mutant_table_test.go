// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import "slices"

// mutants are mistakes that controllers of this kind were seen to make.
func mutants() []mutant {
	return slices.Concat(mutantsOfDecisions(), mutantsOfWrites(), mutantsOfRequests(), mutantsOfFences())
}

// mutantsOfDecisions choose another passcode, or count or keep otherwise.
func mutantsOfDecisions() []mutant {
	return []mutant{
		{mistake: "publish before CleverTap has accepted", in: "internal/rotation: Snapshot.accepted", workload: "first publication",
			right: "return e.Verification.Result == clevertap.Accepted && age <= acceptanceFresh && age > -acceptanceFresh",
			wrong: "return e.Verification.Result != clevertap.Rejected && age != 1"},
		{mistake: "take a rejection for an acceptance", in: "internal/rotation: Snapshot.accepted", workload: "the first one is rejected",
			right: "return e.Verification.Result == clevertap.Accepted &&",
			wrong: "return e.Verification.Result != clevertap.Unknown &&"},
		{mistake: "forget to count a revision", in: "internal/rotation: Pass.publication", workload: "request",
			right: "record.Revision = max(p.highestRevision(), active.Record.Revision) + 1",
			wrong: "record.Revision = max(p.highestRevision(), active.Record.Revision)"},
		{mistake: "take the revision from only the status", in: "internal/rotation: Pass.publication", workload: search,
			right: "record.Revision = max(p.highestRevision(), active.Record.Revision) + 1",
			wrong: "record.Revision = p.Object.Status.Revision + 1"},
		{mistake: "forget which requests were handled", in: "internal/rotation: Pass.handledRotates", workload: "request",
			right: "handled = append(slices.Clone(handled), r.Value)",
			wrong: ""},
		{mistake: "believe the status of what was handled", in: "internal/rotation: Snapshot.requested", workload: "request",
			right: "|| slices.Contains(handled, r.Value)",
			wrong: ""},
		{mistake: "forget what was replaced", in: "internal/rotation: Pass.publication", workload: "two requests",
			right: "record.Replaced = target.AppendReplaced(p.settledReplaced(), []target.Replaced{old}, c.Entry.Fingerprint)",
			wrong: "_ = old"},
	}
}

// mutantsOfWrites write, report or request something else.
func mutantsOfWrites() []mutant {
	return []mutant{
		{mistake: "write the region where the endpoint belongs", in: "controllers: data", workload: "first publication",
			right: "keys.Endpoint:  []byte(tuple.Endpoint),",
			wrong: "keys.Endpoint:  []byte(tuple.Region),"},
		{mistake: "write an empty passcode", in: "controllers: data", workload: "first publication",
			right: "keys.Passcode:  []byte(tuple.Passcode.Reveal()),",
			wrong: "keys.Passcode:  {},"},
		{mistake: "leave an edited target as it is", in: "internal/rotation: Pass.NextWant", workload: "edited",
			right: "if want := p.upkeep(); !p.upToDate(want) {",
			wrong: "if want := p.upkeep(); false {"},
		{mistake: "write a target at every pass", in: "internal/rotation: Pass.upToDate", workload: "first publication",
			right: "was, is := *p.Target.Record, w.Record",
			wrong: `was, is := *p.Target.Record, w.Record; is.Reason += " "`},
		{mistake: "write another object's target", in: "controllers: notOurs", workload: "two objects",
			right: "case owner != object.Name:",
			wrong: "case false:"},
		{mistake: "forget the owner of a target that is to go with its object", in: "controllers: owners", workload: "deletes",
			right: "if !owned { return after }",
			wrong: "if !owned || len(before) == 0 { return after }"},
		{mistake: "report the value in a condition", in: "internal/status: Report.publishedMessage", workload: "first publication",
			right: `return fmt.Sprintf("%q is active, %s%s", p.Name(), until(p.Validity), r.pendingMessage(p))`,
			wrong: `return fmt.Sprintf("%q is active, %s%s", p.Tuple.Passcode.Reveal(), until(p.Validity), r.pendingMessage(p))`},
		{mistake: "compare by a plain hash", in: "internal/fingerprint: Key.Of", workload: "first publication",
			right: `return k.id + "-" + hex.EncodeToString(mac.Sum(nil)[:size])`,
			wrong: `plain := sha256.Sum256([]byte(passcode.Reveal())); return k.id + "-" + hex.EncodeToString(plain[:size])`},
	}
}

// mutantsOfRequests do again, or too often, what was done.
func mutantsOfRequests() []mutant {
	return []mutant{
		{mistake: "verify every ten seconds", in: "internal/rotation: Snapshot.due", workload: "first publication",
			right: "s.staggered(s.Spec.VerificationInterval(), q.fingerprint)",
			wrong: "10*time.Second"},
		{mistake: "restart a workload again and again", in: "internal/retirement: Publication.planRestart", workload: "rollout",
			right: "case p.restartedFor(r.Restarts) || r.Paused",
			wrong: "case r.Paused"},
		{mistake: "ignore what a Pod has in its environment", in: "internal/consumers: Uses", workload: "rollout",
			right: "ofEnvFrom(from)",
			wrong: "ofEnvFrom(from[:0])"},
		{mistake: "take an outage for a rejection", in: "internal/clevertap: isRejection", workload: "outage",
			right: "return code == http.StatusUnauthorized || code == http.StatusForbidden",
			wrong: "return code >= http.StatusUnauthorized"},
		{mistake: "ignore a pin", in: "internal/rotation: goToPin", workload: "pin",
			right: "case e == nil || !e.HasValue() || e == s.ActiveEntry():",
			wrong: "case true:"},
		{mistake: "go back to a value that was replaced", in: "internal/rotation: Snapshot.Successors", workload: "two requests",
			right: "return !e.Replaced && e != s.ActiveEntry()",
			wrong: "return e != s.ActiveEntry()"},
		{mistake: "overwrite what another process reported later", in: "internal/rotation: Snapshot.lastResult", workload: search,
			right: "case own == clevertap.Unknown: return reported, reportedAt",
			wrong: "case own == clevertap.Unknown: return reported, reportedAt; case true: return own, ownAt"},
		{mistake: "keep verifications back while a write is pending", in: "internal/decision: pass.effects", workload: search,
			right: "d.Verify, d.Next = p.VerificationRequests()",
			wrong: "if p.Observing || p.NextWant() == nil { d.Verify, d.Next = p.VerificationRequests() }"},
		{mistake: "report CleverTap as unavailable, because a result is old", in: "internal/status: Report.withoutResult", workload: tables,
			right: "case p.Verification.Unavailable > 0: return condition(metav1.ConditionUnknown, v1alpha1.ReasonUnavailable",
			wrong: "case true: return condition(metav1.ConditionUnknown, v1alpha1.ReasonUnavailable"},
		{mistake: "stop at a former target that cannot be marked", in: "controllers: Reconciler.act", workload: "a former target that may not be marked",
			right: "r.requestVerifications(client.ObjectKeyFromObject(s.Object), d.Verify); writeErr :=",
			wrong: "if err := r.release(ctx, s, d, state); err != nil { return d, err }; r.requestVerifications(client.ObjectKeyFromObject(s.Object), d.Verify); writeErr :="},
	}
}

// mutantsOfFences go on although something has changed, or is somebody else's.
func mutantsOfFences() []mutant {
	return []mutant{
		{mistake: "report from a cache that is behind", in: "controllers: Reconciler.observeLag", workload: "stale cache: the watch of targets is paused at",
			right: "s.cacheBehind = true; return nil }; state.confirmedOlder = version",
			wrong: "return nil }; state.confirmedOlder = version"},
		{mistake: "create a target without a read of the object", in: "controllers: Reconciler.ensureUnchanged",
			workload: "stale cache: a restart lists an object from before",
			right:    "if version != object.ResourceVersion {",
			wrong:    `if version == "" {`},
		{mistake: "write a target although someone else maintains the Secret", in: "internal/rotation: NewPass", workload: search,
			right: "if o.Object.Spec.Observes() {",
			wrong: "if o.Object == nil {"},
		{mistake: "publish without the version that was decided on", in: "controllers: targetPatch",
			workload: "stale cache: a replica is paused right before",
			right:    `patch := map[string]any{ "metadata": map[string]any{ "resourceVersion": secret.ResourceVersion,`,
			wrong:    `patch := map[string]any{ "metadata": map[string]any{`},
	}
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package forecast plays the operator's own decision forward: what will happen if nobody changes anything.
package forecast

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// Milestone is something that will happen if nobody changes anything.
type Milestone struct {
	At time.Time
	// Kind is what happens to the passcode.
	Kind Kind
	// Passcode is its name.
	Passcode string
}

// Kind is what happens.
type Kind string

// The milestones.
const (
	// Published: it is published, in place of the one before.
	Published Kind = "Published"
	// ExpiringSoon: the 30 days before its end begin while it is published.
	ExpiringSoon Kind = "ExpiringSoon"
	// Expired: it ends while it is published.
	Expired Kind = "Expired"
)

// A forecast looks so far ahead, and takes so many steps, at most: each entry takes a few.
const (
	horizon  = 30 * 365 * 24 * time.Hour
	maxSteps = 5000
)

// Of returns what will happen from now on, if every entry that the status does not call unusable is
// there and accepted, and nobody changes anything: Decide itself, played forward. It knows what is published from the
// object's status, which may be empty.
func Of(now time.Time, object *v1alpha1.CleverTapPasscode) []Milestone {
	p := newSimulation(now, object)
	var all []Milestone
	at := now
	for range maxSteps {
		if at.After(now.Add(horizon)) {
			break
		}
		d := decision.Decide(at, p.observed)
		if d.Want != nil {
			p.observed.Target = d.Want.Written(p.observed.Target, p.fingerprintIn)
			if d.Want.Publishes {
				all = append(all, Milestone{At: at, Kind: Published, Passcode: d.Want.Record.Passcode})
			}
			continue
		}
		all = append(all, news(at, p.observed.Object.Status, d.Status)...)
		p.observed.Object.Status = d.Status
		if d.Status.Phase == v1alpha1.PhaseExpired || d.Next.IsZero() {
			break
		}
		at = d.Next
	}
	return all
}

// news are what the status says and said not before.
func news(at time.Time, before, after v1alpha1.CleverTapPasscodeStatus) []Milestone {
	var all []Milestone
	name := v1alpha1.ConditionExpiringSoon
	if meta.IsStatusConditionTrue(after.Conditions, name) && !meta.IsStatusConditionTrue(before.Conditions, name) {
		all = append(all, Milestone{At: at, Kind: ExpiringSoon, Passcode: after.ActivePasscode})
	}
	if after.Phase == v1alpha1.PhaseExpired && before.Phase != v1alpha1.PhaseExpired {
		all = append(all, Milestone{At: at, Kind: Expired, Passcode: after.ActivePasscode})
	}
	return all
}

// simulation is a world in which every value is its entry's name.
type simulation struct {
	observed rotation.Observed
	key      fingerprint.Key
}

func newSimulation(now time.Time, object *v1alpha1.CleverTapPasscode) *simulation {
	object = object.DeepCopy()
	object.Spec.Verification = &v1alpha1.Verification{Mode: v1alpha1.VerificationNone}
	object.Spec.Rollout = nil
	if object.CreationTimestamp.IsZero() {
		object.CreationTimestamp.Time = now.Add(-time.Minute) // long enough ago to wait for no source
	}
	p := &simulation{key: fingerprint.NewKey(nil), observed: rotation.Observed{Object: object, ScanRequestedAt: now.Add(-time.Hour)}}
	for _, entry := range object.Spec.Passcodes {
		if unusable(object, entry.Name) {
			p.observed.Sources = append(p.observed.Sources, rotation.Source{Problem: v1alpha1.ReasonSourceNotFound})
			continue
		}
		passcode := simulatedValue(entry.Name)
		p.observed.Sources = append(p.observed.Sources, rotation.Source{Passcode: passcode, Fingerprint: p.fingerprint(passcode)})
	}
	for i := range object.Status.Passcodes {
		s := &object.Status.Passcodes[i]
		s.Fingerprint = p.fingerprint(simulatedValue(s.Name))
	}
	object.Status.Conditions = nil
	p.publish()
	return p
}

// unusable reports whether the status says that the entry can't be published as it is.
func unusable(object *v1alpha1.CleverTapPasscode, name string) bool {
	for _, s := range object.Status.Passcodes {
		if s.Name == name {
			switch s.State {
			case v1alpha1.StateMissing, v1alpha1.StateMalformed, v1alpha1.StateRejected, v1alpha1.StateDuplicate:
				return true
			default:
				return false
			}
		}
	}
	return false
}

// simulatedValue is a value that stands for an entry's: no two names have the same.
func simulatedValue(name string) clevertap.Passcode {
	sum := sha256.Sum256([]byte(name))
	passcode, err := clevertap.ParsePasscode([]byte(hex.EncodeToString(sum[:])))
	if err != nil {
		panic(err) // hexadecimal digits are a passcode
	}
	return passcode
}

func (p *simulation) fingerprint(passcode clevertap.Passcode) string {
	spec := &p.observed.Object.Spec
	return p.fingerprintIn(spec.Region, spec.AccountID, passcode)
}

func (p *simulation) fingerprintIn(region v1alpha1.Region, accountID string, passcode clevertap.Passcode) string {
	return p.key.Of(string(region), accountID, passcode)
}

// publish makes a target of what the status says is published.
func (p *simulation) publish() {
	object := p.observed.Object
	if object.Status.ActivePasscode == "" {
		return
	}
	record := target.Record{
		OwnerUID: object.UID, Revision: object.Status.Revision, Passcode: object.Status.ActivePasscode,
		AccountID: object.Spec.AccountID, Region: object.Spec.Region,
		Fingerprint: p.fingerprint(simulatedValue(object.Status.ActivePasscode)), Keys: target.EffectiveKeys(object),
	}
	if end := object.Status.ExpiresAt; end != nil {
		record.ExpiresAt = end.UTC()
	}
	for _, s := range object.Status.Passcodes {
		if s.State == v1alpha1.StateRetiring || s.State == v1alpha1.StateRetired {
			record.Replaced = append(record.Replaced, target.Replaced{Passcode: s.Name, Fingerprint: s.Fingerprint})
		}
	}
	p.observed.Target = rotation.Target{Exists: true, Record: &record, Exact: true, Fingerprint: record.Fingerprint, Tuple: target.Tuple{
		AccountID: object.Spec.AccountID, Region: object.Spec.Region,
		Endpoint: target.Endpoint(object.Spec.Region), Passcode: simulatedValue(object.Status.ActivePasscode),
	}}
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// The samples' account, which the demo's other objects share.
const account = "TEST-5RW-K78-985Z"

const (
	passcodeOf = "-o=go-template={{.data.passcode | base64decode}}"
	activeOf   = "-o=jsonpath={.status.activePasscode}"
)

func reasonOf(condition string) string {
	return fmt.Sprintf("-o=jsonpath={.status.conditions[?(@.type==%q)].reason}", condition)
}

func (s *stage) play(ctx context.Context) error {
	for i, act := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"Two passcodes are staged and declared. CleverTap accepts them, and the first is published.", s.publish},
		{"A passcode near expiry is reported, and its successor becomes active when due.", s.rotate},
		{"A passcode that CleverTap rejects is kept out.", s.reject},
		{"A person stages a new value; it is verified and published at once.", s.change},
		{"CleverTap is down: nothing that works is touched, and what waits is published when it is back.", s.outage},
		{"A person deletes the Secret that workloads mount; it is put back.", s.restore},
		{"A Secret that someone else writes is observed: it is verified, and nothing is written.", s.observe},
	} {
		fmt.Printf("\n%d. %s\n", i+1, act.title)
		if err := act.play(ctx); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return s.show(ctx, "get", "events", "--field-selector=involvedObject.kind=CleverTapPasscode",
		"-o=custom-columns=OBJECT:.involvedObject.name,TYPE:.type,REASON:.reason,MESSAGE:.message")
}

func (s *stage) dashboard() *clevertaptest.Account {
	return s.vendor.Account(clevertap.India, account)
}

func (s *stage) publish(ctx context.Context) error {
	s.dashboard().Passcode("shop-2026-q4", "YOW-RMW-WIKL", 90)
	s.dashboard().Passcode("shop-2027-q1", "KAM-ZPT-QXRA", 180)
	if _, err := s.kubectl(ctx, nil, "-n", namespace, "apply", "-k", filepath.Join(harness.Root(), "config", "samples")); err != nil {
		return err
	}
	if err := s.await(ctx, "the Secret has the first passcode", time.Minute, "YOW-RMW-WIKL", "secret", "clevertap-credentials", passcodeOf); err != nil {
		return err
	}
	if err := s.await(ctx, "it is Ready", time.Minute, "PasscodePublished", "ctp", "marketing", reasonOf("Ready")); err != nil {
		return err
	}
	if err := s.show(ctx, "get", "ctp"); err != nil {
		return err
	}
	return s.show(ctx, "get", "secret", "clevertap-credentials")
}

// rotate works with a validity of half a minute in place of 90 days.
func (s *stage) rotate(ctx context.Context) error {
	now := s.clock.Now().UTC()
	ends := now.Add(30 * time.Second)
	s.dashboard().PasscodeUntil("flash-1", "FLA-SHO-NEEE", ends)
	s.dashboard().Passcode("flash-2", "FLA-SHT-WOOO", 90)
	if err := s.apply(ctx, manifest("flash", fmt.Sprintf(`
  expiry: {days: 90}
  rotation: {before: 20s}
  passcodes:
  - {name: flash-1, secretKeyRef: {name: flash-staged, key: one}, expiry: {at: %q}}
  - {name: flash-2, secretKeyRef: {name: flash-staged, key: two}}`, ends.Format(time.RFC3339)),
		"one: FLA-SHO-NEEE", "two: FLA-SHT-WOOO")); err != nil {
		return err
	}
	if err := s.await(ctx, "the first passcode is reported as expiring soon", time.Minute, "WithinWindow", "ctp", "flash",
		reasonOf("ExpiringSoon")); err != nil {
		return err
	}
	if err := s.show(ctx, "get", "ctp", "flash", "-o", "wide"); err != nil {
		return err
	}
	if err := s.await(ctx, "the next passcode is in the Secret", time.Minute, "FLA-SHT-WOOO", "secret", "flash", passcodeOf); err != nil {
		return err
	}
	if err := s.await(ctx, "the status says so", time.Minute, "flash-2", "ctp", "flash", activeOf); err != nil {
		return err
	}
	return s.show(ctx, "get", "ctp", "flash")
}

func (s *stage) reject(ctx context.Context) error {
	s.dashboard().Passcode("right", "RIG-HTR-IGHT", 90)
	if err := s.apply(ctx, manifest("careful", `
  expiry: {days: 90}
  passcodes:
  - {name: mistyped, secretKeyRef: {name: careful-staged, key: one}}
  - {name: right, secretKeyRef: {name: careful-staged, key: two}}`,
		"one: MIS-TYP-EDDD", "two: RIG-HTR-IGHT")); err != nil {
		return err
	}
	if err := s.await(ctx, "the right one is in the Secret", time.Minute, "RIG-HTR-IGHT", "secret", "careful", passcodeOf); err != nil {
		return err
	}
	if err := s.await(ctx, "the mistyped passcode is reported as rejected", time.Minute, "Rejected", "ctp", "careful",
		"-o=jsonpath={.status.passcodes[0].state}"); err != nil {
		return err
	}
	return s.show(ctx, "get", "ctp", "careful", "-o=custom-columns=PASSCODE:.status.passcodes[*].name,STATE:.status.passcodes[*].state")
}

func (s *stage) change(ctx context.Context) error {
	s.dashboard().Passcode("right", "NEW-NEW-NEWW", 90)
	if err := s.stageValue(ctx, "careful-staged", "two", "NEW-NEW-NEWW"); err != nil {
		return err
	}
	if err := s.await(ctx, "the new value is in the Secret", 10*time.Second, "NEW-NEW-NEWW", "secret", "careful", passcodeOf); err != nil {
		return err
	}
	return s.await(ctx, "the history says why", 10*time.Second, "SourceChanged", "ctp", "careful", "-o=jsonpath={.status.history[0].reason}")
}

func (s *stage) outage(ctx context.Context) error {
	s.vendor.Break(clevertaptest.Responds(http.StatusServiceUnavailable, ""))
	s.dashboard().Passcode("right", "BAC-KBA-CKKK", 90)
	if err := s.stageValue(ctx, "careful-staged", "two", "BAC-KBA-CKKK"); err != nil {
		return err
	}
	if err := s.await(ctx, "the outage is reported", time.Minute, "VerificationUnavailable", "ctp", "careful", reasonOf("Reconciling")); err != nil {
		return err
	}
	if err := s.await(ctx, "the Secret is seen to be as it was", time.Second, "NEW-NEW-NEWW", "secret", "careful", passcodeOf); err != nil {
		return err
	}
	if err := s.show(ctx, "get", "ctp"); err != nil {
		return err
	}
	s.vendor.Break(nil)
	return s.await(ctx, "the new value is in the Secret", time.Minute+10*time.Second, "BAC-KBA-CKKK", "secret", "careful", passcodeOf)
}

func (s *stage) restore(ctx context.Context) error {
	if err := s.show(ctx, "delete", "secret", "clevertap-credentials"); err != nil {
		return err
	}
	return s.await(ctx, "it is back", 5*time.Second, "YOW-RMW-WIKL", "secret", "clevertap-credentials", passcodeOf)
}

func (s *stage) observe(ctx context.Context) error {
	s.dashboard().Passcode("legacy-2026", "LEG-ACY-YYYY", 20)
	if err := s.apply(ctx, manifest("legacy", `
  mode: Observe
  expiry: {days: 20}
  passcodes:
  - {name: legacy-2026, secretKeyRef: {name: legacy-staged, key: passcode}}`, "passcode: LEG-ACY-YYYY")); err != nil {
		return err
	}
	if err := s.await(ctx, "the passcode is verified", time.Minute, "PasscodeVerified", "ctp", "legacy", reasonOf("Ready")); err != nil {
		return err
	}
	if err := s.await(ctx, "the status warns that it expires soon", time.Second, "WithinWindow", "ctp", "legacy", reasonOf("ExpiringSoon")); err != nil {
		return err
	}
	return s.show(ctx, "get", "ctp", "legacy", "-o", "wide")
}

func (s *stage) stageValue(ctx context.Context, secret, key, value string) error {
	_, err := s.kubectl(ctx, nil, "-n", namespace, "patch", "secret", secret, "--type=merge", "-p", fmt.Sprintf(`{"stringData":{%q:%q}}`, key, value))
	return err
}

func manifest(name, spec string, values ...string) string {
	var text strings.Builder
	fmt.Fprintf(&text, `apiVersion: clevertap.passcode-operator.io/v1alpha1
kind: CleverTapPasscode
metadata: {name: %s}
spec:
  accountID: %s
  region: in1%s
---
apiVersion: v1
kind: Secret
metadata: {name: %s-staged, labels: {clevertap.passcode-operator.io/role: source}}
stringData:
`, name, account, spec, name)
	for _, value := range values {
		text.WriteString("  " + value + "\n")
	}
	return text.String()
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
)

const (
	// perAccount is how many passcodes CleverTap lets an account have.
	perAccount = 100
	// slowly is how long CleverTap takes, and atOnce how many calls the operator makes to a region.
	slowly, atOnce = 50 * time.Millisecond, 16
	// mostMemory is what the operator may take for 5,000 objects, in megabytes.
	mostMemory = 300
	// outage is how long CleverTap is down.
	outage = 10 * time.Second
)

// Many objects start at once, against a CleverTap that is slow, then down, then back: everyone is served, and none twice.
func TestLoad(t *testing.T) {
	c := ofThisProcess(t)
	c.buildOperator(t)
	n := 5000
	if testing.Short() {
		n = 200
	}
	s, err := c.newScene(t.Context(), plan{children: true}) // whose operator starts once all is staged
	if err != nil {
		t.Fatal(err)
	}
	s.delay = slowly
	if err := s.stageMany(t.Context(), n); err != nil {
		s.close()
		t.Fatal(err)
	}
	s.replicas = 1
	s.group.Go(func() { s.supervise(0) })
	problems := []error{s.awaitPublished(n / 4)}
	s.vendor.Break(clevertaptest.Responds(http.StatusServiceUnavailable, "down"))
	<-s.real.After(outage)
	down := len(s.vendor.Calls())
	s.vendor.Break(nil)
	problems = append(problems, s.awaitPublished(n))
	s.quiet()
	problems = append(problems, s.servedOnce(n)...)
	if busiest := s.vendor.Busiest(); busiest > 2 {
		problems = append(problems, fmt.Errorf("%d calls of one account at once", busiest))
	}
	if s.busiest > atOnce {
		problems = append(problems, fmt.Errorf("%d calls at once", s.busiest))
	}
	megabytes, err := s.peak()
	s.close()
	if problems = append(problems, err); megabytes > mostMemory {
		problems = append(problems, fmt.Errorf("%d MB", megabytes))
	}
	c.summary.LoadObjects, c.summary.LoadCalls, c.summary.LoadCallsDown, c.summary.LoadMegabytes = n, len(s.vendor.Calls()), down, megabytes
	if err := errors.Join(problems...); err != nil {
		c.report(t, []violation{{Invariant: "everyone is served, and none twice", What: err.Error()}})
	}
}

// stageMany makes objects, and the passcodes of their accounts.
func (s *scene) stageMany(ctx context.Context, n int) error {
	for first := 0; first < n; first += perAccount {
		id := fmt.Sprintf("TEST-LOAD-%d", first/perAccount)
		account := s.vendor.Account(clevertap.India, id)
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Name: strings.ToLower(id), Namespace: s.namespace, Labels: map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource},
		}, StringData: map[string]string{}}
		for i := first; i < min(n, first+perAccount); i++ {
			key := fmt.Sprintf("k%d", i)
			account.Passcode(key, valueOf(key), 365)
			secret.StringData[key] = valueOf(key)
		}
		if err := s.kube.Create(ctx, secret); err != nil {
			return fmt.Errorf("staging: %w", err)
		}
	}
	for i := range n {
		o := &v1alpha1.CleverTapPasscode{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("o%d", i), Namespace: s.namespace},
			Spec: v1alpha1.CleverTapPasscodeSpec{
				AccountID: fmt.Sprintf("TEST-LOAD-%d", i/perAccount), Region: "in1", Expiry: v1alpha1.Expiry{Days: ptr.To[int32](90)},
				Passcodes: []v1alpha1.PasscodeEntry{{Name: "a", SecretKeyRef: v1alpha1.SecretKeyRef{
					Name: fmt.Sprintf("test-load-%d", i/perAccount), Key: fmt.Sprintf("k%d", i)}}},
			}}
		if err := s.kube.Create(ctx, o); err != nil {
			return fmt.Errorf("declaring: %w", err)
		}
	}
	return nil
}

// awaitPublished waits until so many targets were written.
func (s *scene) awaitPublished(n int) error {
	const longest = 5 * time.Minute
	for begun := s.real.Now(); s.real.Now().Sub(begun) < longest; <-s.real.After(100 * time.Millisecond) {
		if len(s.targetStates()) >= n {
			return nil
		}
	}
	return fmt.Errorf("%d of %d are published after %s", len(s.targetStates()), n, longest)
}

// servedOnce reports whether every object has its own value, written once, that CleverTap accepted once, and was verified
// during the outage with growing waits.
func (s *scene) servedOnce(n int) []error {
	var problems []error
	written, asked := map[string]string{}, map[string]int{}
	for _, state := range s.targetStates() {
		if written[state.Name] != "" {
			problems = append(problems, fmt.Errorf("%s is written twice", state.Name))
		}
		written[state.Name] = string(state.Data["passcode"])
	}
	for _, call := range s.vendor.Calls() {
		asked[call.Value]++
	}
	for i := range n {
		value := valueOf(fmt.Sprintf("k%d", i))
		if got := written[fmt.Sprintf("o%d", i)]; got != value {
			problems = append(problems, fmt.Errorf("o%d has %q", i, got))
		}
		// After 1, 2, 4 and 8 s the outage is over; one more may have been rejected with it.
		if asked[value] < 1 || asked[value] > 6 {
			problems = append(problems, fmt.Errorf("o%d is verified %d times", i, asked[value]))
		}
	}
	if len(problems) > 5 {
		problems = append(problems[:5], errors.New("and more"))
	}
	return problems
}

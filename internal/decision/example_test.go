// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
)

// An object with one staged passcode is first verified; once CleverTap has accepted it, it is published.
func ExampleDecide() {
	now := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	object := &v1alpha1.CleverTapPasscode{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "marketing", UID: "1", CreationTimestamp: metav1.NewTime(now)},
		Spec: v1alpha1.CleverTapPasscodeSpec{
			AccountID: "TEST-5RW-K78-985Z", Region: "in1", Expiry: v1alpha1.Expiry{Days: new(int32(90))},
			Passcodes: []v1alpha1.PasscodeEntry{{Name: "q4", SecretKeyRef: v1alpha1.SecretKeyRef{Name: "staged", Key: "q4"}}},
		},
	}
	passcode, err := clevertap.ParsePasscode([]byte("YOW-RMW-WIKL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	key := fingerprint.NewKey(make([]byte, fingerprint.KeySize))
	source := rotation.Source{Passcode: passcode, Fingerprint: key.Of("in1", object.Spec.AccountID, passcode)}

	d := decision.Decide(now, rotation.Observed{Object: object, Sources: []rotation.Source{source}})
	fmt.Println("requests:", len(d.Verify), "publishes:", d.Want != nil)

	source.Verification = clevertap.Verification{Result: clevertap.Accepted, At: now}
	d = decision.Decide(now, rotation.Observed{Object: object, Sources: []rotation.Source{source}})
	fmt.Println("revision:", d.Want.Record.Revision, "reason:", d.Want.Record.Reason, "expires:", d.Want.Record.ExpiresAt.Format(time.DateOnly))

	// Output:
	// requests: 1 publishes: false
	// revision: 1 reason: Initial expires: 2026-12-30
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// An operator that is rolled back meets records that a newer one wrote.
func TestARecordOfANewerOperatorIsRead(t *testing.T) {
	g := NewWithT(t)
	record := target.Record{
		OwnerUID: "1", Revision: 3, Passcode: "q4", AccountID: "TEST-1", Region: "in1", Fingerprint: "key-value",
		Keys: target.Keys{AccountID: "accountId", Passcode: "passcode", Region: "region", Endpoint: "endpoint"},
	}
	newer := strings.Replace(record.Encode(), "{", `{"adoptedFrom":{"secret":"legacy"},`, 1)
	g.Expect(target.ParseRecord(newer)).To(Equal(record))
}

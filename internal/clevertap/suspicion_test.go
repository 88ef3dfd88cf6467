// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap_test

import (
	"encoding/base64"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

func TestSuspicion(t *testing.T) {
	for name, row := range map[string]struct{ raw, suspicion string }{
		"a value as the dashboard shows it":              {value, ""},
		"70 hexadecimal digits, as old ones have":        {strings.Repeat("0f", 35), ""},
		"letters that could be base64 of anything":       {"ABCDEFGH", ""},
		"double quotes around it":                        {`"` + value + `"`, "is in quotes"},
		"single quotes around it":                        {"'" + value + "'", "is in quotes"},
		"one quote that was left":                        {value + `"`, "begins or ends with a quote"},
		"the account's ID":                               {"test-5rw-k78-985z", "is the account ID"},
		"the name in place of the value":                 {"shop-2027-q1", "is the passcode's name"},
		"the host in place of the value":                 {"in1.api.clevertap.com", "is a host name"},
		"a placeholder of a manual":                      {"<passcode>", "is a placeholder"},
		"a variable that nothing replaced":               {"${CLEVERTAP_PASSCODE}", "is a placeholder"},
		"a template that nothing rendered":               {"{{passcode}}", "is a placeholder"},
		"the page it stands on":                          {"https://in1.dashboard.clevertap.com/passcodes", "is a URL"},
		"a field's mask":                                 {"************", "is a mask, not the value behind it"},
		"a line of an env file":                          {"CLEVERTAP_PASSCODE=" + value, "begins with a name, and not only with the value"},
		"a line of a note":                               {"Passcode:" + value, "begins with a name, and not only with the value"},
		"a JSON object":                                  {`{"passcode":"` + value + `"}`, "is JSON or YAML around a value"},
		"a comma of a list":                              {value + ",", "ends with punctuation"},
		"an escape that was not read":                    {value + `\n`, "contains a backslash"},
		"base64 of it, as Secrets' data have it":         {base64.StdEncoding.EncodeToString([]byte(value)), "is encoded in base64 once more"},
		"base64 of it with a newline, as echo leaves it": {base64.StdEncoding.EncodeToString([]byte(value + "\n")), "is encoded in base64 once more"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			passcode, err := clevertap.ParsePasscode([]byte(row.raw))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(passcode.Suspicion("TEST-5RW-K78-985Z", "shop-2027-q1")).To(Equal(row.suspicion))
		})
	}
	NewWithT(t).Expect(clevertap.Passcode{}.Suspicion("", "")).To(BeEmpty())
}

func TestMalformedByACopy(t *testing.T) {
	for name, row := range map[string]struct{ raw, problem string }{
		"a byte order mark of UTF-8":  {"\ufeff" + value, "begins with a byte order mark, as some editors write it: save it as UTF-8 without one"},
		"UTF-16 of Windows":           {"\xff\xfeY\x00O\x00", "is encoded as UTF-16: save it as UTF-8"},
		"a space that does not break": {value + "\u00a0", "contains an invisible character, as copies from web pages and chats have them"},
		"a space of no width":         {"YOW\u200b-RMW-WIKL", "contains an invisible character, as copies from web pages and chats have them"},
		"a long dash":                 {"YOW–RMW–WIKL", "contains a dash that is no hyphen, as word processors write it"},
		"typographic quotes":          {"“" + value + "”", "contains typographic quotes"},
		"a field's mask":              {"••••••", "is a mask, not the value behind it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clevertap.ParsePasscode([]byte(row.raw))
			NewWithT(t).Expect(err).To(MatchError("the passcode " + row.problem))
		})
	}
}

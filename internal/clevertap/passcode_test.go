// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

const value = "YOW-RMW-WIKL"

func TestParsePasscode(t *testing.T) {
	for name, row := range map[string]struct {
		raw, value, problem string
	}{
		"a value as the dashboard shows it":        {raw: value, value: value},
		"one newline at the end is not part of it": {raw: value + "\n", value: value},
		"a Windows newline is one newline":         {raw: value + "\r\n", value: value},
		"a second newline is part of it":           {raw: value + "\n\n", problem: "contains white space"},
		"a space inside":                           {raw: "YOW RMW", problem: "contains white space"},
		"nothing":                                  {raw: "", problem: "is empty"},
		"nothing but a newline":                    {raw: "\n", problem: "is empty"},
		"a letter that is not ASCII":               {raw: "YÖW", problem: "contains a character that is not printable ASCII"},
		"a control character":                      {raw: "YOW\x00", problem: "contains a character that is not printable ASCII"},
		"128 characters are the most":              {raw: strings.Repeat("a", 128), value: strings.Repeat("a", 128)},
		"129 characters are too many":              {raw: strings.Repeat("a", 129), problem: "is longer than 128 characters"},
		"70 hexadecimal digits, as old ones have":  {raw: strings.Repeat("0f", 35), value: strings.Repeat("0f", 35)},
		"129 bytes of which the last is a newline": {raw: strings.Repeat("a", 128) + "\n", value: strings.Repeat("a", 128)},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			passcode, err := clevertap.ParsePasscode([]byte(row.raw))
			if row.problem == "" {
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(passcode.Reveal()).To(Equal(row.value))
				return
			}
			var malformed *clevertap.MalformedError
			g.Expect(errors.As(err, &malformed)).To(BeTrue())
			g.Expect(malformed.Problem).To(Equal(row.problem))
			g.Expect(passcode.IsZero()).To(BeTrue())
		})
	}
}

func TestPasscodePrintsAsAMask(t *testing.T) {
	passcode, err := clevertap.ParsePasscode([]byte(value))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	inside := struct {
		Exported   clevertap.Passcode
		unexported clevertap.Passcode
		pointer    *clevertap.Passcode
		list       []clevertap.Passcode
	}{passcode, passcode, &passcode, []clevertap.Passcode{passcode}}

	var printed strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%c"} {
		_, _ = fmt.Fprintf(&printed, verb+verb+verb+"\n", passcode, &passcode, inside)
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		text, err := marshal(inside)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		printed.Write(text)
	}
	slog.New(slog.NewTextHandler(&printed, nil)).Info("m", "passcode", passcode, "inside", inside)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("m", "passcode", passcode, "inside", inside)
	funcr.New(func(_, args string) { printed.WriteString(args) }, funcr.Options{}).Info("m", "p", passcode, "i", inside)
	printed.WriteString(format.Object(inside, 1))
	printed.WriteString(fmt.Errorf("wrapped: %w", fmt.Errorf("%v", passcode)).Error())

	for _, shape := range []string{value, value[:4], fmt.Sprintf("%x", value), fmt.Sprintf("%v", []byte(value))} {
		NewWithT(t).Expect(printed.String()).NotTo(ContainSubstring(shape))
	}
	NewWithT(t).Expect(printed.String()).To(ContainSubstring("[passcode]"))
}

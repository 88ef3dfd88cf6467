// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// File is a key of the target that contains the whole tuple, in a format that a program reads.
type File struct {
	Key    string              `json:"key"`
	Format v1alpha1.FileFormat `json:"format"`
}

// Render returns the tuple in a format, with a line end at its end. An unknown format, which the schema denies, is empty.
func (t Tuple) Render(format v1alpha1.FileFormat) []byte {
	switch format {
	case v1alpha1.FileFormatEnv:
		return t.env()
	case v1alpha1.FileFormatJSON:
		return t.json()
	case v1alpha1.FileFormatHeaders:
		return []byte("X-CleverTap-Account-Id: " + t.AccountID + "\nX-CleverTap-Passcode: " + t.Passcode.Reveal() + "\nContent-Type: application/json\n")
	}
	return nil
}

func (t Tuple) env() []byte {
	var b bytes.Buffer
	for _, line := range [][2]string{
		{"CLEVERTAP_ACCOUNT_ID", t.AccountID}, {"CLEVERTAP_PASSCODE", t.Passcode.Reveal()},
		{"CLEVERTAP_REGION", string(t.Region)}, {"CLEVERTAP_ENDPOINT", t.Endpoint},
	} {
		b.WriteString(line[0] + "=" + shellWord(line[1]) + "\n")
	}
	return b.Bytes()
}

// plain are the characters that docker's and systemd's readers of such files take as a shell does.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@-]*$`)

// shellWord quotes only what a shell would not take as it is.
func shellWord(value string) string {
	if plainWord.MatchString(value) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

func (t Tuple) json() []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	// Strings of printable ASCII always encode.
	_ = encoder.Encode(struct {
		AccountID string `json:"accountId"`
		Passcode  string `json:"passcode"`
		Region    string `json:"region"`
		Endpoint  string `json:"endpoint"`
	}{t.AccountID, t.Passcode.Reveal(), string(t.Region), t.Endpoint})
	return b.Bytes()
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// Suspicion says why a value is probably not what the dashboard showed, such as "is in quotes" or "is a URL": what
// people paste by mistake in place of a passcode, or around it. It completes a sentence, and is "" for a value that looks
// like a passcode, for the zero Passcode, and for what cannot be known. The name is the passcode's own. It contains nothing of the value. CleverTap has
// the last word: a suspicious value is verified like any other.
func (p Passcode) Suspicion(accountID, name string) string {
	value := p.Reveal()
	if value == "" {
		return ""
	}
	for _, c := range []struct {
		problem string
		is      bool
	}{
		{"is the account ID", strings.EqualFold(value, accountID)},
		{"is the passcode's name", value == name},
		{"is a host name", strings.HasSuffix(value, ".clevertap.com")},
		{"is in quotes", isWrapped(value, `"`, `"`) || isWrapped(value, "'", "'") || isWrapped(value, "`", "`")},
		{"is a placeholder",
			isWrapped(value, "<", ">") || isWrapped(value, "${", "}") || isWrapped(value, "{{", "}}") || isWrapped(value, "$(", ")") ||
				strings.HasPrefix(value, "$")},
		{"is JSON or YAML around a value", isWrapped(value, "{", "}") || isWrapped(value, "[", "]")},
		{"is a URL", strings.Contains(value, "://")},
		{"is a mask, not the value behind it", isRepeated(value)},
		{"begins with a name, and not only with the value", hasName(value)},
		{"ends with punctuation", strings.HasSuffix(value, ",") || strings.HasSuffix(value, ";") || strings.HasSuffix(value, ".")},
		{"begins or ends with a quote", strings.Trim(value, "\"'`") != value},
		{"contains a backslash", strings.Contains(value, `\`)},
		{"is encoded in base64 once more", isEncoded(value)},
	} {
		if c.is {
			return c.problem
		}
	}
	return ""
}

func isWrapped(value, open, shut string) bool {
	return len(value) >= len(open)+len(shut) && strings.HasPrefix(value, open) && strings.HasSuffix(value, shut)
}

// isRepeated reports whether the value is one character again and again, as a password field shows it.
func isRepeated(value string) bool {
	return len(value) > 3 && strings.Count(value, value[:1]) == len(value)
}

// hasName reports whether the value begins as "passcode:" or "CLEVERTAP_PASSCODE=" do.
func hasName(value string) bool {
	name, rest, found := strings.Cut(value, "=")
	if !found {
		name, rest, found = strings.Cut(value, ":")
	}
	return found && strings.Trim(rest, "=") != "" && strings.Contains(strings.ToLower(name), "pass")
}

// isEncoded reports whether the value is the base64 of a passcode as the dashboard shows it.
func isEncoded(value string) bool {
	text, err := base64.StdEncoding.DecodeString(value)
	return err == nil && regexp.MustCompile(`^([A-Z]{3}-[A-Z]{3}-[A-Z]{4}|[0-9a-f]{40,})\n?$`).Match(text)
}

// invisible says which mistake of a copy a value that is not printable ASCII has; "" for any other.
func invisible(value []byte) string {
	text := string(value)
	switch {
	case strings.HasPrefix(text, "\xef\xbb\xbf"):
		return "begins with a byte order mark, as some editors write it: save it as UTF-8 without one"
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return "is encoded as UTF-16: save it as UTF-8"
	case strings.ContainsAny(text, "\u00a0\u200b\u200c\u200d\u2060\ufeff\u00ad"):
		return "contains an invisible character, as copies from web pages and chats have them"
	case strings.ContainsAny(text, "\u2010\u2011\u2012\u2013\u2014\u2212"):
		return "contains a dash that is no hyphen, as word processors write it"
	case strings.ContainsAny(text, "“”‘’«»"):
		return "contains typographic quotes"
	case strings.ContainsAny(text, "•●∙"):
		return "is a mask, not the value behind it"
	}
	return ""
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command chart prints the JSON schema of the chart's values. It is strict at every depth: what goes into an object of
// Kubernetes has the fields of its Go type, so that a misspelt one is named instead of being ignored.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	reflector := jsonschema.Reflector{
		ExpandedStruct:             true,
		RequiredFromJSONSchemaTags: true,
		Mapper:                     ownEncoding,
		Namer:                      qualified,
	}
	schema := reflector.Reflect(&values{})
	schema.ID, schema.Title = "", "Values of the CleverTap passcode operator"
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the schema: %w", err)
	}
	_, err = fmt.Println(string(text))
	return err
}

// qualified is a name that no type of another package has: core.v1.Probe. Types without a name have no definition.
func qualified(t reflect.Type) string {
	if t.Name() == "" {
		return ""
	}
	parts := strings.Split(t.PkgPath(), "/")
	return strings.Join(append(parts[max(0, len(parts)-2):], t.Name()), ".")
}

// ownEncoding is the schema of types that JSON does not see as Go does.
func ownEncoding(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[resource.Quantity](), reflect.TypeFor[intstr.IntOrString]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}}}
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.FieldsV1]():
		return &jsonschema.Schema{}
	case reflect.TypeFor[anyValue]():
		return &jsonschema.Schema{}
	case reflect.TypeFor[logLevel]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "integer"}, {Enum: []any{"", "debug", "info", "error"}},
			{Type: "string", Pattern: "^[0-9]+$"}}}
	case reflect.TypeFor[budget]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "integer", Minimum: "0"}, {Type: "string", Pattern: "^[0-9]+%?$"}}}
	case reflect.TypeFor[historyLimit]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "integer", Minimum: "0"}, {Type: "null"}}}
	case reflect.TypeFor[port]():
		return &jsonschema.Schema{Type: "integer", Minimum: "1", Maximum: "65535"}
	case reflect.TypeFor[namespace]():
		return &jsonschema.Schema{Type: "string", Pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}
	}
	return nil
}

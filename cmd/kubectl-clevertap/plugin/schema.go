// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/config/crd"
)

// validator validates objects as an API server that has the CustomResourceDefinition does, by the same code.
type validator struct {
	fields     validation.SchemaValidator
	structural *schema.Structural
	rules      *cel.Validator
}

func newValidator() (*validator, error) {
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(crd.YAML(), &definition); err != nil {
		return nil, fmt.Errorf("reading the CustomResourceDefinition: %w", err)
	}
	var properties apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(definition.Spec.Versions[0].Schema.OpenAPIV3Schema, &properties,
		nil); err != nil {
		return nil, fmt.Errorf("reading the schema of CleverTapPasscode: %w", err)
	}
	structural, err := schema.NewStructural(&properties)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of CleverTapPasscode: %w", err)
	}
	fields, _, err := validation.NewSchemaValidator(&properties)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of CleverTapPasscode: %w", err)
	}
	return &validator{fields: fields, structural: structural, rules: cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
}

// validate returns why the API server would not accept an object of this kind; nil if it would.
func validate(ctx context.Context, object *v1alpha1.CleverTapPasscode) error {
	valid, err := newValidator()
	if err != nil {
		return err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return fmt.Errorf("encoding CleverTapPasscode %q: %w", object.Name, err)
	}
	_, err = valid.decode(ctx, content)
	return err
}

// metaProblems are what an API server does not accept in the metadata. The namespace may be the kubeconfig's.
func metaProblems(content map[string]any) field.ErrorList {
	object := &metav1.PartialObjectMetadata{}
	path := field.NewPath("metadata")
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, object); err != nil {
		return field.ErrorList{field.Invalid(path, "", err.Error())}
	}
	return apivalidation.ValidateObjectMeta(&object.ObjectMeta, object.Namespace != "", apivalidation.NameIsDNSSubdomain, path)
}

// decode returns the object if the API server would accept it. Otherwise the error names each field that is wrong.
func (v *validator) decode(ctx context.Context, content map[string]any) (*v1alpha1.CleverTapPasscode, error) {
	problems := append(metaProblems(content), validation.ValidateCustomResource(nil, content, v.fields)...)
	problems = append(problems, listtype.ValidateListSetsAndMaps(nil, v.structural, content)...)
	if len(problems) == 0 { // a rule may take for granted what the schema says
		broken, _ := v.rules.Validate(ctx, nil, v.structural, content, nil, celconfig.RuntimeCELCostBudget)
		problems = broken
	}
	object := &v1alpha1.CleverTapPasscode{}
	// A field that the schema does not know is a mistake, such as a wrong indentation: an API server would drop it.
	unknown := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(content, object, true)
	if err := errors.Join(unknown, problems.ToAggregate()); err != nil {
		return nil, err
	}
	return object, nil
}

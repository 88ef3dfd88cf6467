// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// nonsense are specs that decode, and that the schema would deny: an older CRD, or one that someone loosened, may
// have let them in.
func nonsense() map[string]map[string]any {
	set := func(value any, path ...string) map[string]any {
		return changedSpec(func(spec map[string]any) {
			if err := unstructured.SetNestedField(spec, value, path...); err != nil {
				panic(err) // the paths are below
			}
		})
	}
	first := func(key string, value any) map[string]any {
		return changedSpec(func(spec map[string]any) { spec["passcodes"].([]any)[0].(map[string]any)[key] = value })
	}
	return map[string]map[string]any{
		"no-spec":          {},
		"no-passcodes":     set([]any{}, "passcodes"),
		"same-names":       set([]any{map[string]any{"name": "a"}, map[string]any{"name": "a"}}, "passcodes"),
		"no-expiry":        set(map[string]any{}, "expiry"),
		"every-expiry":     set(map[string]any{"days": int64(1), "forever": true, "at": "2027-01-01T00:00:00Z"}, "expiry"),
		"no-such-region":   set("mars1", "region"),
		"region-is-path":   set("../../evil.example.com/", "region"),
		"account-newline":  set("A\nX-Injected: yes", "accountID"),
		"account-empty":    set("", "accountID"),
		"at-is-nonsense":   set(map[string]any{"at": "31st of June"}, "expiry"),
		"days-negative":    set(map[string]any{"days": int64(-90)}, "expiry"),
		"days-huge":        set(map[string]any{"days": int64(2147483647)}, "expiry"),
		"made-in-9999":     first("createdAt", "9999-12-31T23:59:59Z"),
		"made-at-nonsense": first("createdAt", "yesterday"),
		"key-is-path":      first("secretKeyRef", map[string]any{"name": "staged", "key": "../../etc/passwd"}),
		"secret-is-path":   first("secretKeyRef", map[string]any{"name": "../kube-system/secrets/x", "key": "a"}),
		"secret-elsewhere": first("secretKeyRef", map[string]any{"name": "../../kube-system/secrets/x", "key": "a"}),
		"name-control":     first("name", "a\x00\nb"),
		"before-nonsense":  set(map[string]any{"before": "soon", "pin": "nobody"}, "rotation"),
		"windows-nonsense": set(map[string]any{"windows": []any{map[string]any{"schedule": "TZ=0", "duration": "-5h", "timeZone": "../../etc"}}}, "rotation"),
		"mode-nonsense":    set(map[string]any{"mode": "Telepathy", "interval": "-1h"}, "verification"),
		"interval-zero":    set(map[string]any{"interval": "0s"}, "verification"),
		"type-nonsense":    set("Robot", "type"),
		"target-is-source": set(map[string]any{"name": "staged"}, "target"),
		"target-is-path":   set(map[string]any{"name": "../x"}, "target"),
		"target-keys-same": set(map[string]any{"keys": map[string]any{"passcode": "k", "region": "k"}}, "target"),
		"target-keys-dots": set(map[string]any{"keys": map[string]any{"passcode": "..data"}}, "target"),
		"target-labels":    set(map[string]any{"labels": map[string]any{"clevertap.passcode-operator.io/role": "source", "a b": "c d"}}, "target"),
		"target-policy":    set(map[string]any{"deletionPolicy": "Burn"}, "target"),
		"rollout-kind":     set(map[string]any{"targets": []any{map[string]any{"kind": "Job", "name": "../x"}}}, "rollout"),
	}
}

// changedSpec is one that is in order, changed.
func changedSpec(change func(spec map[string]any)) map[string]any {
	spec := map[string]any{
		"accountID": accountID, "region": "in1", "expiry": map[string]any{"days": int64(90)},
		"passcodes": []any{map[string]any{"name": "a", "secretKeyRef": map[string]any{"name": "staged", "key": "a"}}},
	}
	change(spec)
	return spec
}

// Nonsense of every kind is stored beside an object that is in order: this one is served, and no nonsense keeps the operator
// busy. It has a control plane of its own, because it takes the rules out of the schema.
func TestMalformedObjects(t *testing.T) {
	whole := ofThisProcess(t)
	c, err := newCampaign()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.plane.Stop() }()
	if err := c.storeNonsense(t.Context()); err != nil {
		whole.report(t, []violation{{Invariant: "one malformed object harms only itself", What: err.Error()}})
	}
	whole.summary.MalformedObjects = c.summary.MalformedObjects
}

func (c *campaign) storeNonsense(ctx context.Context) error {
	if err := c.loosenCRD(ctx); err != nil {
		return err
	}
	s, err := c.newScene(ctx, plan{replicas: 1})
	if err != nil {
		return err
	}
	defer s.close()
	var problems []error
	for name, spec := range nonsense() {
		if err := c.kube.Create(ctx, unchecked(s.namespace, name, spec)); err != nil {
			problems = append(problems, fmt.Errorf("storing %s: %w", name, err))
			continue
		}
		c.summary.MalformedObjects++
	}
	problems = append(problems, begun(ctx, s))
	if err := s.calms(); err != nil {
		return errors.Join(append(problems, err)...)
	}
	s.settle()
	if staged := s.secret(ctx, "staged"); string(staged.Data["a"]) != valueOf("a") || len(staged.Data) != 3 {
		problems = append(problems, errors.New("a source was written"))
	}
	var list v1alpha1.CleverTapPasscodeList
	if err := c.kube.List(ctx, &list, client.InNamespace(s.namespace)); err != nil {
		problems = append(problems, fmt.Errorf("the kind can't be read any more: %w", err))
	}
	for i := range list.Items {
		if o := &list.Items[i]; o.Status.ObservedGeneration != o.Generation {
			problems = append(problems, fmt.Errorf("%s has no report", o.Name))
		}
	}
	before := s.fence.counted()
	s.rest()
	// Three minutes: each may be reported anew, what can't be written is tried again, more and more rarely, and an
	// interval of nothing verifies once a minute.
	if after := s.fence.counted(); after-before > 6*len(nonsense()) {
		problems = append(problems, fmt.Errorf("%d requests while nothing happens: %v", after-before, s.fence.trace[before:]))
	}
	for _, what := range s.fence.trace {
		if strings.Contains(what, "kube-system") {
			problems = append(problems, fmt.Errorf("a name led to %s", what))
		}
	}
	return errors.Join(problems...)
}

// calms waits until nothing is requested any more, and names what is.
func (s *scene) calms() error {
	s.quiet()
	if s.isCalm() {
		return nil
	}
	s.fence.mu.Lock()
	defer s.fence.mu.Unlock()
	counts := map[string]int{}
	for _, what := range s.fence.trace[max(0, len(s.fence.trace)-200):] {
		counts[what]++
	}
	return fmt.Errorf("requests without end: %v", counts)
}

// unchecked is an object whose spec need not be one that the types can say.
func unchecked(namespace, name string, spec map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("CleverTapPasscode"))
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

func (c *campaign) crd(ctx context.Context) (*unstructured.Unstructured, error) {
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	if err := c.kube.Get(ctx, client.ObjectKey{Name: "clevertappasscodes.clevertap.passcode-operator.io"}, crd); err != nil {
		return nil, fmt.Errorf("reading the CRD: %w", err)
	}
	return crd, nil
}

// loosenCRD takes every rule out of the schema but the types.
func (c *campaign) loosenCRD(ctx context.Context) error {
	crd, err := c.crd(ctx)
	if err != nil {
		return err
	}
	loosen(crd.Object["spec"].(map[string]any)["versions"].([]any)[0].(map[string]any)["schema"])
	if err := c.kube.Update(ctx, crd); err != nil {
		return fmt.Errorf("loosening the CRD: %w", err)
	}
	// The API server takes a moment to go by it.
	probe := unchecked("default", "probe", map[string]any{})
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 30*time.Second, true,
		func(ctx context.Context) (bool, error) {
			return c.kube.Create(ctx, probe.DeepCopy(), client.DryRunAll) == nil, nil
		})
}

func loosen(schema any) {
	switch node := schema.(type) {
	case map[string]any:
		for _, rule := range []string{
			"pattern", "enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties", "required",
			"x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
		} {
			if _, isProperty := node[rule].(map[string]any); !isProperty {
				delete(node, rule)
			}
		}
		for _, below := range node {
			loosen(below)
		}
	case []any:
		for _, below := range node {
			loosen(below)
		}
	}
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// leaf is a field of the spec that holds no others, as the CRD's schema has it. Items of a list are its first one.
type leaf struct {
	path   []string
	schema apiextensionsv1.JSONSchemaProps
}

func (l leaf) String() string { return "spec." + strings.Join(l.path, ".") }

const firstItem = "0"

func leavesOf(schema apiextensionsv1.JSONSchemaProps, path ...string) []leaf {
	var list []leaf
	switch {
	case schema.Type == "array":
		return leavesOf(*schema.Items.Schema, append(slices.Clone(path), firstItem)...)
	case len(schema.Properties) == 0:
		return []leaf{{path, schema}}
	}
	for name, below := range schema.Properties {
		list = append(list, leavesOf(below, append(slices.Clone(path), name)...)...)
	}
	slices.SortFunc(list, func(a, b leaf) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// candidates are values of the leaf's type, by its schema; which of them are valid is for the API server to say. nil
// takes the field away.
func (l leaf) candidates() []any {
	list := []any{nil}
	switch {
	case len(l.schema.Enum) > 0:
		for _, value := range l.schema.Enum {
			list = append(list, strings.Trim(string(value.Raw), `"`))
		}
		return append(list, "Nonsense")
	case l.schema.Type == "boolean":
		return append(list, true, false)
	case l.schema.Type == "integer":
		return append(list, int64(*l.schema.Minimum), int64(*l.schema.Maximum), int64(*l.schema.Minimum)-1, int64(*l.schema.Maximum)+1, int64(100))
	case l.schema.Type == "object":
		return append(list, map[string]any{"note": "x"}, map[string]any{"not a key": "x"}, map[string]any{"clevertap.passcode-operator.io/role": "source"},
			map[string]any{})
	}
	return append(list, "b", "c", "TEST-OTHER", "other", "other.key", "2027-06-01T09:00:00Z", "2026-02-30T25:00:00Z", "100h", "90s", "10s", "1h30m",
		"999999h",
		"30 3 * * *", "@every 1h", "Asia/Kolkata", "..", "../x", "with\x00control", "Ünïcode", "", strings.Repeat("x", 400))
}

// set is a spec with another value at the leaf.
func (l leaf) set(spec map[string]any, value any) map[string]any {
	after := runtime.DeepCopyJSON(spec)
	parent := after
	for i, name := range l.path[:len(l.path)-1] {
		switch below := parent[name].(type) {
		case map[string]any:
			parent = below
		case []any: // whose first item the next name stands for
			parent = below[0].(map[string]any)
		case nil:
			if name == firstItem {
				continue
			}
			made := map[string]any{}
			parent[name], parent = made, made
		}
		if name == "expiry" && value != nil && i == len(l.path)-2 { // which says only one thing
			clear(parent)
		}
	}
	if value == nil {
		delete(parent, l.path[len(l.path)-1])
		return after
	}
	parent[l.path[len(l.path)-1]] = value
	return after
}

// fullSpec has every part that a leaf is in.
func fullSpec() map[string]any {
	return map[string]any{
		"accountID": accountID, "region": "in1", "type": "Account", "suspend": false,
		"expiry": map[string]any{"days": int64(90)},
		"passcodes": []any{
			map[string]any{"name": "a", "secretKeyRef": map[string]any{"name": "staged", "key": "a"}},
			map[string]any{"name": "b", "secretKeyRef": map[string]any{"name": "staged", "key": "b"}},
		},
		"rotation": map[string]any{"before": "720h", "windows": []any{map[string]any{"schedule": "0 2 * * *", "duration": "4h", "timeZone": "Europe/Paris"}}},
		"rollout":  map[string]any{"auto": true, "targets": []any{map[string]any{"kind": "Deployment", "name": "api"}}},
		"target": map[string]any{"name": "o", "deletionPolicy": "Retain", "labels": map[string]any{"team": "crm"},
			"annotations": map[string]any{"team": "crm"},
			"keys": map[string]any{"accountID": "accountId", "passcode": "passcode", "region": "region", "endpoint": "endpoint",
				"previousPasscode": "previous"},
			"files": []any{map[string]any{"key": "clevertap.env", "format": "Env"}}},
		"verification": map[string]any{"mode": "Connect", "interval": "1h"},
	}
}

// Every leaf of the schema is set, changed and removed; then random sequences of that. What is denied names its field and
// changes nothing; what is accepted ends as it would when applied fresh.
func TestSpecChanges(t *testing.T) {
	c := ofThisProcess(t)
	object, err := c.crd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, crd); err != nil {
		t.Fatal(err)
	}
	all := leavesOf(crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"])
	c.summary.SchemaLeaves = len(all)
	for _, l := range all {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			var changes []map[string]any
			for _, value := range l.candidates() {
				changes = append(changes, l.set(fullSpec(), value))
			}
			c.changed(t, l.String(), l.path[len(l.path)-1], changes)
		})
	}
	for n := range sequences {
		t.Run(fmt.Sprintf("sequence=%d", n), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(3, uint64(n))) // the same at every run
			spec := fullSpec()
			var changes []map[string]any
			for range 10 {
				l := all[random.IntN(len(all))]
				values := l.candidates()
				spec = l.set(spec, values[random.IntN(len(values))])
				changes = append(changes, spec)
			}
			c.changed(t, fmt.Sprintf("sequence %d", n), "", changes)
		})
	}
}

const sequences = 20

// changed goes through the specs, with edits by others in between.
func (c *campaign) changed(t *testing.T, name, field string, specs []map[string]any) {
	t.Helper()
	ctx := context.Background()
	w := workload{name: name, edits: true, goesBack: true, unverified: true, outstanding: true}
	s, err := c.newScene(ctx, plan{kind: "spec changes", workload: w, replicas: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var accepted []map[string]any
	err = errors.Join(s.passcode(ctx, "a", "b", "c"), s.store(ctx, fullSpec()))
	s.settle()
	for i, spec := range specs {
		denied := s.store(ctx, spec)
		switch {
		case denied == nil:
			accepted = append(accepted, spec)
			s.settle()
			err = errors.Join(err, s.editedByOthers(ctx, i))
			s.settle()
		case !apierrors.IsInvalid(denied) || !strings.Contains(denied.Error(), field):
			err = errors.Join(err, fmt.Errorf("a denial that does not name %q: %w", field, denied))
		}
	}
	found, states, judged := s.judge(ctx, w, nil, err)
	if judged != nil {
		t.Fatal(judged)
	}
	if len(accepted) > 0 {
		found = append(found, c.asFresh(ctx, s, accepted[len(accepted)-1])...)
	}
	c.report(t, found)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.summary.StatesJudged += states
	c.summary.SpecChanges += len(accepted)
}

// store creates the object "o", or changes its spec.
func (s *scene) store(ctx context.Context, spec map[string]any) error {
	o := unchecked(s.namespace, "o", spec)
	if err := s.kube.Create(ctx, o.DeepCopy()); !apierrors.IsAlreadyExists(err) {
		return err
	}
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := s.kube.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		o.Object["spec"] = runtime.DeepCopyJSON(spec)
		return s.kube.Update(ctx, o)
	})
}

// editedByOthers is someone's hand in the target, or in the source.
func (s *scene) editedByOthers(ctx context.Context, turn int) error {
	o, err := s.object(ctx, "o")
	if err != nil {
		return err
	}
	target := o.TargetName()
	switch {
	case turn%3 == 0 && s.secret(ctx, target).Name != "":
		return edits(target, "region", "eu1")(ctx, s)
	case turn%3 == 1:
		return edits("staged", "unrelated", strconv.Itoa(turn))(ctx, s)
	}
	return nil
}

// asFresh compares with an object of the same spec in a namespace of its own. If that one publishes, so must this
// one, the same; it need not be the same passcode, since one that is published stays.
func (c *campaign) asFresh(ctx context.Context, s *scene, spec map[string]any) []violation {
	fresh, err := c.newScene(ctx, plan{replicas: 1})
	if err != nil {
		return []violation{{Invariant: "the run itself", What: err.Error()}}
	}
	defer fresh.close()
	if err := errors.Join(fresh.passcode(ctx, "a", "b", "c"), fresh.store(ctx, spec)); err != nil {
		return []violation{{Invariant: "the run itself", What: err.Error()}}
	}
	fresh.settle()
	want, ready := fresh.appearance(ctx)
	if !ready {
		return nil
	}
	got, _ := s.appearance(ctx)
	if got.passcode != want.passcode {
		got.passcode, got.tuple = want.passcode, want.tuple
	}
	if !reflect.DeepEqual(got, want) {
		return []violation{{Invariant: "the same end as applied fresh", What: cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got))}}
	}
	return nil
}

// appearance is what workloads and people see of "o".
type appearance struct {
	passcode, phase, ready string
	tuple                  map[string]string
	labels, annotations    map[string]string
	owners                 int
}

func (s *scene) appearance(ctx context.Context) (a appearance, ready bool) {
	o, err := s.object(ctx, "o")
	if err != nil {
		return a, false
	}
	secret := s.secret(ctx, o.TargetName())
	a = appearance{
		passcode: o.Status.ActivePasscode, phase: string(o.Status.Phase), ready: readyReason(o),
		tuple: map[string]string{}, labels: secret.Labels, annotations: map[string]string{}, owners: len(secret.OwnerReferences),
	}
	previous := target.EffectiveKeys(o).PreviousPasscode
	for key, value := range secret.Data {
		if key != previous {
			a.tuple[key] = string(value)
		}
	}
	for key, value := range secret.Annotations {
		if !strings.HasPrefix(key, v1alpha1.GroupVersion.Group) {
			a.annotations[key] = value
		}
	}
	return a, meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady)
}

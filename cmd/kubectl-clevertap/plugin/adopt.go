// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

func (c *cli) adopt() *cobra.Command {
	var (
		name string
		drop bool
	)
	command := &cobra.Command{
		Use:   "adopt NAME --secret S",
		Short: "Hand an existing Secret to an object as its target, and wait until the operator maintains it",
		Long: `Hand an existing Secret to an object as its target, and wait until the operator maintains it.

The Secret must contain, under the object's passcode key, the value of an entry that CleverTap accepts. It becomes
revision 1 with the same value, and nothing is restarted. Keys that the object does not name are removed, which needs
--drop-keys. If spec.target is managed by a GitOps tool, the change to commit is printed, and the exit code is 6.`,
		Example: `  kubectl clevertap adopt marketing --secret legacy-credentials`,
	}
	command.Flags().StringVar(&name, "secret", "", "The Secret to adopt.")
	command.Flags().BoolVar(&drop, "drop-keys", false, "Remove the keys that the object does not name.")
	_ = command.MarkFlagRequired("secret") // the flag is there
	timeout, output := timeoutFlag(command), printFlags(command)
	return c.oneObject(command, func(ctx context.Context, a *access, o *v1alpha1.CleverTapPasscode) error {
		secret := &corev1.Secret{}
		if err := a.Get(ctx, client.ObjectKey{Namespace: o.Namespace, Name: name}, secret); err != nil {
			return fmt.Errorf("reading Secret %s/%s: %w", o.Namespace, name, err)
		}
		passcode, err := a.adoptable(ctx, o, secret, drop)
		if err != nil {
			return err
		}
		if err := a.handOver(ctx, o, secret); err != nil {
			return err
		}
		if err := c.retarget(ctx, a, o, name); err != nil {
			return err
		}
		err = c.await(ctx, a, o.Name, *timeout, func(now *v1alpha1.CleverTapPasscode) (bool, string, error) {
			o = now
			if now.Status.Target == name && now.Status.ActivePasscode == passcode && now.Status.Revision > 0 {
				return true, fmt.Sprintf("adopted: Secret %q has %q, revision %d", name, passcode, now.Status.Revision), nil
			}
			return false, "waiting for the operator to maintain the Secret", nil
		})
		return c.finish(output, o, err)
	})
}

// retarget makes the Secret the object's target, or prints the change to commit if another tool manages that field.
func (c *cli) retarget(ctx context.Context, a *access, o *v1alpha1.CleverTapPasscode, secret string) error {
	if o.TargetName() == secret {
		return nil
	}
	if owner := foreignOwner(o, "spec", "target", "name"); owner != "" {
		c.printf("spec:\n  target:\n    name: %s", secret)
		return &outcome{ExitNotFinished,
			fmt.Sprintf("Secret %q is handed over; spec.target.name is managed by %s: commit this to finish", secret, owner)}
	}
	return a.setTarget(ctx, o, secret)
}

// adoptable returns the entry whose value the Secret contains, or why the Secret cannot be adopted.
func (a *access) adoptable(ctx context.Context, o *v1alpha1.CleverTapPasscode, secret *corev1.Secret, drop bool) (string, error) {
	if err := onlyManaged(o); err != nil {
		return "", err
	}
	if why := cmp.Or(notAdoptable(o, secret), otherAccount(o, secret)); why != "" {
		return "", fmt.Errorf("secret %s/%s cannot be adopted: %s", secret.Namespace, secret.Name, why)
	}
	var objects v1alpha1.CleverTapPasscodeList
	if err := a.List(ctx, &objects, client.InNamespace(o.Namespace)); err != nil {
		return "", fmt.Errorf("listing CleverTapPasscodes: %w", err)
	}
	for i := range objects.Items {
		for _, entry := range objects.Items[i].Spec.Passcodes {
			if entry.SecretKeyRef.Name == secret.Name {
				return "", fmt.Errorf("secret %s/%s cannot be adopted: it is the source of entry %q of CleverTapPasscode %q. A source is no target",
					secret.Namespace, secret.Name, entry.Name, objects.Items[i].Name)
			}
		}
	}
	passcode, err := a.entryWithValue(ctx, o, secret)
	if err != nil {
		return "", err
	}
	if pin := o.Spec.Pin(); pin != "" && pin != passcode {
		return "", fmt.Errorf("spec.rotation.pin names %q, and the Secret contains %q: the operator would change what workloads have. Remove the pin first",
			pin, passcode)
	}
	if gone := keysToDrop(o, secret); len(gone) > 0 && !drop {
		return "", fmt.Errorf("the operator would remove or change the keys %s of Secret %s/%s: add --drop-keys if nothing needs them as they are, or name others in spec.target", strings.Join(gone, ", "), secret.Namespace, secret.Name)
	}
	return passcode, nil
}

// notAdoptable says why a Secret is none to write for; "" if it may be.
func notAdoptable(o *v1alpha1.CleverTapPasscode, secret *corev1.Secret) string {
	managedBy := secret.Labels[v1alpha1.ManagedByLabel]
	owner := secret.Annotations[v1alpha1.OwnerAnnotation]
	switch controller := metav1.GetControllerOf(secret); {
	case secret.Type != corev1.SecretTypeOpaque && secret.Type != "":
		return fmt.Sprintf("its type is %s, not Opaque", secret.Type)
	case secret.Immutable != nil && *secret.Immutable:
		return "it is immutable: create a mutable copy, and move workloads to it"
	case controller != nil:
		return fmt.Sprintf("%s %q controls it, and would write it back", controller.Kind, controller.Name)
	case managedBy != "" && managedBy != v1alpha1.ManagedBy:
		return fmt.Sprintf("%s manages it (label %s)", managedBy, v1alpha1.ManagedByLabel)
	case owner != "" && owner != o.Name:
		return fmt.Sprintf("it is the target of CleverTapPasscode %q", owner)
	}
	for _, key := range slices.Sorted(maps.Keys(merged(secret.Labels, secret.Annotations))) {
		for _, mark := range deployersMarks() {
			if strings.Contains(key, mark.part) {
				return fmt.Sprintf("%s maintains it (%s), and would write it back: remove it there first", mark.tool, key)
			}
		}
	}
	return ""
}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return all
}

type deployersMark struct{ part, tool string }

// deployersMarks are parts of the labels and annotations by which tools mark what they write.
func deployersMarks() []deployersMark {
	return []deployersMark{
		{"argocd.argoproj.io/", "Argo CD"}, {"toolkit.fluxcd.io/", "Flux"}, {"external-secrets.io/", "External Secrets"},
		{"sealedsecrets.bitnami.com/", "Sealed Secrets"}, {"meta.helm.sh/", "Helm"},
	}
}

// entryWithValue returns the listed and accepted entry whose value the Secret contains.
func (a *access) entryWithValue(ctx context.Context, o *v1alpha1.CleverTapPasscode, secret *corev1.Secret) (string, error) {
	key := target.EffectiveKeys(o).Passcode
	value, there := secret.Data[key]
	if !there {
		return "", fmt.Errorf("secret %s/%s has no key %q: set spec.target.keys.passcode to the key that contains the passcode", secret.Namespace,
			secret.Name, key)
	}
	passcode, err := clevertap.ParsePasscode(value)
	if err != nil {
		return "", fmt.Errorf("key %q of Secret %s/%s: %w", key, secret.Namespace, secret.Name, err)
	}
	for _, entry := range o.Spec.Passcodes {
		listed, err := a.valueOf(ctx, o.Namespace, entry.SecretKeyRef)
		if err != nil {
			return "", err
		}
		staged, err := clevertap.ParsePasscode(listed)
		if err != nil || !bytes.Equal([]byte(staged.Reveal()), []byte(passcode.Reveal())) {
			continue
		}
		if !acceptedEntry(o, entry.Name) {
			return "", rejected("the Secret contains the value of %q, which CleverTap has not accepted: kubectl clevertap why -n %s %s", entry.Name,
				o.Namespace, o.Name)
		}
		if active := o.Status.ActivePasscode; active != "" && active != entry.Name {
			return "", fmt.Errorf("the Secret contains the value of %q, and %q is active: the operator would change what workloads have. Rotate to it first, or adopt the Secret with an object of its own", entry.Name, active)
		}
		return entry.Name, nil
	}
	return "", fmt.Errorf("the passcode in Secret %s/%s is in no entry of spec.passcodes: stage it first, so that the operator can verify and restore it",
		secret.Namespace, secret.Name)
}

// acceptedEntry reports whether CleverTap accepts the entry, as far as the status says.
func acceptedEntry(o *v1alpha1.CleverTapPasscode, name string) bool {
	state := stateOf(o, name)
	if state == nil {
		return false
	}
	return state.State == v1alpha1.StateStaged ||
		(state.State == v1alpha1.StateActive && !meta.IsStatusConditionFalse(o.Status.Conditions, v1alpha1.ConditionVerified))
}

// otherAccount says which of account and region in the Secret is another one than the object's; "" if none is.
func otherAccount(o *v1alpha1.CleverTapPasscode, secret *corev1.Secret) string {
	keys := target.EffectiveKeys(o)
	for _, k := range []struct{ key, want string }{{keys.AccountID, o.Spec.AccountID}, {keys.Region, string(o.Spec.Region)}} {
		if value, there := secret.Data[k.key]; there && strings.TrimSpace(string(value)) != k.want {
			return fmt.Sprintf("its key %q has another value than the object's spec, %s", k.key, k.want)
		}
	}
	return ""
}

// keysToDrop are the keys that the first write removes, because the object does not name them or there is no previous passcode
// yet, and those to which it gives another value.
func keysToDrop(o *v1alpha1.CleverTapPasscode, secret *corev1.Secret) []string {
	keys := target.EffectiveKeys(o)
	kept := map[string]string{keys.AccountID: o.Spec.AccountID, keys.Region: string(o.Spec.Region), keys.Endpoint: target.Endpoint(o.Spec.Region)}
	var gone []string
	for _, key := range slices.Sorted(maps.Keys(secret.Data)) {
		value, isKept := kept[key]
		if key != keys.Passcode && (!isKept || value != string(secret.Data[key])) {
			gone = append(gone, key)
		}
	}
	return gone
}

// handOver marks the Secret as the object's target, at the version that was shown. The operator writes the rest.
func (a *access) handOver(ctx context.Context, o *v1alpha1.CleverTapPasscode, secret *corev1.Secret) error {
	patched := secret.DeepCopy()
	patched.Labels = merged(secret.Labels, map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy})
	patched.Annotations = merged(secret.Annotations, map[string]string{v1alpha1.OwnerAnnotation: o.Name})
	patch := client.MergeFromWithOptions(secret, client.MergeFromWithOptimisticLock{})
	if err := a.Patch(ctx, patched, patch, client.FieldOwner(fieldManager)); err != nil {
		return fmt.Errorf("marking Secret %s/%s as the target: %w", secret.Namespace, secret.Name, err)
	}
	return nil
}

func (a *access) setTarget(ctx context.Context, o *v1alpha1.CleverTapPasscode, name string) error {
	patched := o.DeepCopy()
	if patched.Spec.Target == nil {
		patched.Spec.Target = &v1alpha1.Target{}
	}
	patched.Spec.Target.Name = name
	if err := a.Patch(ctx, patched, client.MergeFromWithOptions(o, client.MergeFromWithOptimisticLock{}), client.FieldOwner(fieldManager)); err != nil {
		return fmt.Errorf("setting spec.target.name of CleverTapPasscode %s/%s: %w", o.Namespace, o.Name, err)
	}
	return nil
}

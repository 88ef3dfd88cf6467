// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package consumers finds out what uses a Secret, and how, only from Pods and Pod templates.
package consumers

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// Way is how a container uses a Secret: it decides when a changed value reaches the container.
type Way int

const (
	// Frozen is by environment variable or subPath mount: the value is that of the container's start.
	Frozen Way = iota + 1
	// Refreshed is by volume, projected ones too: kubelet refreshes it after a while.
	Refreshed
)

// Use is one way in which a container uses one Secret.
type Use struct {
	Secret string
	// Keys are those that it uses; none means all.
	Keys []string
	Way  Way
	// Optional reports whether the container starts without the Secret or its key.
	Optional bool
}

// Of reports whether this is a use of the Secret. A use of only the key except is none; "" excepts nothing.
func (u Use) Of(secret, except string) bool {
	return u.Secret == secret && (except == "" || len(u.Keys) != 1 || u.Keys[0] != except)
}

// OfKey says whether this is a use of the Secret's key.
func (u Use) OfKey(secret, key string) bool {
	return u.Secret == secret && (len(u.Keys) == 0 || slices.Contains(u.Keys, key))
}

// OfAny says whether this is a use of one of the Secret's keys.
func (u Use) OfAny(secret string, keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return u.OfKey(secret, key) })
}

// Container is a container of a Pod that may run, with what it uses.
type Container struct {
	Name string
	Uses []Use
	// StartedAt is when it last started, in whole seconds; zero if that is not known.
	StartedAt time.Time
	// Waiting reports whether it is still to start, or to start again: it gets what its Secrets contain then.
	Waiting bool
}

// Pod is what matters of a Pod.
type Pod struct {
	Name  string
	Owner Workload
	// CreatedAt is by the API server's clock, in whole seconds; all other times are by the node's.
	CreatedAt time.Time
	// Pending reports whether no container has run yet.
	Pending bool
	// StartedAt is when the first of its containers that run now started; zero if that is not known.
	StartedAt time.Time
	// Restarts are its annotations that say for which revisions it was restarted.
	Restarts map[string]string
	// Containers are those that use a Secret and run, or are to run, and init containers that have ended: what they took
	// may have been handed on.
	Containers []Container
}

// Scan is what one scan of a namespace found.
type Scan struct {
	At time.Time
	// Problem says why nothing could be seen, and what to do; "" if it could.
	Problem string
	Pods    []Pod
	// Rollouts are listed only for objects that restart workloads.
	Rollouts []Rollout
	// ArgoProblem says why Argo's Rollouts could not be listed, and what to do; "" if they could, or nothing
	// pointed to any.
	ArgoProblem string
}

// Workload names what makes Pods; its Kind is "" for a Pod that nothing makes, or something else does.
type Workload struct {
	Kind, Name string
}

// Restarted notes that a workload's template was changed since the scan.
func (s *Scan) Restarted(w Workload, key, mark string) {
	s.note(w, func(r *Rollout) {
		r.Restarts = maps.Clone(r.Restarts)
		if r.Restarts == nil {
			r.Restarts = map[string]string{}
		}
		r.Restarts[key] = mark
		r.Unfinished = "its controller has not seen the change yet"
	})
}

// Outdated notes that a workload changed since the scan, so that the next scan decides.
func (s *Scan) Outdated(w Workload) {
	s.note(w, func(r *Rollout) { r.Manual = "it changed since the scan; another scan follows" })
}

// Failed notes why the operator could not restart a workload, and what to do.
func (s *Scan) Failed(w Workload, why string) {
	s.note(w, func(r *Rollout) { r.Problem = why })
}

func (s *Scan) note(w Workload, change func(*Rollout)) {
	for i := range s.Rollouts {
		if s.Rollouts[i].Workload == w {
			change(&s.Rollouts[i])
		}
	}
}

// RestartPrefix begins the annotations that say for which revision of a Secret, whose name follows, a Pod template
// was changed, and when: <revision>@<RFC 3339 time>.
const RestartPrefix = "restart.clevertap.passcode-operator.io/"

// RestartAnnotation is the one for a Secret; a long name is cut, and a hash keeps it distinct.
func RestartAnnotation(secret string) string {
	const longest, kept = 63, 54
	if len(secret) <= longest {
		return RestartPrefix + secret
	}
	sum := sha256.Sum256([]byte(secret))
	return RestartPrefix + secret[:kept] + "-" + hex.EncodeToString(sum[:4])
}

// FromPod keeps what matters. A Pod that has ended uses nothing, and neither does a container that is not running: at
// its next start it gets what is there then. Of a container without a status nothing is known, so it counts as
// running since ever, unless its Pod has not started yet.
func FromPod(pod *corev1.Pod) Pod {
	kept := Pod{
		Name: pod.Name, Owner: ownerOf(pod), CreatedAt: pod.CreationTimestamp.UTC(), Restarts: restarts(pod.Annotations),
		Pending: pod.Status.Phase == corev1.PodPending,
	}
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return kept
	}
	statuses := map[string]corev1.ContainerStatus{}
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses) {
		statuses[s.Name] = s
		if running := s.State.Running; running != nil && (kept.StartedAt.IsZero() || running.StartedAt.UTC().Before(kept.StartedAt)) {
			kept.StartedAt = running.StartedAt.UTC()
		}
	}
	uses := Uses(&pod.Spec)
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		status, known := statuses[name]
		switch {
		case len(uses[name]) == 0:
		case !known && kept.Pending, known && status.State.Running == nil && !initEnded(pod, name):
			kept.Containers = append(kept.Containers, Container{Name: name, Uses: uses[name], Waiting: true})
		case !known:
			kept.Containers = append(kept.Containers, Container{Name: name, Uses: uses[name]})
		case status.State.Running != nil:
			kept.Containers = append(kept.Containers, Container{Name: name, Uses: uses[name], StartedAt: status.State.Running.StartedAt.UTC()})
		}
	}
	kept.Containers = append(kept.Containers, endedInits(pod, uses, refreshed(kept.Containers))...)
	return kept
}

func initEnded(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Status.InitContainerStatuses, func(s corev1.ContainerStatus) bool { return s.Name == name && s.State.Terminated != nil })
}

// refreshed are the Secrets that one of the containers mounts as a volume.
func refreshed(containers []Container) map[string]bool {
	secrets := map[string]bool{}
	for _, c := range containers {
		for _, use := range c.Uses {
			secrets[use.Secret] = secrets[use.Secret] || use.Way == Refreshed
		}
	}
	return secrets
}

// endedInits are the init containers that have ended. Whichever way they took a Secret, what they made of it stays as it
// is, such as a file that they rendered; but if a running container mounts the Secret itself, that is where it reads it.
func endedInits(pod *corev1.Pod, uses map[string][]Use, mounted map[string]bool) []Container {
	var ended []Container
	for _, status := range pod.Status.InitContainerStatuses {
		if status.State.Terminated == nil {
			continue
		}
		c := Container{Name: status.Name, StartedAt: status.State.Terminated.StartedAt.UTC()}
		for _, use := range uses[status.Name] {
			if !mounted[use.Secret] {
				use.Way = Frozen
				c.Uses = append(c.Uses, use)
			}
		}
		if len(c.Uses) > 0 {
			ended = append(ended, c)
		}
	}
	return ended
}

func restarts(annotations map[string]string) map[string]string {
	var kept map[string]string
	for key, value := range annotations {
		if strings.HasPrefix(key, RestartPrefix) {
			if kept == nil {
				kept = map[string]string{}
			}
			kept[key] = value
		}
	}
	return kept
}

// Uses are each container's, init and ephemeral containers included, by the container's name.
func Uses(spec *corev1.PodSpec) map[string][]Use {
	volumes := map[string][]Use{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = ofVolume(v)
	}
	all := map[string][]Use{}
	add := func(name string, env []corev1.EnvVar, from []corev1.EnvFromSource, mounts []corev1.VolumeMount) {
		all[name] = slices.Concat(ofEnv(env), ofEnvFrom(from), ofMounts(mounts, volumes))
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		add(c.Name, c.Env, c.EnvFrom, c.VolumeMounts)
	}
	for _, c := range spec.EphemeralContainers {
		add(c.Name, c.Env, c.EnvFrom, c.VolumeMounts)
	}
	return all
}

func ofEnv(env []corev1.EnvVar) []Use {
	var uses []Use
	for _, e := range env {
		if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
			continue
		}
		ref := e.ValueFrom.SecretKeyRef
		uses = append(uses, Use{Secret: ref.Name, Keys: []string{ref.Key}, Way: Frozen, Optional: ptr.Deref(ref.Optional, false)})
	}
	return uses
}

func ofEnvFrom(from []corev1.EnvFromSource) []Use {
	var uses []Use
	for _, e := range from {
		if e.SecretRef != nil {
			uses = append(uses, Use{Secret: e.SecretRef.Name, Way: Frozen, Optional: ptr.Deref(e.SecretRef.Optional, false)})
		}
	}
	return uses
}

// ofVolume is as if it were mounted whole.
func ofVolume(v corev1.Volume) []Use {
	var uses []Use
	if v.Secret != nil {
		uses = append(uses, Use{Secret: v.Secret.SecretName, Keys: keysOf(v.Secret.Items), Way: Refreshed})
	}
	if v.Projected == nil {
		return uses
	}
	for _, source := range v.Projected.Sources {
		if source.Secret != nil {
			uses = append(uses, Use{Secret: source.Secret.Name, Keys: keysOf(source.Secret.Items), Way: Refreshed})
		}
	}
	return uses
}

func keysOf(items []corev1.KeyToPath) []string {
	var keys []string
	for _, item := range items {
		keys = append(keys, item.Key)
	}
	return keys
}

func ofMounts(mounts []corev1.VolumeMount, volumes map[string][]Use) []Use {
	var uses []Use
	for _, m := range mounts {
		for _, use := range volumes[m.Name] {
			if m.SubPath != "" || m.SubPathExpr != "" {
				use.Way = Frozen
			}
			uses = append(uses, use)
		}
	}
	return uses
}

// argoHashLabel is on every Pod of an Argo Rollout, in place of pod-template-hash.
const argoHashLabel = "rollouts-pod-template-hash"

// ownerOf is the workload that the Pod's controller belongs to. A Deployment's ReplicaSet is its name, a hyphen and
// the hash that the Pod has as a label.
func ownerOf(pod *corev1.Pod) Workload {
	for _, ref := range pod.OwnerReferences {
		if ref.Controller == nil || !*ref.Controller {
			continue
		}
		switch ref.Kind {
		case "StatefulSet", "DaemonSet":
			return Workload{Kind: ref.Kind, Name: ref.Name}
		case "ReplicaSet":
			if name, ours := strings.CutSuffix(ref.Name, "-"+pod.Labels[argoHashLabel]); ours && pod.Labels[argoHashLabel] != "" {
				return Workload{Kind: ArgoRolloutKind, Name: name}
			}
			suffix := "-" + pod.Labels["pod-template-hash"]
			if name := ref.Name; len(name) > len(suffix) && len(suffix) > 1 && name[len(name)-len(suffix):] == suffix {
				return Workload{Kind: "Deployment", Name: name[:len(name)-len(suffix)]}
			}
		}
	}
	return Workload{}
}

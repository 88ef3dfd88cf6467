// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package consumers_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
)

var noon = metav1.NewTime(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))

type modifier func(*corev1.Pod)

// pod has one container, app, that runs since noon.
func pod(modifiers ...modifier) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "api-1"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: noon}},
		}}},
	}
	for _, modify := range modifiers {
		modify(p)
	}
	return p
}

func app(modify func(*corev1.Container)) modifier {
	return func(p *corev1.Pod) { modify(&p.Spec.Containers[0]) }
}

func env(key string) modifier {
	return app(func(c *corev1.Container) {
		c.Env = append(c.Env, corev1.EnvVar{Name: "X", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "creds"}, Key: key,
		}}})
	})
}

func envFrom(p *corev1.Pod) {
	creds := &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "creds"}}
	p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: creds}}
}

func volume(items ...string) modifier {
	return func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "v",
			VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "creds", Items: paths(items)}}}}
	}
}

func projected(items ...string) modifier {
	return func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "creds"},
				Items: paths(items)}}},
		}}}}
	}
}

func paths(keys []string) []corev1.KeyToPath {
	var items []corev1.KeyToPath
	for _, key := range keys {
		items = append(items, corev1.KeyToPath{Key: key, Path: key})
	}
	return items
}

func mounted(p *corev1.Pod) {
	p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
}

func subPath(p *corev1.Pod) {
	p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v", SubPath: "passcode"}}
}

func phase(phase corev1.PodPhase) modifier { return func(p *corev1.Pod) { p.Status.Phase = phase } }

func noStatus(p *corev1.Pod) { p.Status.ContainerStatuses = nil }

func state(s corev1.ContainerState) modifier {
	return func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State = s }
}

// asSidecar makes the container an init container that runs on, as sidecars do, or an ephemeral one.
func asSidecar(p *corev1.Pod) {
	p.Spec.InitContainers, p.Spec.Containers = p.Spec.Containers, nil
	p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
}

func asEphemeral(p *corev1.Pod) {
	c := p.Spec.Containers[0]
	p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: c.Name, Env: c.Env,
		EnvFrom: c.EnvFrom, VolumeMounts: c.VolumeMounts}}}
	p.Spec.Containers = nil
	p.Status.EphemeralContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
}

func TestWhatUsesASecretAndHow(t *testing.T) {
	const nobody consumers.Way = 0
	for _, row := range []struct {
		name string
		pod  *corev1.Pod
		way  consumers.Way
		keys []string
	}{
		{"a Pod that has nothing to do with it", pod(), nobody, nil},
		{"an environment variable", pod(env("passcode")), consumers.Frozen, []string{"passcode"}},
		{"the whole environment", pod(envFrom), consumers.Frozen, nil},
		{"a volume", pod(volume(), mounted), consumers.Refreshed, nil},
		{"a volume of some keys", pod(volume("passcode", "region"), mounted), consumers.Refreshed, []string{"passcode", "region"}},
		{"a volume that no container mounts", pod(volume()), nobody, nil},
		{"a subPath of a volume", pod(volume(), subPath), consumers.Frozen, nil},
		{"a projected volume", pod(projected(), mounted), consumers.Refreshed, nil},
		{"a projected volume of one key", pod(projected("passcode"), mounted), consumers.Refreshed, []string{"passcode"}},
		{"a subPath of a projected volume", pod(projected(), subPath), consumers.Frozen, nil},
		{"a sidecar", pod(envFrom, asSidecar), consumers.Frozen, nil},
		{"an ephemeral container", pod(envFrom, asEphemeral), consumers.Frozen, nil},
		{"a Pod that has succeeded", pod(envFrom, phase(corev1.PodSucceeded)), nobody, nil},
		{"a Pod that has failed", pod(envFrom, phase(corev1.PodFailed)), nobody, nil},
		{"an init container that is done", pod(envFrom, ended, asSidecar), consumers.Frozen, nil},
		{"an init container that is done and mounted the volume", pod(volume(), mounted, ended, asSidecar), consumers.Frozen, nil},
		{"an init container that is done, of a Pod that has succeeded", pod(envFrom, ended, asSidecar, phase(corev1.PodSucceeded)), nobody, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := NewWithT(t)
			kept := consumers.FromPod(row.pod)
			if row.way == nobody {
				g.Expect(kept.Containers).To(BeEmpty())
				return
			}
			g.Expect(kept.Containers).To(Equal([]consumers.Container{{
				Name: "app", StartedAt: noon.Time, Uses: []consumers.Use{{Secret: "creds", Keys: row.keys, Way: row.way}},
			}}))
		})
	}
}

var ended = state(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: noon}})

// What an init container took does not count if a running container of its Pod mounts the Secret itself.
func TestAnInitContainerBesideOneThatMountsTheVolume(t *testing.T) {
	p := pod(volume(), mounted)
	p.Spec.InitContainers = []corev1.Container{{Name: "render",
		EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "creds"}}}}}}
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "render",
		State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: noon}}}}
	NewWithT(t).Expect(consumers.FromPod(p).Containers).To(ConsistOf(And(HaveField("Name", "app"),
		HaveField("Uses", ConsistOf(HaveField("Way", consumers.Refreshed))))))
}

// What is still to start gets what its Secrets contain then.
func TestAContainerThatIsToStart(t *testing.T) {
	waits := state(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}})
	for name, p := range map[string]*corev1.Pod{
		"waits":                   pod(envFrom, waits),
		"waits to run first":      pod(envFrom, waits, asSidecar),
		"has ended, and restarts": pod(envFrom, ended),
		"has not been seen yet":   pod(envFrom, noStatus, phase(corev1.PodPending)),
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(consumers.FromPod(p).Containers).To(ConsistOf(And(HaveField("Waiting", true), HaveField("StartedAt", BeZero()))))
		})
	}
}

func TestAnOptionalVariable(t *testing.T) {
	p := pod(env("passcode"))
	p.Spec.Containers[0].Env[0].ValueFrom.SecretKeyRef.Optional = new(true)
	NewWithT(t).Expect(consumers.FromPod(p).Containers[0].Uses).To(HaveExactElements(HaveField("Optional", true)))
}

func TestWhatAPodIsKnownFor(t *testing.T) {
	g := NewWithT(t)
	p := pod(phase(corev1.PodPending))
	p.CreationTimestamp = noon
	g.Expect(consumers.FromPod(p)).To(And(HaveField("Pending", true), HaveField("CreatedAt", noon.Time)))
	g.Expect(consumers.FromPod(pod())).To(HaveField("Pending", false))
}

func TestAPodWithoutStatusMayUseIt(t *testing.T) {
	kept := consumers.FromPod(pod(envFrom, noStatus))
	NewWithT(t).Expect(kept.Containers).To(HaveExactElements(HaveField("StartedAt", BeZero())))
}

func TestWhatCountsAsAUse(t *testing.T) {
	for _, row := range []struct {
		name string
		use  consumers.Use
		want bool
	}{
		{"of the whole Secret", consumers.Use{Secret: "creds"}, true},
		{"of a key", consumers.Use{Secret: "creds", Keys: []string{"region"}}, true},
		{"of only the excepted key", consumers.Use{Secret: "creds", Keys: []string{"previous"}}, false},
		{"of the excepted key and another", consumers.Use{Secret: "creds", Keys: []string{"previous", "passcode"}}, true},
		{"of another Secret", consumers.Use{Secret: "other"}, false},
	} {
		NewWithT(t).Expect(row.use.Of("creds", "previous")).To(Equal(row.want), row.name)
	}
	NewWithT(t).Expect(consumers.Use{Secret: "s"}.OfKey("s", "k")).To(BeTrue())
	NewWithT(t).Expect(consumers.Use{Secret: "s", Keys: []string{"other"}}.OfKey("s", "k")).To(BeFalse())
}

func TestOwners(t *testing.T) {
	owned := func(kind, name, hash string) *corev1.Pod {
		return pod(func(p *corev1.Pod) {
			p.Labels = map[string]string{"pod-template-hash": hash}
			p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: new(true)}}
		})
	}
	for _, row := range []struct {
		name string
		pod  *corev1.Pod
		want consumers.Workload
	}{
		{"a Deployment, by its ReplicaSet", owned("ReplicaSet", "api-5d9", "5d9"), consumers.Workload{Kind: "Deployment", Name: "api"}},
		{"a ReplicaSet of its own", owned("ReplicaSet", "api", ""), consumers.Workload{}},
		{"a StatefulSet", owned("StatefulSet", "db", ""), consumers.Workload{Kind: "StatefulSet", Name: "db"}},
		{"a DaemonSet", owned("DaemonSet", "agent", ""), consumers.Workload{Kind: "DaemonSet", Name: "agent"}},
		{"a Job", owned("Job", "once", ""), consumers.Workload{}},
		{"nobody", pod(), consumers.Workload{}},
	} {
		NewWithT(t).Expect(consumers.FromPod(row.pod).Owner).To(Equal(row.want), row.name)
	}
}

func TestArgosRollout(t *testing.T) {
	for _, row := range []struct{ name, spec, status, unfinished, failed string }{
		{"as it was made", `{}`, `{"phase":"Healthy"}`, "", ""},
		{"that was requested to restart", `{"restartAt":"2026-11-25T10:00:00Z"}`, `{"phase":"Healthy","restartedAt":"2026-11-25T09:00:00Z"}`,
			"its controller has not restarted all of its Pods yet", ""},
		{"that was never restarted", `{"restartAt":"2026-11-25T10:00:00Z"}`, `{"phase":"Healthy"}`, "its controller has not restarted all of its Pods yet",
			""},
		{"that has restarted", `{"restartAt":"2026-11-25T10:00:00Z"}`, `{"phase":"Healthy","restartedAt":"2026-11-25T10:00:00Z"}`, "", ""},
		{"that still progresses", `{"restartAt":"2026-11-25T10:00:00Z"}`, `{"phase":"Progressing","restartedAt":"2026-11-25T10:00:00Z"}`,
			"it is Progressing", ""},
		{"that is degraded", `{}`, `{"phase":"Degraded","message":"ProgressDeadlineExceeded"}`, "", "ProgressDeadlineExceeded"},
		{"that its controller has not seen", `{}`, `{}`, "it is new", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := &unstructured.Unstructured{}
			text := fmt.Sprintf(`{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"web"},"spec":%s,"status":%s}`, row.spec,
				row.status)
			if err := o.UnmarshalJSON([]byte(text)); err != nil {
				t.Fatal(err)
			}
			r := consumers.FromArgoRollout(o)
			if r.Unfinished != row.unfinished || r.Failed != row.failed || r.Workload != (consumers.Workload{Kind: "Rollout", Name: "web"}) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestAPodOfArgosRollout(t *testing.T) {
	p := pod()
	p.Labels = map[string]string{"rollouts-pod-template-hash": "6d9c5b"}
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-6d9c5b", Controller: new(true)}}
	if owner := consumers.FromPod(p).Owner; owner != (consumers.Workload{Kind: "Rollout", Name: "web"}) {
		t.Errorf("%+v", owner)
	}
}

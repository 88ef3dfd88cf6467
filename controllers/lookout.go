// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/pager"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
)

// +kubebuilder:rbac:groups="",resources=pods,verbs=list
// +kubebuilder:rbac:groups=apps,resources=deployments;statefulsets;daemonsets,verbs=list;patch

const (
	// podsPerPage bounds what one answer brings.
	podsPerPage = 500
	// looksAtOnce bounds the namespaces that are looked at at the same time.
	looksAtOnce = 4
)

// argoRollout is the kind that Argo Rollouts adds to a cluster, where it is installed.
func argoRollout() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: consumers.ArgoRolloutKind}
}

// lookout looks who holds Secrets, on demand and outside the workers: one look serves all objects of a namespace that
// asked before it began. Between looks nothing about Pods is kept.
type lookout struct {
	ctx  context.Context
	live client.Reader
	// clock tells when a look began.
	clock clock.PassiveClock
	wake  func(types.NamespacedName)
	slots chan struct{}

	mu         sync.Mutex
	namespaces map[string]*watchpost
}

// wanted is what one object wants looked up beside Pods.
type wanted struct {
	workloads bool
	// argo is whether a Rollout of Argo's is named, which clusters without Argo have no kind for.
	argo bool
}

// watchpost is a namespace that is being looked at.
type watchpost struct {
	running bool
	asked   map[types.NamespacedName]wanted
	seen    map[types.NamespacedName]*consumers.Scan
}

func newLookout(ctx context.Context, live client.Reader, clock clock.PassiveClock, wake func(types.NamespacedName)) *lookout {
	return &lookout{
		ctx: ctx, live: live, clock: clock, wake: wake,
		slots: make(chan struct{}, looksAtOnce), namespaces: map[string]*watchpost{},
	}
}

// ask asks for a look and returns at once. The look wakes the object.
func (l *lookout) ask(object types.NamespacedName, what wanted) {
	l.mu.Lock()
	defer l.mu.Unlock()
	post := l.namespaces[object.Namespace]
	if post == nil {
		post = &watchpost{asked: map[types.NamespacedName]wanted{}, seen: map[types.NamespacedName]*consumers.Scan{}}
		l.namespaces[object.Namespace] = post
	}
	post.asked[object] = what
	if !post.running {
		post.running = true
		go l.run(object.Namespace, post)
	}
}

// take is what a look found for the object; nil where there is nothing new.
func (l *lookout) take(object types.NamespacedName) *consumers.Scan {
	l.mu.Lock()
	defer l.mu.Unlock()
	post := l.namespaces[object.Namespace]
	if post == nil {
		return nil
	}
	look := post.seen[object]
	delete(post.seen, object)
	if !post.running && len(post.seen) == 0 {
		delete(l.namespaces, object.Namespace)
	}
	return look
}

func (l *lookout) forget(object types.NamespacedName) {
	l.take(object)
}

func (l *lookout) run(namespace string, post *watchpost) {
	l.slots <- struct{}{}
	defer func() { <-l.slots }()
	for {
		asked := l.begin(post)
		if len(asked) == 0 || l.ctx.Err() != nil {
			return
		}
		look := l.look(namespace, asked)
		l.mu.Lock()
		for object := range asked {
			post.seen[object] = look
		}
		l.mu.Unlock()
		for object := range asked {
			l.wake(object)
		}
	}
}

// begin takes those who asked so far.
func (l *lookout) begin(post *watchpost) map[types.NamespacedName]wanted {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := post.asked
	post.asked = map[types.NamespacedName]wanted{}
	post.running = len(asked) > 0
	return asked
}

func (l *lookout) look(namespace string, asked map[types.NamespacedName]wanted) *consumers.Scan {
	look := &consumers.Scan{At: l.clock.Now()}
	var all wanted
	for _, w := range asked {
		all.workloads, all.argo = all.workloads || w.workloads, all.argo || w.argo
	}
	err := l.each(namespace, &corev1.PodList{}, func(o runtime.Object) {
		look.Pods = append(look.Pods, consumers.FromPod(o.(*corev1.Pod)))
	})
	if err == nil && all.workloads {
		err = l.rollouts(namespace, look)
	}
	if err != nil {
		return &consumers.Scan{At: look.At, Problem: lookProblem(namespace, err)}
	}
	if all.workloads && (all.argo || slices.ContainsFunc(look.Pods, ofArgo)) {
		l.argoRollouts(namespace, look)
	}
	return look
}

func ofArgo(pod consumers.Pod) bool { return pod.Owner.Kind == consumers.ArgoRolloutKind }

// argoRollouts looks at Argo's, once something points to them: a cluster without Argo is never asked for its kind.
func (l *lookout) argoRollouts(namespace string, look *consumers.Scan) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(argoRollout().GroupVersion().WithKind(consumers.ArgoRolloutKind + "List"))
	err := l.each(namespace, list, func(o runtime.Object) {
		look.Rollouts = append(look.Rollouts, consumers.FromArgoRollout(o.(*unstructured.Unstructured)))
	})
	switch {
	case err == nil:
	case meta.IsNoMatchError(err) || apierrors.IsNotFound(err):
		look.ArgoProblem = "this cluster has no Argo Rollouts (argoproj.io/v1alpha1): install it, or take the Rollout off spec.rollout.targets"
	case apierrors.IsForbidden(err):
		look.ArgoProblem = "the operator may not look at Argo Rollouts: set argoRollouts.enabled in the chart, or kubectl apply -k config/argo-rollouts"
	default:
		look.ArgoProblem = fmt.Sprintf("Argo Rollouts could not be listed: %s. It is tried again", apierrors.ReasonForError(err))
	}
}

func (l *lookout) rollouts(namespace string, look *consumers.Scan) error {
	keep := func(r consumers.Rollout) { look.Rollouts = append(look.Rollouts, r) }
	if err := l.each(namespace, &appsv1.DeploymentList{}, func(o runtime.Object) { keep(consumers.FromDeployment(o.(*appsv1.Deployment))) }); err != nil {
		return err
	}
	if err := l.each(namespace, &appsv1.StatefulSetList{}, func(o runtime.Object) { keep(consumers.FromStatefulSet(o.(*appsv1.StatefulSet))) }); err != nil {
		return err
	}
	return l.each(namespace, &appsv1.DaemonSetList{}, func(o runtime.Object) { keep(consumers.FromDaemonSet(o.(*appsv1.DaemonSet))) })
}

// each lists in pages, so that what is not kept of one is gone before the next one comes.
func (l *lookout) each(namespace string, list client.ObjectList, do func(runtime.Object)) error {
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		page := list.DeepCopyObject().(client.ObjectList)
		err := l.live.List(ctx, page, client.InNamespace(namespace), &client.ListOptions{Raw: &o})
		return page, err
	})
	pages.PageSize, pages.PageBufferSize = podsPerPage, 0
	err := pages.EachListItem(l.ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		do(o)
		return nil
	})
	if err != nil {
		return fmt.Errorf("listing what may hold a Secret: %w", err)
	}
	return nil
}

func lookProblem(namespace string, err error) string {
	if apierrors.IsForbidden(err) {
		return fmt.Sprintf("the operator may not look at Pods and workloads in namespace %s: let its service account list pods, deployments, statefulsets and daemonsets there", namespace)
	}
	return fmt.Sprintf("Pods and workloads in namespace %s could not be listed: %s. It is tried again", namespace, apierrors.ReasonForError(err))
}

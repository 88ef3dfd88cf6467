/*
Copyright 2026 The CleverTap Passcode Operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package controllers

import (
	"context"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
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

// watchpost is a namespace that is being looked at.
type watchpost struct {
	running bool
	asked   map[types.NamespacedName]bool // whether workloads are wanted
	seen    map[types.NamespacedName]*consumers.Look
}

func newLookout(ctx context.Context, live client.Reader, clock clock.PassiveClock, wake func(types.NamespacedName)) *lookout {
	return &lookout{
		ctx: ctx, live: live, clock: clock, wake: wake,
		slots: make(chan struct{}, looksAtOnce), namespaces: map[string]*watchpost{},
	}
}

// ask asks for a look, workloads included or not, and returns at once. The look wakes the object.
func (l *lookout) ask(object types.NamespacedName, workloads bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	post := l.namespaces[object.Namespace]
	if post == nil {
		post = &watchpost{asked: map[types.NamespacedName]bool{}, seen: map[types.NamespacedName]*consumers.Look{}}
		l.namespaces[object.Namespace] = post
	}
	post.asked[object] = workloads
	if !post.running {
		post.running = true
		go l.run(object.Namespace, post)
	}
}

// take is what a look found for the object; nil where there is nothing new.
func (l *lookout) take(object types.NamespacedName) *consumers.Look {
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
func (l *lookout) begin(post *watchpost) map[types.NamespacedName]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := post.asked
	post.asked = map[types.NamespacedName]bool{}
	post.running = len(asked) > 0
	return asked
}

func (l *lookout) look(namespace string, asked map[types.NamespacedName]bool) *consumers.Look {
	look := &consumers.Look{At: l.clock.Now()}
	workloads := false
	for _, wanted := range asked {
		workloads = workloads || wanted
	}
	err := l.each(namespace, &corev1.PodList{}, func(o runtime.Object) {
		look.Pods = append(look.Pods, consumers.FromPod(o.(*corev1.Pod)))
	})
	if err == nil && workloads {
		err = l.rollouts(namespace, look)
	}
	if err != nil {
		return &consumers.Look{At: look.At, Problem: lookProblem(namespace, err)}
	}
	return look
}

func (l *lookout) rollouts(namespace string, look *consumers.Look) error {
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

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package consumers

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

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

const (
	// podsPerPage bounds what one response contains.
	podsPerPage = 500
	// concurrentScans bounds the namespaces that are scanned at the same time.
	concurrentScans = 4
)

// ArgoRollout returns the kind that Argo Rollouts adds to a cluster, if it is installed.
func ArgoRollout() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: ArgoRolloutKind}
}

// Scanner lists Pods and workloads on demand, outside the workers: one scan serves all objects of a namespace that
// requested one before it began. Between scans nothing about Pods is kept.
type Scanner struct {
	ctx    context.Context
	reader client.Reader
	// clock has the time at which a scan began.
	clock clock.PassiveClock
	wake  func(types.NamespacedName)
	slots chan struct{}

	mu         sync.Mutex
	namespaces map[string]*namespaceScans
}

// Scope is what one object needs listed beside Pods.
type Scope struct {
	// Workloads reports whether it restarts any.
	Workloads bool
	// Argo reports whether it names a Rollout of Argo's, which clusters without Argo have no kind for.
	Argo bool
}

// namespaceScans are those of one namespace.
type namespaceScans struct {
	running   bool
	requested map[types.NamespacedName]Scope
	results   map[types.NamespacedName]*Scan
}

// NewScanner returns a scanner that reads until the context ends, past any cache, and wakes an object when its scan has
// ended.
func NewScanner(ctx context.Context, reader client.Reader, clock clock.PassiveClock, wake func(types.NamespacedName)) *Scanner {
	return &Scanner{
		ctx: ctx, reader: reader, clock: clock, wake: wake,
		slots: make(chan struct{}, concurrentScans), namespaces: map[string]*namespaceScans{},
	}
}

// Request requests a scan for an object and returns at once.
func (s *Scanner) Request(object types.NamespacedName, scope Scope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.namespaces[object.Namespace]
	if n == nil {
		n = &namespaceScans{requested: map[types.NamespacedName]Scope{}, results: map[types.NamespacedName]*Scan{}}
		s.namespaces[object.Namespace] = n
	}
	n.requested[object] = scope
	if !n.running {
		n.running = true
		go s.run(object.Namespace, n)
	}
}

// Take returns the result of a scan once; nil if there is none that was not yet taken.
func (s *Scanner) Take(object types.NamespacedName) *Scan {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.namespaces[object.Namespace]
	if n == nil {
		return nil
	}
	scan := n.results[object]
	delete(n.results, object)
	if !n.running && len(n.results) == 0 {
		delete(s.namespaces, object.Namespace)
	}
	return scan
}

// Forget drops what was found for an object that is gone.
func (s *Scanner) Forget(object types.NamespacedName) {
	s.Take(object)
}

// Busy reports whether a scan is requested or under way.
func (s *Scanner) Busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.namespaces {
		if n.running {
			return true
		}
	}
	return false
}

func (s *Scanner) run(namespace string, n *namespaceScans) {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	for {
		requested := s.begin(n)
		if len(requested) == 0 || s.ctx.Err() != nil {
			return
		}
		scan := s.scan(namespace, requested)
		s.mu.Lock()
		for object := range requested {
			n.results[object] = scan
		}
		s.mu.Unlock()
		for object := range requested {
			s.wake(object)
		}
	}
}

// begin takes the requests so far: a later one needs another scan.
func (s *Scanner) begin(n *namespaceScans) map[types.NamespacedName]Scope {
	s.mu.Lock()
	defer s.mu.Unlock()
	requested := n.requested
	n.requested = map[types.NamespacedName]Scope{}
	n.running = len(requested) > 0
	return requested
}

func (s *Scanner) scan(namespace string, requested map[types.NamespacedName]Scope) *Scan {
	scan := &Scan{At: s.clock.Now()}
	var all Scope
	for _, scope := range requested {
		all.Workloads, all.Argo = all.Workloads || scope.Workloads, all.Argo || scope.Argo
	}
	err := s.each(namespace, &corev1.PodList{}, func(o runtime.Object) {
		scan.Pods = append(scan.Pods, FromPod(o.(*corev1.Pod)))
	})
	if err == nil && all.Workloads {
		err = s.workloads(namespace, scan)
	}
	if err != nil {
		return &Scan{At: scan.At, Problem: scanProblem(namespace, err)}
	}
	if all.Workloads && (all.Argo || slices.ContainsFunc(scan.Pods, ofArgo)) {
		s.argoRollouts(namespace, scan)
	}
	return scan
}

func ofArgo(pod Pod) bool { return pod.Owner.Kind == ArgoRolloutKind }

// argoRollouts lists Argo's once something points to them: the API server of a cluster without Argo gets no request for
// its kind.
func (s *Scanner) argoRollouts(namespace string, scan *Scan) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(ArgoRollout().GroupVersion().WithKind(ArgoRolloutKind + "List"))
	err := s.each(namespace, list, func(o runtime.Object) {
		scan.Rollouts = append(scan.Rollouts, FromArgoRollout(o.(*unstructured.Unstructured)))
	})
	switch {
	case err == nil:
	case meta.IsNoMatchError(err) || apierrors.IsNotFound(err):
		scan.ArgoProblem = v1alpha1.Message("this cluster has no Argo Rollouts (argoproj.io/v1alpha1)",
			"install it, or remove the Rollout from spec.rollout.targets")
	case apierrors.IsForbidden(err):
		scan.ArgoProblem = v1alpha1.Message("the operator is not permitted to list Argo Rollouts",
			"set argoRollouts.enabled in the chart, or kubectl apply -k config/argo-rollouts")
	default:
		scan.ArgoProblem = fmt.Sprintf("Argo Rollouts could not be listed: %s. The operator tries again", apierrors.ReasonForError(err))
	}
}

func (s *Scanner) workloads(namespace string, scan *Scan) error {
	keep := func(r Rollout) { scan.Rollouts = append(scan.Rollouts, r) }
	if err := s.each(namespace, &appsv1.DeploymentList{}, func(o runtime.Object) { keep(FromDeployment(o.(*appsv1.Deployment))) }); err != nil {
		return err
	}
	if err := s.each(namespace, &appsv1.StatefulSetList{}, func(o runtime.Object) { keep(FromStatefulSet(o.(*appsv1.StatefulSet))) }); err != nil {
		return err
	}
	return s.each(namespace, &appsv1.DaemonSetList{}, func(o runtime.Object) { keep(FromDaemonSet(o.(*appsv1.DaemonSet))) })
}

// each lists in pages and frees each page before it reads the next.
func (s *Scanner) each(namespace string, list client.ObjectList, do func(runtime.Object)) error {
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		page := list.DeepCopyObject().(client.ObjectList)
		err := s.reader.List(ctx, page, client.InNamespace(namespace), &client.ListOptions{Raw: &o})
		return page, err
	})
	pages.PageSize, pages.PageBufferSize = podsPerPage, 0
	err := pages.EachListItem(s.ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		do(o)
		return nil
	})
	if err != nil {
		return fmt.Errorf("listing what may use a Secret: %w", err)
	}
	return nil
}

func scanProblem(namespace string, err error) string {
	if apierrors.IsForbidden(err) {
		return v1alpha1.Message("the operator is not permitted to list Pods and workloads in namespace "+namespace,
			"allow its service account to list pods, deployments, statefulsets and daemonsets there")
	}
	return fmt.Sprintf("Pods and workloads in namespace %s could not be listed: %s. The operator tries again", namespace, apierrors.ReasonForError(err))
}

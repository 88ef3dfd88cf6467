// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// namespaceRetry is how often a namespace that cannot be watched is tried again.
const namespaceRetry = time.Minute

// namespaces are those that --namespaces names. One that is missing, or may not be read, delays no other: informers wait
// for all namespaces that they are given, so they are given the readable ones, and begin anew once there are more.
type namespaces struct {
	names []string
	live  client.Reader
	clock Clock
	log   logr.Logger
	// watched is called with each namespace and whether it can be watched.
	watched func(namespace string, yes bool)
	// doubt is sent when something was forbidden, or an object went: one of them may be gone, or not readable any more.
	doubt    chan struct{}
	problems map[string]string // why each cannot be watched, as it was logged
}

// checkNamespaces trims the names, and returns an error for what is none.
func checkNamespaces(names []string) ([]string, error) {
	var checked []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
			return nil, fmt.Errorf("--namespaces: %q is no name of a namespace: %s", name, problems[0])
		}
		if !slices.Contains(checked, name) {
			checked = append(checked, name)
		}
	}
	return checked, nil
}

// readable looks at each namespace, and returns those that can be watched.
func (n *namespaces) readable(ctx context.Context) []string {
	var readable []string
	for _, name := range n.names {
		problem := n.problem(ctx, name)
		if ctx.Err() != nil {
			return readable
		}
		n.watched(name, problem == "")
		switch before := n.problems[name]; {
		case problem != "" && problem != before:
			n.log.Info("A namespace cannot be watched. The operator tries again each minute; no other namespace is affected", "namespace", name, "problem",
				problem)
		case problem == "" && before != "":
			n.log.Info("A namespace can be watched again", "namespace", name)
		}
		n.problems[name] = problem
		if problem == "" {
			readable = append(readable, name)
		}
	}
	return readable
}

// problem says why a namespace cannot be watched, and what to do; "" if it can. The list of a namespace that does not
// exist is empty under a ClusterRole, so the Namespace is read as well, if that is granted.
func (n *namespaces) problem(ctx context.Context, name string) string {
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	err := n.live.Get(ctx, client.ObjectKey{Name: name}, namespace)
	switch {
	case apierrors.IsNotFound(err):
		return "it does not exist: create it, or take it off --namespaces"
	case !namespace.DeletionTimestamp.IsZero():
		return "it is being deleted: take it off --namespaces"
	}
	var denied []string
	for _, list := range []client.ObjectList{&v1alpha1.CleverTapPasscodeList{}, &corev1.SecretList{}} {
		err := n.live.List(ctx, list, client.InNamespace(name), client.Limit(1), client.HasLabels{v1alpha1.RoleLabel})
		if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
			denied = append(denied, err.Error())
		}
	}
	if len(denied) == 0 {
		return ""
	}
	return "the operator may not read it, bind its service account to its Role there: " + strings.Join(denied, "; ")
}

// suspect notes a doubt. It never blocks.
func (n *namespaces) suspect() {
	select {
	case n.doubt <- struct{}{}:
	default:
	}
}

// watchFailed is for informers, which try again by themselves.
func (n *namespaces) watchFailed(ctx context.Context, r *cache.Reflector, err error) {
	if apierrors.IsForbidden(err) {
		n.suspect()
	}
	cache.DefaultWatchErrorHandler(ctx, r, err)
}

// awaitMore returns once a namespace can be watched that is not in the list, or the context ends. It looks each minute
// while one cannot be watched, else when there is doubt, and never more often than that.
func (n *namespaces) awaitMore(ctx context.Context, watched []string) {
	for readable := watched; ; readable = n.readable(ctx) {
		if slices.ContainsFunc(readable, func(name string) bool { return !slices.Contains(watched, name) }) {
			return
		}
		minute := make(chan struct{})
		n.clock.AfterFunc(namespaceRetry, func() { close(minute) })
		select {
		case <-ctx.Done():
			return
		case <-minute:
		}
		if len(readable) < len(n.names) {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-n.doubt:
		}
	}
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// passTime is about how long a pass takes that writes something.
const passTime = 5 * time.Millisecond

// workerShares bound how many workers one namespace has, so that some are left for the others, whatever it edits.
type workerShares struct {
	limit int

	mu      sync.Mutex
	running map[string]int
	waiting map[string]sets.Set[reconcile.Request]
	// again are the requests whose last turn is followed by another one at once.
	again sets.Set[reconcile.Request]
}

// newWorkerShares leaves a quarter of the workers, one at least, to other namespaces.
func newWorkerShares(workers int) *workerShares {
	return &workerShares{
		limit:   max(1, workers-max(1, workers/4)),
		running: map[string]int{}, waiting: map[string]sets.Set[reconcile.Request]{}, again: sets.New[reconcile.Request](),
	}
}

// enter reports whether the request has its turn; if not, it is to come back after the wait, which is the longer the more
// of its namespace wait.
func (t *workerShares) enter(request reconcile.Request) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	namespace := request.Namespace
	t.again.Delete(request)
	if t.running[namespace] < t.limit {
		t.running[namespace]++
		t.waiting[namespace].Delete(request)
		if t.waiting[namespace].Len() == 0 {
			delete(t.waiting, namespace)
		}
		return 0, true
	}
	if t.waiting[namespace] == nil {
		t.waiting[namespace] = sets.New[reconcile.Request]()
	}
	t.waiting[namespace].Insert(request)
	return passTime * time.Duration(1+t.waiting[namespace].Len()/t.limit), false
}

// leave ends a turn; again says whether another one follows at once.
func (t *workerShares) leave(request reconcile.Request, again bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if again {
		t.again.Insert(request)
	}
	if t.running[request.Namespace]--; t.running[request.Namespace] == 0 {
		delete(t.running, request.Namespace)
	}
}

// idle reports whether nothing has its turn, waits for it, or has another one at once.
func (t *workerShares) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.running) == 0 && len(t.waiting) == 0 && t.again.Len() == 0
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package verification

import "slices"

// region is the calls to one of CleverTap's regions. They take turns by namespace, so that no namespace waits for what
// another one requests; within a namespace by account; and of an account what waits to be published goes before routine.
type region struct {
	limits
	running    int
	namespaces map[string]*namespace
	turns      []string            // namespaces that have a request waiting, each once, the one whose turn it is first
	accounts   map[string]*account // of all namespaces
}

// limits are how many calls may run at once: of an account, of a region, and of one namespace in a region.
type limits struct{ perAccount, perRegion, perNamespace int }

// namespace is what waits in one, and how many calls were made in its turn.
type namespace struct {
	running int
	queues  map[string]*queue // by account
	turns   []string          // accounts that have a request waiting, each once, the one whose turn it is first
}

// queue is what a namespace has waiting for one account.
type queue struct{ urgent, routine []*valueRequest }

// account counts calls that run, in all and by namespace, and the namespaces that wait.
type account struct {
	running int
	by      map[string]int
	waiting map[string]bool
}

func newRegion(l limits) *region {
	return &region{limits: l, namespaces: map[string]*namespace{}, accounts: map[string]*account{}}
}

// enqueue has a request wait in the turn of a namespace.
func (r *region) enqueue(name string, i *valueRequest, urgent bool) {
	ns := r.namespaces[name]
	if ns == nil {
		ns = &namespace{queues: map[string]*queue{}}
		r.namespaces[name] = ns
	}
	if len(ns.turns) == 0 {
		r.turns = append(r.turns, name)
	}
	id := i.request.AccountID
	q := ns.queues[id]
	if q == nil {
		q = &queue{}
		ns.queues[id] = q
		ns.turns = append(ns.turns, id)
	}
	if urgent {
		q.urgent = append(q.urgent, i)
	} else {
		q.routine = append(q.routine, i)
	}
	r.account(id).waiting[name] = true
}

func (r *region) account(id string) *account {
	if r.accounts[id] == nil {
		r.accounts[id] = &account{by: map[string]int{}, waiting: map[string]bool{}}
	}
	return r.accounts[id]
}

// next takes the request whose turn it is, and the namespace in whose turn it is called; nil for none that may be called
// now. Who cannot use its turn, because its calls or those of its account are all taken, keeps it.
func (r *region) next() (*valueRequest, string) {
	if r.running >= r.perRegion {
		return nil, ""
	}
	for at, name := range r.turns {
		if r.namespaces[name].running >= r.perNamespace {
			continue
		}
		if i := r.nextOf(name); i != nil {
			r.turns = append(slices.Delete(r.turns, at, at+1), name)
			r.leaveIfEmpty(name, i.request.AccountID)
			return i, name
		}
	}
	return nil, ""
}

// nextOf is next within a namespace.
func (r *region) nextOf(name string) *valueRequest {
	ns := r.namespaces[name]
	for at, id := range ns.turns {
		if !r.mayCall(name, r.account(id)) {
			continue
		}
		q := ns.queues[id]
		from := &q.routine
		if len(q.urgent) > 0 {
			from = &q.urgent
		}
		i := (*from)[0]
		*from = (*from)[1:]
		q.drop(i) // it may wait as routine as well
		ns.turns = append(slices.Delete(ns.turns, at, at+1), id)
		r.start(name, id)
		return i
	}
	return nil
}

// drop takes a request out of a namespace's turns.
func (r *region) drop(name string, i *valueRequest) {
	ns := r.namespaces[name]
	if ns == nil || ns.queues[i.request.AccountID] == nil {
		return
	}
	ns.queues[i.request.AccountID].drop(i)
	r.leaveIfEmpty(name, i.request.AccountID)
}

func (q *queue) drop(i *valueRequest) {
	is := func(other *valueRequest) bool { return other == i }
	q.urgent, q.routine = slices.DeleteFunc(q.urgent, is), slices.DeleteFunc(q.routine, is)
}

// mayCall reports whether the account has a call free for the namespace: while others wait for it, one at a time.
func (r *region) mayCall(name string, a *account) bool {
	othersWait := len(a.waiting) > 1 || (len(a.waiting) == 1 && !a.waiting[name])
	return a.running < r.perAccount && (a.by[name] == 0 || !othersWait)
}

// leaveIfEmpty takes an account out of a namespace's turns if nothing waits for it, and the namespace out of the region's
// if it has nothing left.
func (r *region) leaveIfEmpty(name, id string) {
	ns, a := r.namespaces[name], r.account(id)
	if q := ns.queues[id]; q == nil || len(q.urgent) > 0 || len(q.routine) > 0 {
		return
	}
	delete(ns.queues, id)
	ns.turns = slices.DeleteFunc(ns.turns, func(other string) bool { return other == id })
	if len(ns.turns) == 0 {
		r.turns = slices.DeleteFunc(r.turns, func(other string) bool { return other == name })
	}
	delete(a.waiting, name)
	r.tidy(name, id)
}

// start counts a call.
func (r *region) start(name, id string) {
	a := r.account(id)
	r.running++
	r.namespaces[name].running++
	a.running++
	a.by[name]++
}

// done counts a call that has ended.
func (r *region) done(name, id string) {
	a := r.account(id)
	r.running--
	r.namespaces[name].running--
	a.running--
	if a.by[name]--; a.by[name] == 0 {
		delete(a.by, name)
	}
	r.tidy(name, id)
}

// tidy forgets what has nothing waiting or running.
func (r *region) tidy(name, id string) {
	if ns := r.namespaces[name]; ns != nil && ns.running == 0 && len(ns.turns) == 0 {
		delete(r.namespaces, name)
	}
	if a := r.accounts[id]; a != nil && a.running == 0 && len(a.waiting) == 0 {
		delete(r.accounts, id)
	}
}

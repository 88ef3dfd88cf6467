// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package verification calls CleverTap outside the reconciler's workers. Calls are bounded per account, so that workloads
// keep their share, and per region, so that one that hangs delays no other. One call serves every namespace that requested
// the verification of a value, and wakes its objects that have the value.
package verification

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/clock"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// DefaultPerAccount leaves the workloads their share of the few concurrent calls that CleverTap allows an account.
const DefaultPerAccount = 2

// DefaultPerRegion bounds the calls in all: times the number of regions.
const DefaultPerRegion = 16

// Verifier calls CleverTap; clevertap.Client does. Its errors are *clevertap.RejectedError,
// *clevertap.RateLimitedError and *clevertap.UnavailableError.
type Verifier interface {
	Verify(context.Context, clevertap.Request) error
}

// Options configure a Pool.
type Options struct {
	Verifier Verifier
	Clock    clock.PassiveClock
	// PerAccount and PerRegion are how many calls may run at once; zero means the defaults.
	PerAccount, PerRegion int
	// Wake is called for every object that has a verified value, in the namespaces that requested it. It must not block.
	Wake func(types.NamespacedName)
	// Finished, if not nil, is called after every call: how long it took, and the error that Verify returned.
	Finished func(region clevertap.Region, took time.Duration, err error)
	// Log has a line for each account at the start and at the end of an outage. The zero Logger logs nothing.
	Log logr.Logger
}

// Pool keeps the results for as long as an object has the value. It is safe for concurrent use.
type Pool struct {
	ctx context.Context
	Options

	mu       sync.Mutex
	requests map[string]*valueRequest
	retained map[types.NamespacedName]sets.Set[string]
	outages  outages
	regions  map[clevertap.Region]*region
}

// valueRequest is all about one value in one mode. One call serves every namespace that requested it; a namespace that did
// not learns nothing.
type valueRequest struct {
	key     string
	request clevertap.Request
	objects sets.Set[types.NamespacedName]
	// results are those that each namespace was given, and requestedBy is since when each waits for the present call.
	results     map[string]clevertap.Verification
	requestedBy map[string]time.Time
	// waiting are the namespaces in whose turn it waits to be called, each with whether as what is to be published; nil
	// while it does not wait.
	waiting map[string]bool
}

// retainedIn reports whether an object of the namespace has the value.
func (i *valueRequest) retainedIn(namespace string) bool {
	for object := range i.objects {
		if object.Namespace == namespace {
			return true
		}
	}
	return false
}

// New returns a pool whose calls end with the context.
func New(ctx context.Context, o Options) *Pool {
	if o.PerAccount == 0 {
		o.PerAccount = DefaultPerAccount
	}
	if o.PerRegion == 0 {
		o.PerRegion = DefaultPerRegion
	}
	return &Pool{
		ctx:      ctx,
		Options:  o,
		requests: map[string]*valueRequest{},
		retained: map[types.NamespacedName]sets.Set[string]{},
		regions:  map[clevertap.Region]*region{},
		outages:  outages{log: o.Log, values: map[accountKey]sets.Set[string]{}},
	}
}

// Key returns the key of a value in a verification mode.
func Key(fingerprint, mode string) string {
	return fingerprint + "/" + mode
}

// Retain says which values an object has, and returns what CleverTap said of each so far, to its namespace. Their results
// are kept for the object and wake it; both in one step, because a call that ends between the two would wake nobody. No
// keys release all.
func (p *Pool) Retain(object types.NamespacedName, keys ...string) []clevertap.Verification {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := sets.New(keys...)
	for key := range p.retained[object].Difference(now) {
		p.release(object, key)
	}
	for key := range now {
		p.forKey(key).objects.Insert(object)
	}
	if len(keys) == 0 {
		delete(p.retained, object)
		return nil
	}
	p.retained[object] = now
	verifications := make([]clevertap.Verification, len(keys))
	for i, key := range keys {
		verifications[i] = p.verification(object.Namespace, key)
	}
	return verifications
}

// release drops a namespace's results once none of its objects has the value, and its request if that still waits.
func (p *Pool) release(object types.NamespacedName, key string) {
	i := p.forKey(key)
	i.objects.Delete(object)
	if namespace := object.Namespace; !i.retainedIn(namespace) {
		delete(i.results, namespace)
		if _, waits := i.waiting[namespace]; waits {
			delete(i.waiting, namespace)
			delete(i.requestedBy, namespace)
			r := p.region(i.request.Region)
			r.drop(namespace, i)
			p.dispatch(r) // what waited behind it
		}
	}
	if i.objects.Len() == 0 && len(i.requestedBy) == 0 {
		delete(p.requests, key)
		p.outages.forget(key)
	}
}

func (p *Pool) forKey(key string) *valueRequest {
	i := p.requests[key]
	if i == nil {
		i = &valueRequest{
			key: key, objects: sets.New[types.NamespacedName](),
			results: map[string]clevertap.Verification{}, requestedBy: map[string]time.Time{},
		}
		p.requests[key] = i
	}
	return i
}

// verification is what CleverTap said of the value so far, to this namespace.
func (p *Pool) verification(namespace, key string) clevertap.Verification {
	i := p.requests[key]
	if i == nil {
		return clevertap.Verification{}
	}
	verification := i.results[namespace]
	verification.RequestedAt = i.requestedBy[namespace]
	return verification
}

// Busy reports whether a verification is under way.
func (p *Pool) Busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.requests {
		if len(i.requestedBy) > 0 {
			return true
		}
	}
	return false
}

// Request requests a verification for an object and returns at once; urgent reports whether a publication waits for it. One
// that is under way already is not requested twice, but it has a turn in every namespace that requests it, and is dropped
// once no object of those has the value.
func (p *Pool) Request(object types.NamespacedName, key string, request clevertap.Request, urgent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.forKey(key)
	p.retain(object, key)
	if len(i.requestedBy) == 0 {
		i.request, i.waiting = request, map[string]bool{}
	}
	if _, requestedBy := i.requestedBy[object.Namespace]; !requestedBy {
		i.requestedBy[object.Namespace] = p.Clock.Now()
	}
	already, waits := i.waiting[object.Namespace]
	if i.waiting == nil || (waits && (already || !urgent)) {
		return // it is being called, or waits as it is to
	}
	i.waiting[object.Namespace] = urgent
	r := p.region(request.Region)
	r.enqueue(object.Namespace, i, urgent)
	p.dispatch(r)
}

func (p *Pool) retain(object types.NamespacedName, key string) {
	if p.retained[object] == nil {
		p.retained[object] = sets.New[string]()
	}
	p.retained[object].Insert(key)
	p.forKey(key).objects.Insert(object)
}

func (p *Pool) region(name clevertap.Region) *region {
	if p.regions[name] == nil {
		p.regions[name] = newRegion(limits{perAccount: p.PerAccount, perRegion: p.PerRegion, perNamespace: max(1, p.PerRegion/2)})
	}
	return p.regions[name]
}

// dispatch starts as many calls as may run.
func (p *Pool) dispatch(r *region) {
	for {
		i, namespace := r.next()
		if i == nil {
			return
		}
		for other := range i.waiting { // one result serves all
			r.drop(other, i)
		}
		i.waiting = nil
		go p.call(r, namespace, i, i.request)
	}
}

func (p *Pool) call(r *region, namespace string, i *valueRequest, request clevertap.Request) {
	began := p.Clock.Now()
	err := p.Verifier.Verify(p.ctx, request)
	if p.ctx.Err() != nil {
		return // the process ends: nothing was learnt
	}
	if p.Finished != nil {
		p.Finished(request.Region, p.Clock.Since(began), err)
	}
	for _, object := range p.finish(r, namespace, i, err) {
		p.Wake(object)
	}
}

// finish keeps the result, starts what waited, and returns the objects to wake.
func (p *Pool) finish(r *region, namespace string, i *valueRequest, err error) []types.NamespacedName {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Clock.Now()
	var woken []types.NamespacedName
	for object := range i.objects {
		if _, requestedBy := i.requestedBy[object.Namespace]; requestedBy {
			woken = append(woken, object)
		}
	}
	for requestedBy := range i.requestedBy {
		if i.retainedIn(requestedBy) {
			i.results[requestedBy] = next(i.results[requestedBy], now, err)
		}
	}
	clear(i.requestedBy)
	id := i.request.AccountID
	p.outages.ended(accountKey{i.request.Region, id}, i.key, err)
	i.request = clevertap.Request{}
	if i.objects.Len() == 0 {
		delete(p.requests, i.key)
		p.outages.forget(i.key)
	}
	r.done(namespace, id)
	p.dispatch(r)
	return woken
}

// next is the verification after one more result.
func next(before clevertap.Verification, now time.Time, err error) clevertap.Verification {
	var (
		rejected    *clevertap.RejectedError
		limited     *clevertap.RateLimitedError
		unavailable *clevertap.UnavailableError
	)
	after := before
	after.RequestedAt, after.RetryAfter, after.RateLimited, after.Detail = time.Time{}, 0, false, ""
	switch {
	case err == nil:
		after = clevertap.Verification{Result: clevertap.Accepted, At: now, RejectedAt: before.RejectedAt}
		if before.Result == clevertap.Rejected {
			after.RejectedAt = before.At
		}
		return after
	case errors.As(err, &rejected):
		after = clevertap.Verification{Result: clevertap.Rejected, At: now, Rejections: 1, RejectedSince: now, Detail: rejected.Detail}
		if before.Result == clevertap.Rejected {
			after.Rejections, after.RejectedSince = before.Rejections+1, before.RejectedSince
		}
		return after
	case errors.As(err, &limited):
		after.RateLimited, after.RetryAfter, after.Detail = true, limited.RetryAfter, limited.Detail
	case errors.As(err, &unavailable):
		after.Detail = unavailable.Detail
	}
	after.Unavailable, after.UnavailableAt = before.Unavailable+1, now
	if before.Unavailable == 0 {
		after.UnavailableSince = now
	}
	return after
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package verification asks CleverTap outside the reconciler's workers: bounded per account, so that workloads keep
// theirs, and per region, so that one that hangs delays no other. One call answers every namespace that asked about the
// value, and wakes its objects that hold it.
package verification

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/clock"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// DefaultPerAccount leaves the workloads their share of the few concurrent calls that CleverTap allows an account.
const DefaultPerAccount = 2

// DefaultPerRegion bounds the calls in all: times the number of regions.
const DefaultPerRegion = 16

// Verifier asks CleverTap; clevertap.Client does. Its errors are *clevertap.RejectedError,
// *clevertap.RateLimitedError and *clevertap.UnavailableError.
type Verifier interface {
	Verify(context.Context, clevertap.Question) error
}

// Options say how a Pool asks.
type Options struct {
	Verifier Verifier
	Clock    clock.PassiveClock
	// PerAccount and PerRegion are how many calls may run at once; zero means the defaults.
	PerAccount, PerRegion int
	// Wake is called for every object that holds an answered value, in the namespaces that asked. It must not block.
	Wake func(types.NamespacedName)
	// Asked, if not nil, is told of every answer: how long it took, and the error that Verify returned.
	Asked func(region clevertap.Region, took time.Duration, err error)
}

// Pool remembers the answers for as long as somebody holds the value. It is safe for concurrent use.
type Pool struct {
	ctx context.Context
	Options

	mu        sync.Mutex
	inquiries map[string]*inquiry
	held      map[types.NamespacedName]sets.Set[string]
	regions   map[clevertap.Region]*region
}

// inquiry is all about one value in one mode. One call answers every namespace that asked; a namespace that did not ask
// learns nothing.
type inquiry struct {
	key      string
	question clevertap.Question
	holders  sets.Set[types.NamespacedName]
	// results are what each namespace that asked was answered, and asked is since when each waits for the present call.
	results map[string]clevertap.Verification
	asked   map[string]time.Time
	// waiting are the namespaces in whose turn it waits to be called, each with whether as what is to be published; nil
	// while it does not wait.
	waiting map[string]bool
}

// heldIn reports whether an object of the namespace holds it.
func (i *inquiry) heldIn(namespace string) bool {
	for holder := range i.holders {
		if holder.Namespace == namespace {
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
		ctx:       ctx,
		Options:   o,
		inquiries: map[string]*inquiry{},
		held:      map[types.NamespacedName]sets.Set[string]{},
		regions:   map[clevertap.Region]*region{},
	}
}

// Key names a value in a mode of asking.
func Key(fingerprint, mode string) string {
	return fingerprint + "/" + mode
}

// Hold says which values an object has: it is woken by their answers, which are remembered for it. None releases it.
func (p *Pool) Hold(holder types.NamespacedName, keys ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := sets.New(keys...)
	for key := range p.held[holder].Difference(now) {
		p.leave(holder, key)
	}
	for key := range now {
		p.inquiry(key).holders.Insert(holder)
	}
	if len(keys) == 0 {
		delete(p.held, holder)
		return
	}
	p.held[holder] = now
}

// leave forgets what a namespace was answered once none of its objects holds the value, and drops its request if it waits
// to be called.
func (p *Pool) leave(holder types.NamespacedName, key string) {
	i := p.inquiry(key)
	i.holders.Delete(holder)
	if namespace := holder.Namespace; !i.heldIn(namespace) {
		delete(i.results, namespace)
		if _, waits := i.waiting[namespace]; waits {
			delete(i.waiting, namespace)
			delete(i.asked, namespace)
			r := p.region(i.question.Region)
			r.drop(namespace, i)
			p.dispatch(r) // what waited behind it
		}
	}
	if i.holders.Len() == 0 && len(i.asked) == 0 {
		delete(p.inquiries, key)
	}
}

func (p *Pool) inquiry(key string) *inquiry {
	i := p.inquiries[key]
	if i == nil {
		i = &inquiry{
			key: key, holders: sets.New[types.NamespacedName](),
			results: map[string]clevertap.Verification{}, asked: map[string]time.Time{},
		}
		p.inquiries[key] = i
	}
	return i
}

// Answer is what CleverTap said of the value so far, to this namespace.
func (p *Pool) Answer(namespace, key string) clevertap.Verification {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.inquiries[key]
	if i == nil {
		return clevertap.Verification{}
	}
	answer := i.results[namespace]
	answer.RequestedAt = i.asked[namespace]
	return answer
}

// Busy reports whether a question is under way.
func (p *Pool) Busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.inquiries {
		if len(i.asked) > 0 {
			return true
		}
	}
	return false
}

// Ask hands an object's question over and returns at once; urgent is whether something waits to be published. One that is
// under way already is not asked twice, but it is in the turn of every namespace that asks, and is dropped once no
// object of those holds the value.
func (p *Pool) Ask(holder types.NamespacedName, key string, question clevertap.Question, urgent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.inquiry(key)
	p.hold(holder, key)
	if len(i.asked) == 0 {
		i.question, i.waiting = question, map[string]bool{}
	}
	if _, asked := i.asked[holder.Namespace]; !asked {
		i.asked[holder.Namespace] = p.Clock.Now()
	}
	already, waits := i.waiting[holder.Namespace]
	if i.waiting == nil || waits && (already || !urgent) {
		return // it is being called, or waits as it is to
	}
	i.waiting[holder.Namespace] = urgent
	r := p.region(question.Region)
	r.enqueue(holder.Namespace, i, urgent)
	p.dispatch(r)
}

func (p *Pool) hold(holder types.NamespacedName, key string) {
	if p.held[holder] == nil {
		p.held[holder] = sets.New[string]()
	}
	p.held[holder].Insert(key)
	p.inquiry(key).holders.Insert(holder)
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
		for other := range i.waiting { // one call answers all
			r.drop(other, i)
		}
		i.waiting = nil
		go p.ask(r, namespace, i, i.question)
	}
}

func (p *Pool) ask(r *region, namespace string, i *inquiry, question clevertap.Question) {
	began := p.Clock.Now()
	err := p.Verifier.Verify(p.ctx, question)
	if p.ctx.Err() != nil {
		return // the process ends: nothing was learnt
	}
	if p.Asked != nil {
		p.Asked(question.Region, p.Clock.Since(began), err)
	}
	for _, holder := range p.settle(r, namespace, i, err) {
		p.Wake(holder)
	}
}

// settle writes the answer down, starts what waited, and returns whom to wake.
func (p *Pool) settle(r *region, namespace string, i *inquiry, err error) []types.NamespacedName {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Clock.Now()
	var woken []types.NamespacedName
	for holder := range i.holders {
		if _, asked := i.asked[holder.Namespace]; asked {
			woken = append(woken, holder)
		}
	}
	for asked := range i.asked {
		if i.heldIn(asked) {
			i.results[asked] = next(i.results[asked], now, err)
		}
	}
	clear(i.asked)
	account := i.question.AccountID
	i.question = clevertap.Question{}
	if i.holders.Len() == 0 {
		delete(p.inquiries, i.key)
	}
	r.done(namespace, account)
	p.dispatch(r)
	return woken
}

// next is the answer after one more came in.
func next(before clevertap.Verification, now time.Time, err error) clevertap.Verification {
	var (
		rejected    *clevertap.RejectedError
		limited     *clevertap.RateLimitedError
		unavailable *clevertap.UnavailableError
	)
	after := before
	after.RequestedAt, after.RetryAfter, after.RateLimited, after.Seen = time.Time{}, 0, false, ""
	switch {
	case err == nil:
		after = clevertap.Verification{Result: clevertap.Accepted, At: now, RejectedAt: before.RejectedAt}
		if before.Result == clevertap.Rejected {
			after.RejectedAt = before.At
		}
		return after
	case errors.As(err, &rejected):
		after = clevertap.Verification{Result: clevertap.Rejected, At: now, Rejections: 1, RejectedSince: now, Seen: rejected.Seen}
		if before.Result == clevertap.Rejected {
			after.Rejections, after.RejectedSince = before.Rejections+1, before.RejectedSince
		}
		return after
	case errors.As(err, &limited):
		after.RateLimited, after.RetryAfter, after.Seen = true, limited.RetryAfter, limited.Seen
	case errors.As(err, &unavailable):
		after.Seen = unavailable.Seen
	}
	after.Unavailable, after.UnavailableAt = before.Unavailable+1, now
	if before.Unavailable == 0 {
		after.UnavailableSince = now
	}
	return after
}

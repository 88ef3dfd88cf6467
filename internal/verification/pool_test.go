// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package verification_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// vendor responds when it is made to, and knows how many wait.
type vendor struct {
	mu      sync.Mutex
	waiting []call
}

type call struct {
	request clevertap.Request
	result  chan error
}

func (v *vendor) Verify(ctx context.Context, q clevertap.Request) error {
	c := call{request: q, result: make(chan error, 1)}
	v.mu.Lock()
	v.waiting = append(v.waiting, c)
	v.mu.Unlock()
	select {
	case err := <-c.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *vendor) calls() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	names := []string{}
	for _, c := range v.waiting {
		names = append(names, fmt.Sprintf("%s/%s", c.request.Region, c.request.AccountID))
	}
	return names
}

// respond gives a result to the first that waits.
func (v *vendor) respond(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.waiting[0].result <- err
	v.waiting = v.waiting[1:]
}

type bench struct {
	*WithT
	vendor *vendor
	clock  *clocktesting.FakeClock
	pool   *verification.Pool
	woken  chan types.NamespacedName
}

func newBench(t *testing.T, perRegion int) *bench {
	t.Helper()
	b := &bench{
		WithT: NewWithT(t), vendor: &vendor{}, clock: clocktesting.NewFakeClock(start),
		woken: make(chan types.NamespacedName, 100),
	}
	b.pool = verification.New(t.Context(), verification.Options{
		Verifier: b.vendor, Clock: b.clock, PerRegion: perRegion,
		Wake: func(name types.NamespacedName) { b.woken <- name },
	})
	return b
}

// call has the object one of namespace shop request a verification.
func (b *bench) call(key string, region clevertap.Region, account string) {
	b.requestFrom("shop", key, region, account)
}

// requestFrom has an object of its own request one, in a namespace.
func (b *bench) requestFrom(namespace, key string, region clevertap.Region, account string) {
	b.pool.Request(types.NamespacedName{Namespace: namespace, Name: "one"}, key,
		clevertap.Request{Region: region, AccountID: account, Passcode: request(key, account).Passcode}, false)
}

func object(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "shop", Name: name}
}

func TestAResultServesAndWakesAllThatUseTheValue(t *testing.T) {
	b := newBench(t, 0)
	b.pool.Retain(object("one"), "key")
	b.pool.Retain(object("two"), "key")
	b.call("key", "in1", "A")
	b.call("key", "in1", "A")
	b.Eventually(b.vendor.calls).Should(HaveLen(1))
	b.Expect(b.pool.Verification("shop", "key").RequestedAt).To(Equal(start))
	b.clock.Step(time.Second)
	b.vendor.respond(nil)
	woken := []types.NamespacedName{<-b.woken, <-b.woken}
	b.Expect(woken).To(ConsistOf(object("one"), object("two")))
	b.Expect(b.pool.Verification("shop", "key")).To(Equal(clevertap.Verification{Result: clevertap.Accepted, At: start.Add(time.Second)}))
}

func TestWhoReadsOfACallUnderWayIsWokenByItsEnd(t *testing.T) {
	b := newBench(t, 8)
	b.call("key", "in1", "A")
	b.Eventually(b.vendor.calls).Should(HaveLen(1))
	underWay := b.pool.Retain(object("two"), "key")
	b.Expect(underWay).To(ConsistOf(HaveField("RequestedAt", start)))
	b.vendor.respond(nil)
	b.Expect([]types.NamespacedName{<-b.woken, <-b.woken}).To(ConsistOf(object("one"), object("two")))
	b.Expect(b.pool.Retain(object("two"), "other", "key")).To(HaveExactElements(BeZero(), HaveField("Result", clevertap.Accepted)))
}

func TestAResultIsForgottenWithItsLastUser(t *testing.T) {
	b := newBench(t, 0)
	b.pool.Retain(object("one"), "key")
	b.call("key", "in1", "A")
	b.Eventually(b.vendor.calls).Should(HaveLen(1))
	b.vendor.respond(nil)
	<-b.woken
	b.pool.Retain(object("one"), "other")
	b.Expect(b.pool.Verification("shop", "key")).To(Equal(clevertap.Verification{}))
}

func TestWhatHasAResultCounts(t *testing.T) {
	b := newBench(t, 0)
	b.pool.Retain(object("one"), "key")
	respond := func(err error) clevertap.Verification {
		b.call("key", "in1", "A")
		b.Eventually(b.vendor.calls).Should(HaveLen(1))
		b.vendor.respond(err)
		<-b.woken
		return b.pool.Verification("shop", "key")
	}
	b.Expect(respond(nil)).To(Equal(clevertap.Verification{Result: clevertap.Accepted, At: start}))
	b.Expect(respond(&clevertap.UnavailableError{Detail: "503"})).To(Equal(clevertap.Verification{
		Result: clevertap.Accepted, At: start, Unavailable: 1, UnavailableAt: start, UnavailableSince: start, Detail: "503"}))
	b.Expect(respond(&clevertap.RateLimitedError{Detail: "429", RetryAfter: time.Minute})).To(Equal(clevertap.Verification{
		Result: clevertap.Accepted, At: start, Unavailable: 2, UnavailableAt: start, UnavailableSince: start, Detail: "429", RateLimited: true,
		RetryAfter: time.Minute}))
	b.Expect(respond(&clevertap.RejectedError{Detail: "401"})).To(Equal(clevertap.Verification{
		Result: clevertap.Rejected, At: start, Rejections: 1, RejectedSince: start, Detail: "401"}))
	b.clock.Step(time.Second)
	b.Expect(respond(&clevertap.RejectedError{Detail: "401"})).To(Equal(clevertap.Verification{
		Result: clevertap.Rejected, At: start.Add(time.Second), Rejections: 2, RejectedSince: start, Detail: "401"}))
	b.Expect(respond(nil)).To(Equal(clevertap.Verification{Result: clevertap.Accepted, At: start.Add(time.Second), RejectedAt: start.Add(time.Second)}))
}

func TestTwoAtOncePerAccount(t *testing.T) {
	b := newBench(t, 0)
	for i := range 5 {
		b.pool.Retain(object(fmt.Sprint(i)), fmt.Sprint(i))
		b.call(fmt.Sprint(i), "in1", "A")
	}
	b.call("other", "in1", "B")
	b.Eventually(b.vendor.calls).Should(ConsistOf("in1/A", "in1/A", "in1/B"))
	b.Consistently(b.vendor.calls, "50ms").Should(HaveLen(3))
	for range 6 {
		b.Eventually(b.vendor.calls).ShouldNot(BeEmpty())
		b.vendor.respond(nil)
	}
	for range 6 + 5 { // those of that value, and object one, which requested all
		<-b.woken
	}
	b.Expect(b.vendor.calls()).To(BeEmpty())
}

func TestARegionThatHangsDelaysNobodyElse(t *testing.T) {
	b := newBench(t, 3)
	for i := range 10 {
		b.requestFrom(fmt.Sprint("team-", i), fmt.Sprint("in", i), "in1", fmt.Sprint(i))
	}
	b.Eventually(b.vendor.calls).Should(HaveLen(3))
	b.call("eu", "eu1", "E")
	b.Eventually(b.vendor.calls).Should(ContainElement("eu1/E"))
	b.Expect(b.vendor.calls()).To(HaveLen(4))
}

// 23. Whatever a namespace requests, of however many accounts, another one's turn is the next.
func TestNamespacesTakeTurns(t *testing.T) {
	b := newBench(t, 2) // one call a namespace
	for i := range 50 {
		b.requestFrom("attacker", fmt.Sprint("guess", i), "in1", fmt.Sprint("made-up-", i))
	}
	b.Eventually(b.vendor.calls).Should(HaveLen(1), "has more than half of the region's calls")
	b.requestFrom("victim", "key", "in1", "V")
	b.Eventually(b.vendor.calls).Should(ContainElement("in1/V"))
	b.Expect(b.vendor.calls()).To(HaveLen(2))
}

func TestOthersOfAnAccountTakeTurns(t *testing.T) {
	b := newBench(t, 0)
	for i := range 50 {
		b.requestFrom("attacker", fmt.Sprint("guess", i), "in1", "V")
	}
	b.Eventually(b.vendor.calls).Should(HaveLen(2)) // nobody else waits for the account
	b.requestFrom("victim", "key", "in1", "V")
	b.vendor.respond(nil) // one of the attacker's
	b.Eventually(b.vendor.calls).Should(HaveLen(2))
	b.Expect(b.vendor.values()).To(ContainElement("key"))
}

func TestWhileOthersWaitANamespaceHasOneCallOfAnAccount(t *testing.T) {
	b := newBench(t, 0)
	for i := range 10 {
		b.requestFrom("attacker", fmt.Sprint("guess", i), "in1", "V")
		b.requestFrom("victim", fmt.Sprint("key", i), "in1", "V")
	}
	for range 16 {
		b.Eventually(b.vendor.calls).Should(HaveLen(2))
		b.vendor.respond(nil)
		b.Eventually(b.vendor.calls).Should(HaveLen(2))
		b.Expect(b.vendor.values()).To(ContainElement(HavePrefix("key")))
	}
}

func TestPublicationsGoBeforeRoutine(t *testing.T) {
	b := newBench(t, 1)
	call := func(key string, urgent bool) {
		b.pool.Request(object("one"), key, request(key, "A"), urgent)
	}
	call("first", false)
	call("second", false)
	call("third", false)
	call("urgent", true)
	call("third", true) // something waits for it now
	b.Eventually(b.vendor.calls).Should(HaveLen(1))
	var order []string
	for range 4 {
		b.Eventually(b.vendor.values).Should(HaveLen(1))
		order = append(order, b.vendor.values()...)
		b.vendor.respond(nil)
		last := order[len(order)-1]
		b.Eventually(b.vendor.values).ShouldNot(ContainElement(last))
	}
	b.Expect(order).To(Equal([]string{"first", "urgent", "third", "second"}))
	b.Eventually(b.pool.Busy).Should(BeFalse())
	b.Expect(b.vendor.calls()).To(BeEmpty(), "called twice")
}

func TestARequestIsDroppedWithItsLastUser(t *testing.T) {
	b := newBench(t, 1)
	b.requestFrom("other", "running", "in1", "A")
	b.Eventually(b.vendor.calls).Should(HaveLen(1))
	b.requestFrom("shop", "key", "in1", "B")
	b.requestFrom("mall", "key", "in1", "B")
	gone := func(namespace string) { b.pool.Retain(types.NamespacedName{Namespace: namespace, Name: "one"}) }
	gone("shop")
	b.Expect(b.pool.Verification("mall", "key").RequestedAt).NotTo(BeZero(), "mall waits for it still")
	gone("mall")
	b.Expect(b.pool.Verification("shop", "key")).To(Equal(clevertap.Verification{}))
	b.vendor.respond(nil)
	b.Eventually(b.pool.Busy).Should(BeFalse())
	b.Consistently(b.vendor.calls, "50ms").Should(BeEmpty(), "calls for an object that is gone")
	b.requestFrom("shop", "key", "in1", "B")
	b.Eventually(b.vendor.calls).Should(ConsistOf("in1/B"))
}

func request(value, account string) clevertap.Request {
	passcode, err := clevertap.ParsePasscode([]byte(value))
	if err != nil {
		panic(err)
	}
	return clevertap.Request{Region: "in1", AccountID: account, Passcode: passcode}
}

// values are those that calls under way are about.
func (v *vendor) values() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	values := []string{}
	for _, c := range v.waiting {
		values = append(values, c.request.Passcode.Reveal())
	}
	return values
}

func TestAccountsTakeTurns(t *testing.T) {
	b := newBench(t, 1)
	for i := range 3 {
		b.call(fmt.Sprint("A", i), "in1", "A")
	}
	b.call("B", "in1", "B")
	var order []string
	for range 4 {
		b.Eventually(b.vendor.calls).Should(HaveLen(1))
		order = append(order, b.vendor.calls()...)
		b.vendor.respond(nil)
		b.Eventually(b.vendor.calls).Should(Or(HaveLen(1), BeEmpty()))
	}
	b.Expect(order).To(Equal([]string{"in1/A", "in1/A", "in1/B", "in1/A"}))
}

// A namespace that did not request it learns nothing, not even that another one did.
func TestAResultIsForThoseWhoRequestedIt(t *testing.T) {
	b := newBench(t, 0)
	quiet := types.NamespacedName{Namespace: "quiet", Name: "one"}
	b.pool.Retain(quiet, "key")
	b.requestFrom("shop", "key", "in1", "A")
	b.Eventually(b.vendor.calls).Should(HaveLen(1))
	b.Expect(b.pool.Verification("quiet", "key")).To(Equal(clevertap.Verification{}))
	b.vendor.respond(nil)
	b.Expect(<-b.woken).To(HaveField("Namespace", "shop"))
	b.Expect(b.pool.Verification("shop", "key").Result).To(Equal(clevertap.Accepted))
	b.Expect(b.pool.Verification("quiet", "key")).To(Equal(clevertap.Verification{}))
	b.Expect(b.woken).To(BeEmpty())
}

func TestOneCallServesAllWhoWait(t *testing.T) {
	b := newBench(t, 0)
	b.requestFrom("shop", "key", "in1", "A")
	b.requestFrom("mall", "key", "in1", "A")
	b.Eventually(b.vendor.calls).Should(HaveLen(1))
	b.vendor.respond(nil)
	b.Expect([]string{(<-b.woken).Namespace, (<-b.woken).Namespace}).To(ConsistOf("shop", "mall"))
	b.Expect(b.pool.Verification("mall", "key").Result).To(Equal(clevertap.Accepted))
	b.Eventually(b.pool.Busy).Should(BeFalse())
}

// What was dropped counts for nobody any more: the other namespace has all of the account's calls.
func TestADroppedRequestDelaysNobody(t *testing.T) {
	b := newBench(t, 4) // two calls a namespace
	for i := range 2 {
		b.requestFrom("attacker", fmt.Sprint("hangs", i), "in1", fmt.Sprint("own-", i))
	}
	guess := types.NamespacedName{Namespace: "attacker", Name: "guess"}
	b.pool.Request(guess, "guess", request("guess", "V"), false)
	b.Eventually(b.vendor.calls).Should(HaveLen(2))
	for i := range 3 {
		b.requestFrom("victim", fmt.Sprint("key", i), "in1", "V")
	}
	b.Eventually(b.vendor.calls).Should(HaveLen(3))
	b.pool.Retain(guess)
	b.Eventually(b.vendor.calls).Should(HaveLen(4))
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package verification

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

func fill(r *region, ns, account string, n int) {
	for i := range n {
		q := &valueRequest{key: fmt.Sprint(ns, account, i), request: clevertap.Request{AccountID: account}, objects: sets.New[types.NamespacedName](),
			waiting: map[string]bool{ns: false}}
		r.enqueue(ns, q, false)
	}
}

// A namespace delayed only by its account keeps its turn: whatever a third namespace calls, its request is the next of that
// account, in whichever phase of the turns it comes.
func TestADelayedNamespaceKeepsItsTurn(t *testing.T) {
	for _, perAccount := range []int{1, 2} {
		for arrival := range 8 {
			r := newRegion(limits{perAccount: perAccount, perRegion: 16, perNamespace: 8})
			fill(r, "busy", "OWN", 5000) // an innocent, or the attacker's second namespace: its own account
			fill(r, "a2", "V", 5000)
			if perAccount == 2 {
				fill(r, "a3", "V", 5000)
			}
			running := map[string]int{}
			calls := map[string]int{}
			start := func() {
				for {
					i, ns := r.next()
					if i == nil {
						return
					}
					i.waiting = nil
					running[ns+"/"+i.request.AccountID]++
					calls[ns+"/"+i.request.AccountID]++
				}
			}
			end := func(ns, account string) {
				if running[ns+"/"+account] == 0 {
					return
				}
				running[ns+"/"+account]--
				r.done(ns, account)
				start()
			}
			start()
			for range arrival { // other phases of the turn
				end([]string{"busy", "a2", "a3"}[arrival%3], map[int]string{0: "OWN", 1: "V", 2: "V"}[arrival%3])
			}
			fill(r, "victim", "V", 1)
			start()
			for k := range 1000 {
				end("busy", "OWN")
				end([]string{"a2", "a3"}[k%2], "V")
			}
			if calls["victim/V"] == 0 {
				t.Errorf("perAccount %d, arrival %d: the victim's one request waits after %d calls of others to its account", perAccount, arrival,
					calls["a2/V"]+calls["a3/V"])
			}
		}
	}
}

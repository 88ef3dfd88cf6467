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

package verification

// region is a queue of questions that takes its accounts in turn.
type region struct {
	running  int
	accounts map[string]*account
	ready    []string // accounts that have a question waiting and a call free, each once
}

// account is one with questions waiting or running.
type account struct {
	running int
	waiting []string
	ready   bool
}

func (r *region) enqueue(name, key string, perAccount int) {
	a := r.accounts[name]
	if a == nil {
		a = &account{}
		r.accounts[name] = a
	}
	a.waiting = append(a.waiting, key)
	r.makeReady(name, a, perAccount)
}

func (r *region) makeReady(name string, a *account, perAccount int) {
	if a.ready || len(a.waiting) == 0 || a.running >= perAccount {
		return
	}
	a.ready = true
	r.ready = append(r.ready, name)
}

// next takes the question whose turn it is.
func (r *region) next(perAccount int) (key, name string, ok bool) {
	if len(r.ready) == 0 {
		return "", "", false
	}
	name, r.ready = r.ready[0], r.ready[1:]
	a := r.accounts[name]
	key, a.waiting = a.waiting[0], a.waiting[1:]
	a.ready = false
	a.running++
	r.running++
	r.makeReady(name, a, perAccount)
	return key, name, true
}

func (r *region) done(name string, perAccount int) {
	a := r.accounts[name]
	a.running--
	r.running--
	if a.running == 0 && len(a.waiting) == 0 {
		delete(r.accounts, name)
		return
	}
	r.makeReady(name, a, perAccount)
}

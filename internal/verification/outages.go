// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package verification

import (
	"errors"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// accountKey is an account in a region.
type accountKey struct {
	region clevertap.Region
	id     string
}

// outages logs when verification of an account becomes unavailable and when that ends: a line each, however many objects
// and values the account has. The pool's lock guards it.
type outages struct {
	log logr.Logger
	// values are the keys of values whose last verification brought no result. An account without any is absent.
	values map[accountKey]sets.Set[string]
}

// ended notes the end of a verification: err is what Verify returned.
func (o *outages) ended(a accountKey, key string, err error) {
	var rejected *clevertap.RejectedError
	if err == nil || errors.As(err, &rejected) {
		if o.values[a].Has(key) {
			o.available(a, key)
		}
		return
	}
	if o.values[a] == nil {
		o.values[a] = sets.New[string]()
		o.log.Info("Verification is unavailable; active passcodes stay", "accountID", a.id, "region", a.region, "problem", err.Error())
	}
	o.values[a].Insert(key)
}

func (o *outages) available(a accountKey, key string) {
	o.values[a].Delete(key)
	if o.values[a].Len() == 0 {
		delete(o.values, a)
		o.log.Info("Verification is available again", "accountID", a.id, "region", a.region)
	}
}

// forget drops a value that no object has any more. That its account is available again is not known by that.
func (o *outages) forget(key string) {
	for a, keys := range o.values {
		if keys.Delete(key).Len() == 0 {
			delete(o.values, a)
		}
	}
}

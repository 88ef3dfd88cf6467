// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// Record has keep called with every state of every object, Secret, Pod and event of a namespace from now on, and with the last
// one of each that is deleted. Kinds are watched one by one, so only resource versions show what came first. Stop ends it.
func Record(kube client.WithWatch, namespace string, keep func(o client.Object, deleted bool)) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	for _, list := range []client.ObjectList{&corev1.SecretList{}, &v1alpha1.CleverTapPasscodeList{}, &corev1.PodList{}, &eventsv1.EventList{}} {
		watcher, failed := kube.Watch(ctx, list, client.InNamespace(namespace))
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("watching %T: %w", list, failed))
			continue
		}
		go func() {
			for event := range watcher.ResultChan() {
				if object, isObject := event.Object.(client.Object); isObject {
					keep(object, event.Type == watch.Deleted)
				}
			}
		}()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return cancel, nil
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	eventsclient "k8s.io/client-go/kubernetes/typed/events/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/passcode-operator/clevertap-passcode-operator/controllers"
)

// addRecorder returns a recorder of events in protobuf, which cost the API server half of those in JSON. The manager's own
// recorder sends JSON: its configuration serves custom resources too, which have no protobuf.
func (p *process) addRecorder(m ctrl.Manager) (events.EventRecorder, error) {
	access := rest.CopyConfig(p.Config)
	access.ContentType = runtime.ContentTypeProtobuf
	kube, err := eventsclient.NewForConfig(access)
	if err != nil {
		return nil, fmt.Errorf("preparing the client for events: %w", err)
	}
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: kube})
	err = m.Add(manager.RunnableFunc(func(ctx context.Context) error {
		defer broadcaster.Shutdown()
		if err := broadcaster.StartRecordingToSinkWithContext(ctx); err != nil {
			return fmt.Errorf("sending events: %w", err)
		}
		<-ctx.Done()
		return nil
	}))
	if err != nil {
		return nil, fmt.Errorf("adding the recorder of events: %w", err)
	}
	return broadcaster.NewRecorder(m.GetScheme(), controllers.FieldManager), nil
}

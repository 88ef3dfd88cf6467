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

package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/controllers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/metrics"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/notification"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

// Surroundings are what the operator is given from outside.
type Surroundings struct {
	Config *rest.Config
	Clock  Clock
	// Random makes the key of the fingerprints.
	Random io.Reader
	// Wrap puts something around every call to CleverTap; nil means nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
	// Registry is where metrics are registered, once each.
	Registry prometheus.Registerer
	// Twins allows for more than one operator in this process, which metrics and names are then shared by.
	Twins bool
}

// Clock tells the time and wakes.
type Clock interface {
	clock.PassiveClock
	clock.WithDelayedExecution
}

// Scheme knows every kind that the operator reads or writes.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering kinds: %w", err)
		}
	}
	return scheme, nil
}

// Run runs the operator until the context ends.
func Run(ctx context.Context, o Options, s Surroundings) error {
	o, err := o.complete()
	if err != nil {
		return err
	}
	manager, err := newManager(o, s)
	if err != nil {
		return err
	}
	if err := addReconciler(ctx, manager, o, s); err != nil {
		return err
	}
	if err := manager.Start(ctx); err != nil {
		return fmt.Errorf("running: %w", err)
	}
	return nil
}

func newManager(o Options, s Surroundings) (ctrl.Manager, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	cacheOptions, err := controllers.CacheOptions(o.Namespaces, o.WatchLabelSelector)
	if err != nil {
		return nil, err
	}
	manager, err := ctrl.NewManager(s.Config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         cacheOptions,
		Metrics:                       metricsOptions(o),
		HealthProbeBindAddress:        o.HealthProbeBindAddress,
		LeaderElection:                o.LeaderElect,
		LeaderElectionID:              o.LeaderElectionID,
		LeaderElectionNamespace:       o.OperatorNamespace,
		LeaderElectionReleaseOnCancel: true,
		Controller:                    ctrlconfig.Controller{SkipNameValidation: &s.Twins},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the manager: %w", err)
	}
	if err := manager.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("adding the health check: %w", err)
	}
	if err := manager.AddReadyzCheck("informers", informersSynced(manager)); err != nil {
		return nil, fmt.Errorf("adding the readiness check: %w", err)
	}
	return manager, nil
}

// informersSynced is whether the API server lets this process see what it works on.
func informersSynced(manager ctrl.Manager) healthz.Checker {
	return func(r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), 100*time.Millisecond)
		defer cancel()
		if !manager.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the informers have not seen all objects and Secrets yet: is a right missing?")
		}
		return nil
	}
}

func metricsOptions(o Options) metricsserver.Options {
	options := metricsserver.Options{BindAddress: o.MetricsBindAddress, SecureServing: o.MetricsSecure}
	if o.MetricsSecure {
		options.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	return options
}

func addReconciler(ctx context.Context, manager ctrl.Manager, o Options, s Surroundings) error {
	live, err := client.New(s.Config, client.Options{Scheme: manager.GetScheme(), Mapper: manager.GetRESTMapper(), HTTPClient: manager.GetHTTPClient()})
	if err != nil {
		return fmt.Errorf("preparing the client: %w", err)
	}
	key, err := controllers.LoadKey(ctx, live, s.Random, o.OperatorNamespace)
	if err != nil {
		return err
	}
	vendor, err := clevertap.NewClient(clevertap.Options{
		Endpoint: o.ClevertapEndpoint, Partner: o.ClevertapPartner, Timeout: o.VerifyTimeout,
		IdleConnections: verification.DefaultPerRegion, Now: s.Clock.Now, Wrap: s.Wrap,
	})
	if err != nil {
		return err
	}
	counters := metrics.NewCounters()
	if err := registerMetrics(manager, counters, o.MetricLabels, s.Registry); err != nil {
		return err
	}
	notices, err := notification.New(notification.Options{
		Sink: o.NotificationSink, Clock: s.Clock, Log: manager.GetLogger().WithName("notices"), Sent: counters.Notified,
	})
	if err != nil {
		return err
	}
	if notices != nil {
		if err := manager.Add(notices); err != nil {
			return fmt.Errorf("adding the sender of notices: %w", err)
		}
	}
	reconciler := &controllers.Reconciler{
		Client: manager.GetClient(),
		Live:   live,
		Key:    key,
		Clock:  s.Clock,
		Events: manager.GetEventRecorder(controllers.FieldManager),
		Notify: notices.Send,

		VolumeRefresh:            o.VolumeRefresh,
		Counters:                 counters,
		AllowedTargetAnnotations: o.AllowedTargetAnnotations,
		Endpoint:                 schemeAndHost(o.ClevertapEndpoint),
	}
	reconciler.Verification = verification.New(ctx, verification.Options{
		Verifier: vendor, Clock: s.Clock, PerAccount: o.VerifyConcurrency, Wake: reconciler.Wake, Asked: counters.Asked,
	})
	if err := reconciler.SetupWithManager(ctx, manager, o.MaxConcurrentReconciles); err != nil {
		return fmt.Errorf("preparing the reconciler: %w", err)
	}
	return nil
}

// schemeAndHost is what may be said of a URL: its path and its user can hold secrets. "" stays "".
func schemeAndHost(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return ""
	}
	return parsed.Scheme + "://" + parsed.Host
}

func registerMetrics(manager ctrl.Manager, counters *metrics.Counters, labels []string, registry prometheus.Registerer) error {
	if err := counters.Register(registry); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	if err := registry.Register(metrics.NewObjects(manager.GetClient(), manager.Elected(), labels)); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	return nil
}

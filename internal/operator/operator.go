// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

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

// Dependencies are what the operator is given from outside.
type Dependencies struct {
	Config *rest.Config
	Clock  Clock
	// Random makes the key of the fingerprints.
	Random io.Reader
	// Wrap puts something around every call to CleverTap; nil means nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
	// Registry is where metrics are registered, once each.
	Registry prometheus.Registerer
	// Prepared is called with the reconciler before it starts, so that a test can wait until it is idle; nil is not called.
	Prepared func(*controllers.Reconciler)
}

// Clock has the time, and timers.
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

// Run runs the operator until the context ends. It begins anew, within the process, when another one of --namespaces can
// be watched.
func Run(ctx context.Context, o Options, s Dependencies) error {
	o, err := o.complete()
	if err != nil {
		return err
	}
	build := ReadBuild()
	ctrl.Log.WithName("operator").Info("Starting", append(build.fields(), o.fields()...)...)
	p := &process{Options: o, Dependencies: s, counters: metrics.NewCounters()}
	if err := p.counters.Register(s.Registry); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	p.counters.Build(build.Version, build.Revision, build.GoVersion)
	if p.notifications, err = p.senders(); err != nil {
		return err
	}
	if len(o.Namespaces) == 0 {
		return unlessEnded(ctx, p.work(ctx, nil))
	}
	if p.named, err = p.namedNamespaces(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := p.workUntilMore(ctx); err != nil {
			return err
		}
	}
	return nil
}

// process is what outlives a beginning anew.
type process struct {
	Options
	Dependencies
	counters      *metrics.Counters
	notifications []*notification.Sender
	named         *namespaces // nil for all
}

// senders are those of --notification-sink and of each --notification-url.
func (p *process) senders() ([]*notification.Sender, error) {
	options := notification.Options{Clock: p.Clock, Log: ctrl.Log.WithName("notifications"), Sent: p.counters.Notified}
	var senders []*notification.Sender
	if p.NotificationSink != "" {
		sink, err := notification.NewSink(p.NotificationSink, options)
		if err != nil {
			return nil, err
		}
		senders = append(senders, sink)
	}
	options.Warnings = p.NotificationSeverity != "Normal"
	for i, address := range p.NotificationURLs {
		people, err := notification.NewPeople(i+1, address, options)
		if err != nil {
			return nil, err
		}
		senders = append(senders, people)
	}
	return senders, nil
}

// notify never blocks: each sender has a queue.
func (p *process) notify(n notification.Notification) {
	for _, sender := range p.notifications {
		sender.Send(n)
	}
}

func (p *process) namedNamespaces() (*namespaces, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	live, err := client.New(p.Config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("preparing the client: %w", err)
	}
	return &namespaces{
		names: p.Namespaces, live: live, clock: p.Clock, log: ctrl.Log.WithName("namespaces"), watched: p.counters.Watched,
		doubt: make(chan struct{}, 1), problems: map[string]string{},
	}, nil
}

// workUntilMore works in the namespaces that can be watched, until there are more of them.
func (p *process) workUntilMore(ctx context.Context) error {
	watched := p.named.readable(ctx)
	working, end := context.WithCancel(ctx)
	defer end()
	go func() {
		defer end()
		p.named.awaitMore(working, watched)
	}()
	return unlessEnded(working, p.work(working, watched))
}

// unlessEnded is the error of what ran until the context ended, or nil if that is why it ended, in the middle of its start
// perhaps.
func unlessEnded(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// work runs a manager until the context ends. If namespaces are named and none can be watched, it watches nothing, and
// only responds to probes.
func (p *process) work(ctx context.Context, watched []string) error {
	manager, err := p.newManager(watched)
	if err != nil {
		return explainUnreached(err, p.Config.Host)
	}
	if p.named == nil || len(watched) > 0 {
		objects, err := p.addReconciler(ctx, manager)
		if err != nil {
			return explainUnreached(err, p.Config.Host)
		}
		defer p.Registry.Unregister(objects)
	}
	if err := manager.Start(ctx); err != nil {
		return fmt.Errorf("running: %w", err)
	}
	return nil
}

func (p *process) newManager(watched []string) (ctrl.Manager, error) {
	o := p.Options
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	options, err := cacheOptions(watched, o.WatchLabelSelector)
	if err != nil {
		return nil, err
	}
	if p.named != nil {
		options.DefaultWatchErrorHandler = p.named.watchFailed
	}
	manager, err := ctrl.NewManager(p.Config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         options,
		Metrics:                       metricsOptions(o),
		HealthProbeBindAddress:        o.HealthProbeBindAddress,
		LeaderElection:                o.LeaderElect,
		LeaderElectionID:              o.LeaderElectionID,
		LeaderElectionNamespace:       o.OperatorNamespace,
		LeaderElectionReleaseOnCancel: true,
		// One of the name was there before, if this is a beginning anew.
		Controller: ctrlconfig.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the manager: %w", err)
	}
	if err := manager.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("adding the health check: %w", err)
	}
	ready := informersSynced(manager)
	if p.named != nil && len(watched) == 0 {
		ready = nothingWatched
	}
	if err := manager.AddReadyzCheck("informers", ready); err != nil {
		return nil, fmt.Errorf("adding the readiness check: %w", err)
	}
	return manager, nil
}

// nothingWatched is not ready: none of the named namespaces can be watched, and the log says why.
func nothingWatched(*http.Request) error {
	return errors.New("none of --namespaces can be watched: the log says why")
}

// informersSynced reports whether the API server lets this process see what it works on.
func informersSynced(manager ctrl.Manager) healthz.Checker {
	return func(r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), 100*time.Millisecond)
		defer cancel()
		if !manager.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the informers have not listed all objects and Secrets yet: if this lasts, the log names the permission that is missing")
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

// newVendor returns the client of CleverTap.
func (p *process) newVendor() (*clevertap.Client, error) {
	return clevertap.NewClient(clevertap.Options{
		Endpoint: p.ClevertapEndpoint, Partner: p.ClevertapPartner, UserAgent: clevertap.DefaultPartner + "/" + ReadBuild().Version, Timeout: p.VerifyTimeout,
		IdleConnections: verification.DefaultPerRegion, Now: p.Clock.Now, Wrap: p.Wrap,
	})
}

func (p *process) addNotificationSenders(manager ctrl.Manager) error {
	for _, sender := range p.notifications {
		if err := manager.Add(sender); err != nil {
			return fmt.Errorf("adding a sender of notifications: %w", err)
		}
	}
	return nil
}

// addReconciler returns the metrics about objects, which end with the manager.
func (p *process) addReconciler(ctx context.Context, manager ctrl.Manager) (prometheus.Collector, error) {
	live, err := client.New(p.Config, client.Options{Scheme: manager.GetScheme(), Mapper: manager.GetRESTMapper(), HTTPClient: manager.GetHTTPClient()})
	if err != nil {
		return nil, fmt.Errorf("preparing the client: %w", err)
	}
	key, err := loadKey(ctx, live, p.Random, p.OperatorNamespace)
	if err != nil {
		return nil, err
	}
	vendor, err := p.newVendor()
	if err != nil {
		return nil, err
	}
	if err := p.addNotificationSenders(manager); err != nil {
		return nil, err
	}
	recorder, err := p.addRecorder(manager)
	if err != nil {
		return nil, err
	}
	reconciler := p.newReconciler()
	reconciler.Client, reconciler.APIReader, reconciler.Key, reconciler.Events = manager.GetClient(), live, key, recorder
	reconciler.Verification = verification.New(ctx, verification.Options{
		Log:      ctrl.Log.WithName("verification"),
		Verifier: vendor, Clock: p.Clock, PerAccount: p.VerifyConcurrency, Wake: reconciler.Wake, Finished: p.counters.VerificationFinished,
	})
	if err := reconciler.SetupWithManager(ctx, manager, p.MaxConcurrentReconciles); err != nil {
		return nil, fmt.Errorf("preparing the reconciler: %w", err)
	}
	if p.Prepared != nil {
		p.Prepared(reconciler)
	}
	objects := metrics.NewObjects(manager.GetClient(), manager.Elected(), p.MetricLabels)
	if err := p.Registry.Register(objects); err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	return objects, nil
}

// newReconciler is one with what the options say, and nothing that needs the API server yet.
func (p *process) newReconciler() *controllers.Reconciler {
	r := &controllers.Reconciler{
		Clock:                    p.Clock,
		Notify:                   p.notify,
		VolumeRefresh:            p.VolumeRefresh,
		Counters:                 p.counters,
		AllowedTargetAnnotations: p.AllowedTargetAnnotations,
		Endpoint:                 schemeAndHost(p.ClevertapEndpoint),
	}
	if p.named != nil {
		r.NamespacesChanged = p.named.suspect
	}
	return r
}

// schemeAndHost is what may be shown of a URL: its path and its user can contain secrets. "" stays "".
func schemeAndHost(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return ""
	}
	return parsed.Scheme + "://" + parsed.Host
}

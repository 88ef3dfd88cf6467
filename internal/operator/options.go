// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package operator puts the operator together from its options.
package operator

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

// Options are the operator's flags.
type Options struct {
	// Namespaces to work in; none means all.
	Namespaces []string
	// WatchLabelSelector says which objects to work on; "" means all.
	WatchLabelSelector string
	LeaderElect        bool
	// LeaderElectionID is the lease's name; "" means one that shards do not share.
	LeaderElectionID string
	// OperatorNamespace is where its lease and its key Secret live; "" means the one it runs in.
	OperatorNamespace string

	MetricsBindAddress     string
	MetricsSecure          bool
	HealthProbeBindAddress string

	ClevertapEndpoint string
	ClevertapPartner  string
	VerifyTimeout     time.Duration
	VerifyConcurrency int

	MaxConcurrentReconciles int
	VolumeRefresh           time.Duration

	// NotificationSink is the URL that gets a CloudEvent for each event; "" means none.
	NotificationSink string
	// NotificationURLs are service URLs of shoutrrr that receive each event as a text for people.
	NotificationURLs []string
	// NotificationSeverity is the least severity sent to them, Warning or Normal; "" means Warning.
	NotificationSeverity string
	// MetricLabels are keys of the objects' labels that become labels of clevertap_passcode_labels; none means no such
	// series.
	MetricLabels []string

	// AllowedTargetAnnotations are prefixes of copy-triggering annotations that objects may set on targets.
	AllowedTargetAnnotations []string
}

// BindFlags adds the flags to the set; their defaults are the options'.
func (o *Options) BindFlags(flags *flag.FlagSet) {
	flags.Func("namespaces", "comma-separated namespaces to watch (default all)", list(&o.Namespaces))
	flags.Func("allowed-target-annotations", "comma-separated prefixes of copy-triggering annotations that objects may set on targets (default none)",
		list(&o.AllowedTargetAnnotations))
	flags.Func("metric-labels", "comma-separated keys of the objects' labels that become labels of clevertap_passcode_labels (default none)",
		list(&o.MetricLabels))
	flags.StringVar(&o.NotificationSink, "notification-sink", "",
		"URL that receives a CloudEvent for each event (default: the environment variable K_SINK, else none)")
	flags.Func("notification-url", "service URL of shoutrrr (slack://, teams://, smtp://, ...) that receives each event as a text; repeatable (default: the environment variable NOTIFICATION_URLS, separated by spaces, else none)", func(value string) error {
		o.NotificationURLs = append(o.NotificationURLs, value)
		return nil
	})
	flags.StringVar(&o.NotificationSeverity, "notification-severity", "Warning", "least severity sent to --notification-url: Warning or Normal")
	flags.StringVar(&o.WatchLabelSelector, "watch-label-selector", "", "label selector of the objects to reconcile, for a shard (default all)")
	flags.BoolVar(&o.LeaderElect, "leader-elect", false, "reconcile only as the leader, so that several replicas can run")
	flags.StringVar(&o.LeaderElectionID, "leader-election-id", "",
		"name of the lease (default clevertap-passcode-operator, plus a hash if --namespaces or --watch-label-selector is set)")
	flags.StringVar(&o.OperatorNamespace, "operator-namespace", "",
		"namespace of the lease and of the Secret with the fingerprint key (default the namespace that the operator runs in)")
	flags.StringVar(&o.MetricsBindAddress, "metrics-bind-address", ":8443", "address that serves /metrics; 0 turns it off")
	flags.BoolVar(&o.MetricsSecure, "metrics-secure", true, "serve metrics over TLS, only to clients that are permitted to read them")
	flags.StringVar(&o.HealthProbeBindAddress, "health-probe-bind-address", ":8081", "address that serves /healthz and /readyz")
	flags.StringVar(&o.ClevertapEndpoint, "clevertap-endpoint", "",
		"base URL to call instead of CleverTap's hosts, for gateways and tests; {region} is replaced (default CleverTap's hosts)")
	flags.StringVar(&o.ClevertapPartner, "clevertap-partner", clevertap.DefaultPartner, "value of the parameter partner of the Connect call")
	flags.DurationVar(&o.VerifyTimeout, "verify-timeout", clevertap.DefaultTimeout, "timeout of one call to CleverTap")
	flags.IntVar(&o.VerifyConcurrency, "verify-concurrency", verification.DefaultPerAccount, "maximum concurrent calls to CleverTap per account")
	flags.DurationVar(&o.VolumeRefresh, "volume-refresh", 2*time.Minute,
		"how long kubelets may take to refresh a mounted Secret; an assumption that sets nothing")
	flags.IntVar(&o.MaxConcurrentReconciles, "max-concurrent-reconciles", 16, "maximum objects reconciled concurrently")
}

// list reads comma-separated values, with or without blanks around them.
func list(into *[]string) func(string) error {
	return func(value string) error {
		*into = nil
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*into = append(*into, part)
			}
		}
		return nil
	}
}

// complete fills in what is absent, and checks what can be checked.
func (o Options) complete() (Options, error) {
	if _, err := labels.Parse(o.WatchLabelSelector); err != nil {
		return o, fmt.Errorf("--watch-label-selector: %w", err)
	}
	namespaces, err := checkNamespaces(o.Namespaces)
	if err != nil {
		return o, err
	}
	o.Namespaces = namespaces
	if o.VerifyConcurrency < 1 || o.MaxConcurrentReconciles < 1 || o.VerifyTimeout <= 0 {
		return o, fmt.Errorf("--verify-concurrency, --max-concurrent-reconciles and --verify-timeout must be more than zero")
	}
	if o.OperatorNamespace == "" {
		namespace, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
		if err != nil {
			return o, fmt.Errorf("--operator-namespace must be set if the operator does not run in a Pod: %w", err)
		}
		o.OperatorNamespace = strings.TrimSpace(string(namespace))
	}
	if o.NotificationSink == "" {
		o.NotificationSink = os.Getenv("K_SINK")
	}
	if len(o.NotificationURLs) == 0 {
		o.NotificationURLs = strings.Fields(os.Getenv("NOTIFICATION_URLS"))
	}
	if severity := o.NotificationSeverity; severity != "" && severity != "Warning" && severity != "Normal" {
		return o, fmt.Errorf("--notification-severity %q must be Warning or Normal", severity)
	}
	if o.LeaderElectionID == "" {
		o.LeaderElectionID = o.DefaultLease()
	}
	return o, nil
}

// DefaultLease is the lease's name if none is given. It differs from shard to shard, so that each has a leader of its own.
func (o Options) DefaultLease() string {
	const name = "clevertap-passcode-operator"
	if len(o.Namespaces) == 0 && o.WatchLabelSelector == "" {
		return name
	}
	namespaces := slices.Sorted(slices.Values(o.Namespaces))
	shard := sha256.Sum256([]byte(strings.Join(namespaces, ",") + "\n" + o.WatchLabelSelector))
	return name + "-" + hex.EncodeToString(shard[:4])
}

// fields are the effective configuration, for a log line: of URLs, which can contain tokens, scheme and host only.
func (o Options) fields() []any {
	return []any{
		"namespaces", o.Namespaces, "selector", o.WatchLabelSelector, "operatorNamespace", o.OperatorNamespace,
		"leaderElection", o.LeaderElect, "lease", o.LeaderElectionID, "metrics", o.MetricsBindAddress, "metricsSecure", o.MetricsSecure,
		"endpoint", schemeAndHost(o.ClevertapEndpoint), "notificationSink", schemeAndHost(o.NotificationSink), "notificationURLs",
		schemes(o.NotificationURLs), "notificationSeverity", o.NotificationSeverity,
		"verifyTimeout", o.VerifyTimeout.String(), "verifyConcurrency", o.VerifyConcurrency, "volumeRefresh", o.VolumeRefresh.String(),
		"maxConcurrentReconciles", o.MaxConcurrentReconciles, "metricLabels", o.MetricLabels, "allowedTargetAnnotations", o.AllowedTargetAnnotations,
	}
}

// schemes are all that may be said of service URLs: tokens are in hosts and paths.
func schemes(addresses []string) []string {
	var list []string
	for _, address := range addresses {
		scheme, _, _ := strings.Cut(address, "://")
		list = append(list, scheme)
	}
	return list
}

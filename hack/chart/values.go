// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// anyValue is anything.
type anyValue struct{}

// values are the chart's. values.yaml explains each.
type values struct {
	Enabled           bool                `json:"enabled"`
	Global            map[string]anyValue `json:"global"`
	NameOverride      string              `json:"nameOverride"      jsonschema:"maxLength=46,pattern=^([a-z]([-a-z0-9]*[a-z0-9])?)?$"`
	FullnameOverride  string              `json:"fullnameOverride"  jsonschema:"maxLength=46,pattern=^([a-z]([-a-z0-9]*[a-z0-9])?)?$"`
	CommonLabels      map[string]string   `json:"commonLabels"`
	CommonAnnotations map[string]string   `json:"commonAnnotations"`
	ExtraObjects      []anyValue          `json:"extraObjects"`

	ReplicaCount         int                           `json:"replicaCount"         jsonschema:"minimum=0"`
	RevisionHistoryLimit historyLimit                  `json:"revisionHistoryLimit"`
	Strategy             appsv1.DeploymentStrategy     `json:"strategy"`
	Image                image                         `json:"image"`
	ImagePullSecrets     []corev1.LocalObjectReference `json:"imagePullSecrets"`

	CRDs           crds           `json:"crds"`
	RBAC           rbac           `json:"rbac"`
	ServiceAccount serviceAccount `json:"serviceAccount"`

	WatchNamespaces    []namespace `json:"watchNamespaces"    jsonschema:"uniqueItems=true"`
	WatchLabelSelector string      `json:"watchLabelSelector"`

	Clevertap     clevertap     `json:"clevertap"`
	Notifications notifications `json:"notifications"`
	ArgoRollouts  toggle        `json:"argoRollouts"`
	Openshift     toggle        `json:"openshift"`
	LogLevel      logLevel      `json:"logLevel"`
	ExtraArgs     []string      `json:"extraArgs"`

	ExtraEnv          []corev1.EnvVar        `json:"extraEnv"`
	ExtraEnvFrom      []corev1.EnvFromSource `json:"extraEnvFrom"`
	ExtraVolumes      []corev1.Volume        `json:"extraVolumes"`
	ExtraVolumeMounts []corev1.VolumeMount   `json:"extraVolumeMounts"`

	DeploymentAnnotations map[string]string           `json:"deploymentAnnotations"`
	PodAnnotations        map[string]string           `json:"podAnnotations"`
	PodLabels             map[string]string           `json:"podLabels"`
	PriorityClassName     string                      `json:"priorityClassName"`
	RuntimeClassName      string                      `json:"runtimeClassName"`
	DNSPolicy             string                      `json:"dnsPolicy"             jsonschema:"enum=,enum=ClusterFirst,enum=ClusterFirstWithHostNet,enum=Default,enum=None"`
	DNSConfig             corev1.PodDNSConfig         `json:"dnsConfig"`
	HostAliases           []corev1.HostAlias          `json:"hostAliases"`
	LivenessProbe         corev1.Probe                `json:"livenessProbe"`
	ReadinessProbe        corev1.Probe                `json:"readinessProbe"`
	Resources             corev1.ResourceRequirements `json:"resources"`
	PodSecurityContext    corev1.PodSecurityContext   `json:"podSecurityContext"`
	SecurityContext       corev1.SecurityContext      `json:"securityContext"`
	NodeSelector          map[string]string           `json:"nodeSelector"`
	Tolerations           []corev1.Toleration         `json:"tolerations"`
	Affinity              corev1.Affinity             `json:"affinity"`

	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints"`
	PodDisruptionBudget       podDisruptionBudget               `json:"podDisruptionBudget"`
	NetworkPolicy             networkPolicy                     `json:"networkPolicy"`
	Metrics                   metrics                           `json:"metrics"`
}

type namespace string

// historyLimit is a number, or null.
type historyLimit struct{}

// port is one of TCP or UDP.
type port int

// logLevel is a name, or a number of verbosity.
type logLevel struct{}

type toggle struct {
	Enabled bool `json:"enabled"`
}

type image struct {
	Repository string `json:"repository" jsonschema:"minLength=1"`
	// Tag may be a number here, so that the template can say what to do about it.
	Tag        anyValue `json:"tag"`
	Digest     string   `json:"digest"     jsonschema:"pattern=^(sha256:[0-9a-f]{64})?$"`
	PullPolicy string   `json:"pullPolicy" jsonschema:"enum=Always,enum=IfNotPresent,enum=Never"`
}

type crds struct {
	Enabled bool `json:"enabled"`
	Keep    bool `json:"keep"`
}

type rbac struct {
	Create                bool `json:"create"`
	AggregateClusterRoles bool `json:"aggregateClusterRoles"`
	ObserveOnly           bool `json:"observeOnly"`
	Rollouts              bool `json:"rollouts"`
}

type serviceAccount struct {
	Create      bool              `json:"create"`
	Name        string            `json:"name"        jsonschema:"pattern=^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$"`
	Annotations map[string]string `json:"annotations"`
}

type clevertap struct {
	Endpoint string `json:"endpoint" jsonschema:"pattern=^(https?://.+)?$"`
	Partner  string `json:"partner"`
}

type notifications struct {
	Sink       string    `json:"sink"       jsonschema:"pattern=^(https?://.+)?$"`
	SinkSecret secretKey `json:"sinkSecret"`
	URLs       []string  `json:"urls"`
	URLsSecret secretKey `json:"urlsSecret"`
	Severity   string    `json:"severity"   jsonschema:"enum=Warning,enum=Normal"`
}

type secretKey struct {
	Name string `json:"name"`
	Key  string `json:"key"  jsonschema:"minLength=1"`
}

type podDisruptionBudget struct {
	Enabled        bool   `json:"enabled"`
	MaxUnavailable budget `json:"maxUnavailable"`
}

// budget is a number of Pods, or a share of them.
type budget struct{}

type networkPolicy struct {
	Enabled        bool                                   `json:"enabled"`
	APIServerPorts []port                                 `json:"apiServerPorts"`
	DNSPorts       []port                                 `json:"dnsPorts"       jsonschema:"minItems=1"`
	MetricsFrom    []networkingv1.NetworkPolicyPeer       `json:"metricsFrom"`
	ExtraEgress    []networkingv1.NetworkPolicyEgressRule `json:"extraEgress"`
}

type metrics struct {
	Secure           *bool      `json:"secure"           jsonschema:"oneof_type=boolean;null"`
	ObjectLabels     []string   `json:"objectLabels"`
	CertSecret       certSecret `json:"certSecret"`
	ServiceMonitor   monitor    `json:"serviceMonitor"`
	PodMonitor       monitor    `json:"podMonitor"`
	PrometheusRule   rule       `json:"prometheusRule"`
	GrafanaDashboard dashboard  `json:"grafanaDashboard"`
}

type certSecret struct {
	Name  string `json:"name"`
	CAKey string `json:"caKey" jsonschema:"minLength=1"`
}

// monitor has parts of the Prometheus operator's own types, which its CRDs validate.
type monitor struct {
	Enabled           bool                  `json:"enabled"`
	Namespace         string                `json:"namespace"`
	Labels            map[string]string     `json:"labels"`
	Interval          string                `json:"interval"          jsonschema:"pattern=^([0-9]+(ms|[smhdwy]))*$"`
	ScrapeTimeout     string                `json:"scrapeTimeout"     jsonschema:"pattern=^([0-9]+(ms|[smhdwy]))*$"`
	Authorization     authorization         `json:"authorization"`
	TLSConfig         tlsConfig             `json:"tlsConfig"`
	Relabelings       []map[string]anyValue `json:"relabelings"`
	MetricRelabelings []map[string]anyValue `json:"metricRelabelings"`
}

type authorization struct {
	Type        string                   `json:"type"`
	Credentials corev1.SecretKeySelector `json:"credentials"`
}

type tlsConfig struct {
	CA                 secretOrConfigMap        `json:"ca"`
	Cert               secretOrConfigMap        `json:"cert"`
	KeySecret          corev1.SecretKeySelector `json:"keySecret"`
	ServerName         string                   `json:"serverName"`
	InsecureSkipVerify bool                     `json:"insecureSkipVerify"`
	MinVersion         string                   `json:"minVersion"`
	MaxVersion         string                   `json:"maxVersion"`
}

type secretOrConfigMap struct {
	Secret    corev1.SecretKeySelector    `json:"secret"`
	ConfigMap corev1.ConfigMapKeySelector `json:"configMap"`
}

type rule struct {
	Enabled          bool              `json:"enabled"`
	Namespace        string            `json:"namespace"`
	Labels           map[string]string `json:"labels"`
	AdditionalLabels map[string]string `json:"additionalLabels"`
	Disabled         []string          `json:"disabled"`
	Severity         map[string]string `json:"severity"`
}

type dashboard struct {
	Enabled bool              `json:"enabled"`
	Labels  map[string]string `json:"labels"`
}

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// row is a values file, and what it does: what is rendered contains has, and not lacks.
type row struct {
	title, values string
	has, lacks    []string
}

func matrix() []row {
	return slices.Concat(rowsOfNames(), rowsOfScope(), rowsOfNetwork(), rowsOfPods(), rowsOfMonitoring(), rowsOfYAML())
}

// rowsOfNames are what the release is called, labelled and made of.
func rowsOfNames() []row {
	return []row{
		{title: "the defaults", has: []string{"replicas: 2", "name: " + release + "\n"}, lacks: []string{"volumeMounts", "envFrom", "bearerTokenFile"}},
		{title: "nothing at all", values: "enabled: false", lacks: []string{"kind:"}},
		{title: "another name", values: "nameOverride: passcodes",
			has: []string{"name: " + release + "-passcodes-metrics", "app.kubernetes.io/name: passcodes"}},
		{title: "another full name", values: "fullnameOverride: passcodes",
			has:   []string{"name: passcodes-self", "name: passcodes-metrics-reader", "name: passcodes-edit", "serviceAccountName: passcodes"},
			lacks: []string{"name: " + release + "-"}},
		{title: "a name of the greatest length", values: "fullnameOverride: " + strings.Repeat("a", 46),
			has: []string{strings.Repeat("a", 46) + "-metrics-reader"}},
		{title: "common labels and annotations", values: "commonLabels: {team: growth}\ncommonAnnotations: {note: shared}",
			has: []string{"team: growth", "note: shared"}},
		{title: "labels and annotations of Pods", values: "podLabels: {mesh: 'on'}\npodAnnotations: {a: b}\ndeploymentAnnotations: {c: d}",
			has: []string{"mesh: \"on\"", "a: b", "c: d"}},
		{title: "more objects as text and as YAML",
			values: "extraObjects:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: roots, namespace: shop}\n- |\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: '{{ include \"operator.fullname\" . }}-extra', namespace: shop}", has: []string{"name: roots", release + "-extra"}},
		{title: "global values of an umbrella", values: "global: {imageRegistry: example.com}"},
		{title: "one replica", values: "replicaCount: 1\nrevisionHistoryLimit: 0\nstrategy: {type: Recreate}",
			has: []string{"replicas: 1", "revisionHistoryLimit: 0", "type: Recreate"}},
		{title: "another image", values: "image: {repository: example.com/operator, tag: '1.30', pullPolicy: Always}\nimagePullSecrets: [{name: pull}]",
			has: []string{`image: "example.com/operator:1.30"`, "imagePullPolicy: Always", "- name: pull"}},
		{title: "an image by digest", values: "image: {digest: 'sha256:" + strings.Repeat("a", 64) + "'}",
			has: []string{"@sha256:" + strings.Repeat("a", 64)}},
	}
}

// rowsOfScope are what the operator may do, and where.
func rowsOfScope() []row {
	return []row{
		{title: "no CRD", values: "crds: {enabled: false}", lacks: []string{"kind: CustomResourceDefinition"}},
		{title: "a CRD that goes with the release", values: "crds: {keep: false}", lacks: []string{"helm.sh/resource-policy"}},
		{title: "no roles", values: "rbac: {create: false}", lacks: []string{"kind: ClusterRole", "kind: Role"}},
		{title: "no aggregated roles", values: "rbac: {aggregateClusterRoles: false}", lacks: []string{"aggregate-to-view"}},
		{title: "no restarts", values: "rbac: {rollouts: false}", has: []string{"  - statefulsets\n  verbs:\n  - list\n-"}},
		{title: "an operator that only observes", values: "rbac: {observeOnly: true}\nargoRollouts: {enabled: true}",
			lacks: []string{"- deployments", "- pods\n", "- argoproj.io\n"}},
		{title: "a ServiceAccount of another name", values: "serviceAccount: {name: other, annotations: {a: b}}",
			has: []string{"serviceAccountName: other", "a: b"}},
		{title: "a ServiceAccount that exists", values: "serviceAccount: {create: false, name: other}", has: []string{"serviceAccountName: other"},
			lacks: []string{"kind: ServiceAccount\nmetadata"}},
		{title: "no ServiceAccount", values: "serviceAccount: {create: false}", has: []string{"serviceAccountName: default"}},
		{title: "some namespaces", values: "watchNamespaces: [shop, mall]",
			has: []string{"--namespaces=shop,mall", "--metrics-secure=false", "namespace: mall"}},
		{title: "a tenant without cluster rights", values: "watchNamespaces: [shop]\ncrds: {enabled: false}\nrbac: {aggregateClusterRoles: false}",
			lacks: []string{"kind: ClusterRole", "kind: CustomResourceDefinition"}},
		{title: "a shard", values: "watchLabelSelector: shard=one", has: []string{"--watch-label-selector=shard=one"}},
	}
}

// rowsOfNetwork are what it calls, and how it gets there.
func rowsOfNetwork() []row {
	return []row{
		{title: "a gateway on a port of its own", values: "clevertap: {endpoint: 'https://gateway.example.com:8444/{region}'}",
			has: []string{"--clevertap-endpoint=https://gateway.example.com:8444/{region}", "port: 8444"}},
		{title: "a partner that YAML would cut", values: "clevertap: {partner: 'a # b'}", has: []string{`"--clevertap-partner=a # b"`}},
		{title: "a sink on a port of its own", values: "notifications: {sink: 'http://hooks.example.com:8080/x'}",
			has: []string{"--notification-sink=http://hooks.example.com:8080/x", "port: 8080"}},
		{title: "a sink on the port of http", values: "notifications: {sink: 'http://hooks.example.com/x'}", has: []string{"port: 80\n"}},
		{title: "a sink in a Secret", values: "notifications: {sinkSecret: {name: sink}}", has: []string{"name: K_SINK"}},
		{title: "people by URLs", values: "notifications: {urls: ['smtp://mail.example.com:2525/?fromAddress=a@b.c', 'slack://hook:a-b-c@webhook'], severity: Normal}", has: []string{"--notification-url=smtp://mail.example.com:2525", "--notification-url=slack://", "--notification-severity=Normal", "port: 2525"}},
		{title: "people by URLs in a Secret", values: "notifications: {urlsSecret: {name: chats}}", has: []string{"name: NOTIFICATION_URLS", "key: urls"}},
	}
}

// rowsOfPods are what its Pods are allowed, given and placed by.
func rowsOfPods() []row {
	return []row{
		{title: "Argo Rollouts", values: "argoRollouts: {enabled: true}", has: []string{"- argoproj.io"}},
		{title: "OpenShift", values: "openshift: {enabled: true}", has: []string{"runAsNonRoot: true"}, lacks: []string{"runAsUser", "runAsGroup"}},
		{title: "a log level", values: "logLevel: 2", has: []string{`"--zap-log-level=2"`}},
		{title: "more arguments", values: "extraArgs: [--volume-refresh=5m]", has: []string{`"--volume-refresh=5m"`}},
		{title: "a proxy and private roots", values: proxyValues(),
			has: []string{"name: HTTPS_PROXY", "name: SSL_CERT_DIR", "mountPath: /etc/roots", "port: 3128"}},
		{title: "environment of a ConfigMap", values: "extraEnvFrom: [{configMapRef: {name: proxy}}]", has: []string{"configMapRef"}},
		{title: "scheduling", values: "priorityClassName: system-cluster-critical\nruntimeClassName: gvisor\nnodeSelector: {disk: ssd}\ntolerations: [{key: dedicated, operator: Exists}]\naffinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}",
			has: []string{"priorityClassName: \"system-cluster-critical\"", "runtimeClassName: \"gvisor\"", "disk: ssd", "key: dedicated", "nodeAffinity:"}},
		{title: "DNS", values: "dnsPolicy: None\ndnsConfig: {nameservers: [10.0.0.10]}\nhostAliases: [{ip: 10.0.0.1, hostnames: [gateway]}]",
			has: []string{"dnsPolicy: None", "10.0.0.10", "- gateway"}},
		{title: "probes", values: "livenessProbe: {periodSeconds: 60}\nreadinessProbe: {failureThreshold: 5}",
			has: []string{"periodSeconds: 60", "failureThreshold: 5"}},
		{title: "resources", values: "resources: {limits: {memory: 1Gi, cpu: 1}}", has: []string{"memory: 1Gi"}},
		{title: "contexts of security", values: "podSecurityContext: {fsGroup: 1}\nsecurityContext: {privileged: false}",
			has: []string{"fsGroup: 1", "privileged: false"}},
		{title: "no spread", values: "topologySpreadConstraints: null", lacks: []string{"topologySpreadConstraints"}},
		{title: "a budget in percent", values: "podDisruptionBudget: {maxUnavailable: 50%}", has: []string{"maxUnavailable: 50%"}},
		{title: "no budget and no policy", values: "podDisruptionBudget: {enabled: false}\nnetworkPolicy: {enabled: false}",
			lacks: []string{"kind: PodDisruptionBudget", "kind: NetworkPolicy"}},
		{title: "a policy of one's own", values: "networkPolicy:\n  apiServerPorts: [7443]\n  dnsPorts: [54]\n  metricsFrom: [{podSelector: {matchLabels: {app: agent}}}]\n  extraEgress: [{ports: [{port: 3128, protocol: TCP}]}]",
			has: []string{"port: 7443", "port: 54\n", "app: agent", "port: 3128"}, lacks: []string{"metrics: enabled", "port: 16443"}},
	}
}

// rowsOfMonitoring are metrics, who scrapes them, and what comes of them.
func rowsOfMonitoring() []row {
	return []row{
		{title: "labels of objects in metrics", values: "metrics: {objectLabels: [team, app.kubernetes.io/name]}",
			has: []string{"--metric-labels=team,app.kubernetes.io/name"}},
		{title: "metrics in the clear", values: "metrics: {secure: false, serviceMonitor: {enabled: true}}", has: []string{"--metrics-secure=false"},
			lacks: []string{"authorization:\n", "scheme: https"}},
		{title: "a ServiceMonitor with the chart's credentials", values: "metrics: {serviceMonitor: {enabled: true, interval: 30s, scrapeTimeout: 10s}}",
			has: []string{"kind: ServiceMonitor", "honorLabels: true", "authorization:", "name: " + release + "-scraper\n",
				"type: kubernetes.io/service-account-token", "app.kubernetes.io/name: prometheus", "scrapeTimeout: 10s"}, lacks: []string{"bearerTokenFile"}},
		{title: "a PodMonitor with the chart's credentials", values: "metrics: {podMonitor: {enabled: true}}",
			has: []string{"kind: PodMonitor", "authorization:", "type: kubernetes.io/service-account-token"}},
		{title: "a monitor with credentials of one's own",
			values: "metrics: {serviceMonitor: {enabled: true, authorization: {credentials: {name: mine, key: token}}, namespace: monitoring, labels: {release: kps}, relabelings: [{targetLabel: cluster, replacement: one}], metricRelabelings: [{action: drop, sourceLabels: [__name__], regex: go_.*}]}}",
			has:    []string{"name: mine", "namespace: monitoring", "release: kps", "targetLabel: cluster", "action: drop", "matchNames"},
			lacks:  []string{"service-account-token"}},
		{title: "a certificate for metrics", values: "metrics: {certSecret: {name: cert}, serviceMonitor: {enabled: true}}",
			has:   []string{"secretName: cert", "serverName: " + release + "-metrics." + namespace + ".svc", "key: ca.crt"},
			lacks: []string{"insecureSkipVerify"}},
		{title: "both monitors with TLS of one's own",
			values: "metrics: {serviceMonitor: {enabled: true, tlsConfig: {serverName: x}}, podMonitor: {enabled: true, namespace: monitoring}}",
			has:    []string{"serverName: x", "namespace: monitoring"}},
		{title: "alerts", values: "metrics: {prometheusRule: {enabled: true, disabled: [CleverTapPasscodeNotDeleted], severity: {CleverTapPasscodeExpiringSoon: page}, additionalLabels: {team: growth}, labels: {release: kps}}}",
			has:   []string{"alert: CleverTapPasscodeExpired\n", "severity: page", "team: growth", "release: kps"},
			lacks: []string{"alert: CleverTapPasscodeNotDeleted"}},
		{title: "the dashboard", values: "metrics: {grafanaDashboard: {enabled: true}}", has: []string{`"title": "CleverTap passcodes"`}},
	}
}

// rowsOfYAML are values that YAML, or the chart, would take for something else.
func rowsOfYAML() []row {
	return []row{
		{title: "labels that the chart has itself",
			values: "commonLabels: {app.kubernetes.io/component: secrets, release: acme}\npodLabels: {app.kubernetes.io/name: foo}\nmetrics: {serviceMonitor: {enabled: true, labels: {release: kps}}}", has: []string{"release: kps", "component: metrics"}, lacks: []string{"name: foo"}},
		{title: "names that YAML takes for numbers", values: "serviceAccount: {name: '123'}\nwatchNamespaces: ['123']\nfullnameOverride: e1",
			has: []string{`namespace: "123"`, `name: "123"`}},
		{title: "environment that the chart has itself", values: "extraEnv: [{name: GOMEMLIMIT, value: 400MiB}]", has: []string{"400MiB"},
			lacks: []string{"resourceFieldRef"}},
		{title: "nothing where maps are", values: "commonLabels:\ncommonAnnotations:\npodLabels:\npodAnnotations:\nserviceAccount: {annotations: }\nmetrics: {prometheusRule: {enabled: true, disabled: , severity: , additionalLabels: }}\nimage: {tag: }"},
		{title: "no roles but a monitor", values: "rbac: {create: false}\nmetrics: {serviceMonitor: {enabled: true}}",
			lacks: []string{"kind: ClusterRoleBinding"}},
		{title: "a company's all", values: proxyValues() +
			"\ncommonLabels: {team: growth}\nmetrics: {serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}, grafanaDashboard: {enabled: true}, objectLabels: [team]}\nopenshift: {enabled: true}\nargoRollouts: {enabled: true}\nwatchLabelSelector: shard=one\nfullnameOverride: shard-one"},
	}
}

// proxyValues are those of a network whose only way out is a proxy, with roots of its own.
func proxyValues() string {
	return `
extraEnv:
- {name: HTTPS_PROXY, value: "http://proxy.example.com:3128"}
- {name: NO_PROXY, value: "$(KUBERNETES_SERVICE_HOST),.svc,.cluster.local"}
- {name: SSL_CERT_DIR, value: /etc/roots}
extraVolumes: [{name: roots, configMap: {name: roots}}]
extraVolumeMounts: [{name: roots, mountPath: /etc/roots, readOnly: true}]
networkPolicy: {extraEgress: [{ports: [{port: 3128, protocol: TCP}]}]}`
}

// withValues renders the chart with a values file.
func withValues(t *testing.T, values string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "values.yaml")
	NewWithT(t).Expect(os.WriteFile(file, []byte(values), 0o600)).To(Succeed())
	return run("HELM", "template", release, "charts/clevertap-passcode-operator", "--namespace", namespace, "--kube-version", "1.37.2", "--values", file)
}

// Each values file is rendered as it says, and the API server takes every object of it: a field that is misplaced is an
// error there.
func TestTheMatrixOfValues(t *testing.T) {
	server := apiServer(t)
	for _, row := range matrix() {
		t.Run(row.title, func(t *testing.T) {
			g := NewWithT(t)
			out, err := withValues(t, row.values)
			g.Expect(err).NotTo(HaveOccurred(), out)
			for _, text := range row.has {
				g.Expect(strings.Contains(unquoted(out), unquoted(text))).To(BeTrue(), "%q is not in what is rendered", text)
			}
			for _, text := range row.lacks {
				g.Expect(strings.Contains(unquoted(out), unquoted(text))).To(BeFalse(), "%q is in what is rendered", text)
			}
			for name, object := range decoded(t, out) {
				g.Expect(server.Create(context.Background(), object, client.DryRunAll,
					client.FieldValidation(metav1.FieldValidationStrict))).To(Or(Succeed(), MatchError(ContainSubstring("already exists"))), name)
			}
		})
	}
}

// unquoted leaves out quotes: whether YAML needs them is not what a row is about, and the API server takes none that it does
// need and has not.
func unquoted(text string) string { return strings.ReplaceAll(text, `"`, "") }

// apiServer is a real one with the namespaces that the rows name, and the CRDs of the Prometheus operator's release.
func apiServer(t *testing.T) client.Client {
	t.Helper()
	g := NewWithT(t)
	plane, err := harness.Start("")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(plane.Stop()).To(Succeed()) })
	folder := moduleFolder(t, "github.com/prometheus-operator/prometheus-operator@v0.92.1")
	_, err = envtest.InstallCRDs(plane.Config(),
		envtest.CRDInstallOptions{Paths: []string{filepath.Join(folder, "example", "prometheus-operator-crd")}, ErrorIfPathMissing: true})
	g.Expect(err).NotTo(HaveOccurred())
	server, err := harness.Client(plane.Config())
	g.Expect(err).NotTo(HaveOccurred())
	for _, name := range []string{namespace, "shop", "mall", "monitoring", "123"} {
		g.Expect(server.Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})).To(Succeed())
	}
	return server
}

func TestAWrongValueIsDeniedByName(t *testing.T) {
	for values, named := range map[string]string{
		"replicaCount: two":                                "replicaCount",
		"replicas: 2":                                      "replicas",
		"image: {tagg: v1}":                                "tagg",
		"image: {tag: 1.30}":                               "quote it",
		"image: {digest: abc}":                             "image/digest",
		"image: {pullPolicy: Sometimes}":                   "image/pullPolicy",
		"watchNamespaces: [Shop]":                          "watchNamespaces/0",
		"clevertap: {endpoint: 'ftp://x'}":                 "clevertap/endpoint",
		"metrics: {serviceMonitor: {x: true}}":             "serviceMonitor",
		"notifications: {sink: 'ftp://x'}":                 "notifications/sink",
		"affinity: {foo: 1}":                               "'foo'",
		"resources: {foo: 1}":                              "'foo'",
		"affinity: {nodeAffinity: {x: y}}":                 "affinity/nodeAffinity",
		"logLevel: {foo: bar}":                             "logLevel",
		"logLevel: chatty":                                 "logLevel",
		"networkPolicy: {apiServerPorts: [0]}":             "apiServerPorts/0",
		"podDisruptionBudget: {maxUnavailable: abc}":       "maxUnavailable",
		"revisionHistoryLimit: -1":                         "revisionHistoryLimit",
		"serviceAccount: {name: A_b}":                      "serviceAccount/name",
		"metrics: {podMonitor: {tlsConfig: {caFile: /x}}}": "caFile",
		"metrics: {certSecret: {name: c}, serviceMonitor: {enabled: true, namespace: monitoring}}": "cannot read it",
		"extraEnv: [{name: A, vaule: b}]":                                     "vaule",
		"extraVolumes: [{name: a, configmap: {}}]":                            "configmap",
		"tolerations: [{kee: a}]":                                             "kee",
		"livenessProbe: {httpGet: {paht: /}}":                                 "paht",
		"fullnameOverride: " + strings.Repeat("a", 47):                        "fullnameOverride",
		"metrics: {prometheusRule: {enabled: true, disabled: [NoSuchAlert]}}": `there is no alert "NoSuchAlert"`,
	} {
		out, err := withValues(t, values)
		NewWithT(t).Expect(err).To(HaveOccurred(), values)
		NewWithT(t).Expect(out).To(ContainSubstring(named), values)
	}
}

// Two releases in one cluster are two shards: no object of one is an object of the other, and no selector of one selects
// Pods of the other.
func TestTwoReleasesShareNothingButTheLease(t *testing.T) {
	g := NewWithT(t)
	rendered := func(name, values string) map[string]*unstructured.Unstructured {
		file := filepath.Join(t.TempDir(), "values.yaml")
		g.Expect(os.WriteFile(file, []byte(values), 0o600)).To(Succeed())
		out, err := run("HELM", "template", name, "charts/clevertap-passcode-operator", "--namespace", namespace, "--kube-version", "1.37.2", "--values",
			file)
		g.Expect(err).NotTo(HaveOccurred(), out)
		return decoded(t, out)
	}
	first := rendered("one", "watchLabelSelector: shard=one")
	second := rendered("two", "watchLabelSelector: shard=two\ncrds: {enabled: false}")
	for name := range second {
		g.Expect(first).NotTo(HaveKey(name))
	}
	selector := func(objects map[string]*unstructured.Unstructured, release string) map[string]string {
		labels, _, err := unstructured.NestedStringMap(objects["Deployment "+namespace+"/"+release+"-clevertap-passcode-operator"].Object, "spec",
			"selector", "matchLabels")
		g.Expect(err).NotTo(HaveOccurred())
		return labels
	}
	g.Expect(selector(first, "one")).NotTo(Equal(selector(second, "two")))
	g.Expect(leaseOf(t, "--set", "watchLabelSelector=shard=one")).To(Equal(leaseOf(t, "--set", "watchLabelSelector=shard=one,fullnameOverride=other")))
}

// restricted-v2 denies what is not in its ranges: ids are the namespace's, volumes are of a few kinds, and all
// capabilities are dropped.
func TestThePodOnOpenShiftIsWhatRestrictedV2Admits(t *testing.T) {
	g := NewWithT(t)
	out, err := withValues(t, "openshift: {enabled: true}\n"+proxyValues())
	g.Expect(err).NotTo(HaveOccurred(), out)
	spec, _, err := unstructured.NestedMap(decoded(t, out)["Deployment "+namespace+"/"+release].Object, "spec", "template", "spec")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(spec).NotTo(Or(HaveKey("hostNetwork"), HaveKey("hostPID"), HaveKey("hostIPC")))
	g.Expect(spec["securityContext"]).To(And(Not(HaveKey("runAsUser")), Not(HaveKey("runAsGroup")), Not(HaveKey("fsGroup")),
		HaveKeyWithValue("runAsNonRoot", true), HaveKeyWithValue("seccompProfile", HaveKeyWithValue("type", "RuntimeDefault"))))
	for _, container := range spec["containers"].([]any) {
		g.Expect(container.(map[string]any)["securityContext"]).To(And(HaveKeyWithValue("allowPrivilegeEscalation", false),
			Not(HaveKey("runAsUser")), HaveKeyWithValue("capabilities", HaveKeyWithValue("drop", ConsistOf("ALL")))))
	}
	for _, volume := range spec["volumes"].([]any) {
		g.Expect(volume).To(Or(HaveKey("configMap"), HaveKey("secret"), HaveKey("emptyDir"), HaveKey("projected"), HaveKey("downwardAPI"), HaveKey("csi"),
			HaveKey("ephemeral"), HaveKey("persistentVolumeClaim")))
	}
}

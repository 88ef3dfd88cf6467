// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package monitoring tests alerts and dashboard with a real Prometheus that scrapes a real operator: make monitoring.
package monitoring

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

const accountID = "TEST-5RW-K78-985Z"

func tool(name string) string { return filepath.Join(os.Getenv("PROMETHEUS"), name) }

func file(parts ...string) string {
	return filepath.Join(append([]string{harness.Root()}, parts...)...)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return text
}

// rules are the alerts of the file.
func rules(t *testing.T) []struct {
	Alert       string
	Annotations map[string]string
} {
	t.Helper()
	var groups struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Annotations map[string]string
			}
		}
	}
	NewWithT(t).Expect(yaml.Unmarshal(read(t, file("config", "prometheus", "rules.yaml")), &groups)).To(Succeed())
	return groups.Groups[0].Rules
}

// thresholds are the files of promtool's tests.
func thresholds() []string { return []string{"rules_test.yaml", "rules_days_test.yaml"} }

func TestEveryAlertFiresOnTheRightSideOfItsThreshold(t *testing.T) {
	tests := ""
	for _, name := range thresholds() {
		out, err := promtool(t, file("test", "monitoring", name))
		NewWithT(t).Expect(err).NotTo(HaveOccurred(), out)
		t.Logf("promtool test rules:\n%s", out)
		tests += string(read(t, file("test", "monitoring", name)))
	}
	for _, rule := range rules(t) {
		NewWithT(t).Expect(tests).To(ContainSubstring(fmt.Sprintf("alertname=%q", rule.Alert)))
	}
}

func promtool(t *testing.T, tests ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tool("promtool"), append([]string{"test", "rules"}, tests...)...).CombinedOutput()
	return string(out), err
}

func TestTheThresholdTestsCanFail(t *testing.T) {
	g := NewWithT(t)
	text := string(read(t, file("config", "prometheus", "rules.yaml")))
	asTheyAre := func(name string) []byte {
		return []byte(strings.ReplaceAll(string(read(t, file("test", "monitoring", name))), "../../config/prometheus/", ""))
	}
	for _, change := range [][2]string{
		{"<= time()", "<= time() - 60"}, {"for: 2m", "for: 3m"}, {"< 7 * 86400", "< 6 * 86400"},
		{"> time() - 900)", "> time() + 3600)"}, {"> time() - 900)", "> time() - 7200)"},
		{`"SuccessorReady", status="True"`, `"SuccessorReady", status="False"`}, {"< 30 * 86400", "< 31 * 86400"},
		{"for: 15m", "for: 16m"}, {"for: 5m", "for: 6m"}, {"for: 1h", "for: 59m"}, {"> 14 * 86400", "> 15 * 86400"},
		{"unless on (cluster, region)", "and on (cluster, region)"}, {"for: 10m", "for: 9m"}, {"for: 30m", "for: 31m"},
		{"group_left (account_id, region)", "group_left ()"},
	} {
		g.Expect(text).To(ContainSubstring(change[0]))
		out, err := promtoolOn(t, strings.ReplaceAll(text, change[0], change[1]), asTheyAre)
		g.Expect(err).To(HaveOccurred(), "with %q in place of %q: %s", change[1], change[0], out)
	}
}

// thresholdTest is a test of promtool.
type thresholdTest struct {
	Name        string              `json:"name"`
	Interval    string              `json:"interval"`
	InputSeries []map[string]string `json:"input_series"`
	Queries     []struct {
		Expr     string           `json:"expr"`
		EvalTime string           `json:"eval_time"`
		Samples  []map[string]any `json:"exp_samples,omitempty"`
	} `json:"promql_expr_test"`
}

// inCluster is the test in which every series has the cluster.
func (t thresholdTest) inCluster(g *WithT, name string) thresholdTest {
	text, err := json.Marshal(t)
	g.Expect(err).NotTo(HaveOccurred())
	starts := regexp.MustCompile(`(\w+_\w+\{|alertstate=\\"firing\\")`)
	labelled := starts.ReplaceAllStringFunc(string(text), func(start string) string {
		if strings.HasSuffix(start, "{") {
			return start + `cluster=\"` + name + `\", `
		}
		return start + `, cluster=\"` + name + `\"`
	})
	var copied thresholdTest
	g.Expect(json.Unmarshal([]byte(labelled), &copied)).To(Succeed())
	return copied
}

// objects are the names of the objects that the series have.
func (t thresholdTest) objects() []string {
	var names []string
	for _, series := range t.InputSeries {
		if name := regexp.MustCompile(` name="(\w+)"`).FindStringSubmatch(series["series"]); name != nil && !slices.Contains(names, name[1]) {
			names = append(names, name[1])
		}
	}
	return names
}

// renamed are the series of one object and those of none, in the cluster, as series of the object to.
func (t thresholdTest) renamed(g *WithT, cluster, from, to string) []map[string]string {
	var list []map[string]string
	for _, series := range t.inCluster(g, cluster).InputSeries {
		name := fmt.Sprintf(` name=%q`, from)
		if strings.Contains(series["series"], ` name="`) && !strings.Contains(series["series"], name) {
			continue
		}
		list = append(list, map[string]string{
			"series": strings.ReplaceAll(series["series"], name, fmt.Sprintf(` name=%q`, to)), "values": series["values"]})
	}
	return list
}

// TestOneClusterNeitherSilencesNorFiresAnAlertOfAnother runs each threshold test in cluster a, while others have an object of the
// same name in the state of each object of each test.
func TestOneClusterNeitherSilencesNorFiresAnAlertOfAnother(t *testing.T) {
	g := NewWithT(t)
	text := string(read(t, file("config", "prometheus", "rules.yaml")))
	besideOthers := func(alert string) func(string) []byte {
		return func(name string) []byte { return crossed(t, name, alert) }
	}
	out, err := promtoolOn(t, text, besideOthers(""))
	g.Expect(err).NotTo(HaveOccurred(), out)

	clusters := regexp.MustCompile(`\(cluster(, )?`).FindAllStringIndex(text, -1)
	g.Expect(len(clusters)).To(BeNumerically(">", 35))
	for _, at := range clusters {
		changed := text[:at[0]] + "(" + text[at[1]:]
		alerts := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(text[:at[0]], -1)
		_, err := promtoolOn(t, changed, besideOthers(alerts[len(alerts)-1][1]))
		line := strings.Count(text[:at[0]], "\n") + 1
		g.Expect(err).To(HaveOccurred(), "line %d matches without the cluster, and no test fails", line)
	}
}

// promtoolOn runs the threshold tests, as testsOf returns each file of them, on the rules.
func promtoolOn(t *testing.T, rules string, testsOf func(name string) []byte) (string, error) {
	t.Helper()
	folder := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(folder, name)
		NewWithT(t).Expect(os.WriteFile(path, text, 0o600)).To(Succeed())
		return path
	}
	write("rules.yaml", []byte(rules))
	var tests []string
	for _, name := range thresholds() {
		tests = append(tests, write(name, testsOf(name)))
	}
	return promtool(t, tests...)
}

// crossed are the tests of the file that name the alert, or all, each beside other clusters.
func crossed(t *testing.T, name, alert string) []byte {
	t.Helper()
	g := NewWithT(t)
	var tests struct {
		RuleFiles []string        `json:"rule_files"`
		Interval  string          `json:"evaluation_interval"`
		Tests     []thresholdTest `json:"tests"`
	}
	g.Expect(yaml.Unmarshal(read(t, file("test", "monitoring", name)), &tests)).To(Succeed())
	tests.RuleFiles = []string{"rules.yaml"}
	single := tests.Tests
	tests.Tests = nil
	for _, one := range single {
		if !strings.Contains(fmt.Sprint(one.Queries), alert) {
			continue
		}
		beside := one.inCluster(g, "a")
		for _, other := range single {
			for _, from := range append(other.objects(), "") {
				for _, to := range append(one.objects(), "") {
					cluster := fmt.Sprintf("b%d", len(beside.InputSeries))
					beside.InputSeries = append(beside.InputSeries, other.renamed(g, cluster, from, to)...)
				}
			}
		}
		tests.Tests = append(tests.Tests, beside)
	}
	text, err := yaml.Marshal(tests)
	g.Expect(err).NotTo(HaveOccurred())
	return text
}

func TestEveryAlertHasARunbook(t *testing.T) {
	for _, rule := range rules(t) {
		page := filepath.Base(rule.Annotations["runbook_url"])
		NewWithT(t).Expect(page).To(Equal(rule.Alert + ".md"))
		text := string(read(t, file("docs", "runbooks", page)))
		for _, heading := range []string{"# " + rule.Alert, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"} {
			NewWithT(t).Expect(text).To(ContainSubstring(heading), page)
		}
	}
}

func TestPrometheusWithTheOperator(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(time.Second)
	g := NewWithT(t)
	metrics := startOperator(t)
	prometheus := startPrometheus(t, metrics)

	t.Run("evaluates every panel of the dashboard", func(t *testing.T) {
		g := NewWithT(t)
		for _, panel := range panels(t) {
			for _, target := range panel.Targets {
				query := asGrafana(target.Expr)
				if strings.Contains(panel.Description, "Empty while") {
					_, err := prometheus.query(query)
					g.Expect(err).NotTo(HaveOccurred(), panel.Title)
					continue
				}
				g.Eventually(func() ([]series, error) { return prometheus.query(query) }).ShouldNot(BeEmpty(), "%s: %s", panel.Title, query)
			}
		}
	})
	t.Run("evaluates every query of the documentation", func(t *testing.T) {
		queries := regexp.MustCompile("(?s)```promql\n(.*?)```").FindAllStringSubmatch(string(read(t, file("docs", "slo.md"))), -1)
		NewWithT(t).Expect(len(queries)).To(BeNumerically(">=", 7))
		for _, query := range queries {
			// A subquery is evaluated at multiples of its step, and this Prometheus is a minute old.
			expr := strings.ReplaceAll(query[1], "[30d:5m]", "[1m:1s]")
			NewWithT(t).Eventually(func() ([]series, error) { return prometheus.query(expr) }).ShouldNot(BeEmpty(), expr)
		}
	})
	t.Run("alerts by the objects' own namespace, not the scrape's", func(*testing.T) {
		firing := func() ([]string, error) {
			all, err := prometheus.query(`ALERTS{alertstate="firing"}`)
			var names []string
			for _, s := range all {
				names = append(names, s.Metric["alertname"]+" "+s.Metric["namespace"]+"/"+s.Metric["name"])
			}
			return names, err
		}
		g.Eventually(firing).Should(ContainElements("CleverTapPasscodeExpiringSoon shop/soon", "CleverTapPasscodeRunwayShort shop/soon"))
		g.Expect(firing()).NotTo(ContainElement(ContainSubstring("shop/marketing")))
	})
	t.Run("draws the picture of the README", func(t *testing.T) { drawPicture(t, prometheus) })
}

// panel is a panel of the dashboard.
type panel struct {
	Title, Description string
	Targets            []struct{ Expr string }
}

func panels(t *testing.T) []panel {
	t.Helper()
	var dashboard struct{ Panels []panel }
	NewWithT(t).Expect(json.Unmarshal(read(t, file("config", "grafana", "dashboard.json")), &dashboard)).To(Succeed())
	NewWithT(t).Expect(dashboard.Panels).NotTo(BeEmpty())
	return dashboard.Panels
}

// asGrafana puts in what Grafana would.
func asGrafana(expr string) string {
	return regexp.MustCompile(`\$__rate_interval`).ReplaceAllString(strings.ReplaceAll(expr, "$namespace", ".*"), "1m")
}

// scraped is where an operator serves its metrics, and the token of the ServiceAccount that config/prometheus creates for
// the scraper.
type scraped struct{ address, token string }

// startOperator runs an operator with objects in many states.
func startOperator(t *testing.T) scraped {
	t.Helper()
	g := NewWithT(t)
	plane, err := harness.Start("")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = plane.Stop() })
	vendor := clevertaptest.New(clock.RealClock{})
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	populate(t, plane, vendor.Account(clevertap.India, accountID))
	address := freeAddress(t)
	options := harness.Options("shop", server.URL)
	options.MetricsBindAddress, options.MetricsSecure, options.VolumeRefresh = address, true, time.Second
	stop := harness.StartOperator(options,
		operator.Dependencies{Config: plane.Config(), Clock: clock.RealClock{}, Random: rand.Reader, Registry: ctrlmetrics.Registry})
	t.Cleanup(func() { NewWithT(t).Expect(stop()).To(Succeed()) })
	return scraped{address, scraperToken(t, plane)}
}

// scraperToken applies the scraper of config/prometheus with its role, and requests a token for it. In a cluster the
// controller manager puts one into the Secret.
func scraperToken(t *testing.T, plane *harness.ControlPlane) string {
	t.Helper()
	g := NewWithT(t)
	const system = "clevertap-passcode-operator-system"
	kube, err := harness.Client(plane.Config())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(kube.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: system}})).To(Succeed())
	for _, manifest := range []string{file("config", "rbac", "metrics_auth.yaml"), file("config", "prometheus", "base", "scraper.yaml")} {
		for document := range strings.SplitSeq(string(read(t, manifest)), "\n---\n") {
			object := &unstructured.Unstructured{}
			g.Expect(yaml.Unmarshal([]byte(document), object)).To(Succeed())
			if kind := object.GetKind(); kind == "Secret" {
				object.SetNamespace(system)
			}
			g.Expect(kube.Create(t.Context(), object)).To(Succeed(), manifest)
		}
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: "clevertap-passcode-operator-scraper"}}
	token := &authenticationv1.TokenRequest{}
	g.Expect(kube.SubResource("token").Create(t.Context(), account, token)).To(Succeed())
	return token.Status.Token
}

func populate(t *testing.T, plane *harness.ControlPlane, account *clevertaptest.Account) {
	t.Helper()
	g := NewWithT(t)
	kube, err := harness.Client(plane.Config())
	g.Expect(err).NotTo(HaveOccurred())
	ctx := t.Context()
	g.Expect(kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}})).To(Succeed())
	declare := func(name string, expiry v1alpha1.Expiry, daysOld int, passcodes ...string) {
		object := &v1alpha1.CleverTapPasscode{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
		object.Spec = v1alpha1.CleverTapPasscodeSpec{AccountID: accountID, Region: "in1", Expiry: expiry}
		source := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name + "-staged",
			Labels: map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource}}, StringData: map[string]string{}}
		for i, passcode := range passcodes {
			made := metav1.Now().AddDate(0, 0, -daysOld+60*i)
			source.StringData[passcode] = strings.ToUpper(name + "-" + passcode)
			account.Passcode(name+passcode, source.StringData[passcode], 365)
			object.Spec.Passcodes = append(object.Spec.Passcodes, v1alpha1.PasscodeEntry{
				Name: passcode, SecretKeyRef: v1alpha1.SecretKeyRef{Name: source.Name, Key: passcode},
				CreatedAt: new(v1alpha1.Time(made.UTC().Format(time.RFC3339))),
			})
		}
		g.Expect(kube.Create(ctx, source)).To(Succeed())
		g.Expect(kube.Create(ctx, object)).To(Succeed())
	}
	days := func(n int32) v1alpha1.Expiry { return v1alpha1.Expiry{Days: new(n)} }
	declare("marketing", days(90), 10, "q4", "q1")
	declare("loyalty", days(180), 100, "autumn", "winter")
	declare("soon", days(90), 85, "q4")
	declare("push", days(90), 50, "q4")
	declare("forever", v1alpha1.Expiry{Forever: new(true)}, 1, "only")
	declare("refused", days(90), 1, "q4")
	account.Delete("refusedq4")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// prometheus is a running one.
type prometheus struct{ address string }

// startPrometheus scrapes every second; the scrape has a namespace label of its own, as a monitor's has.
func startPrometheus(t *testing.T, metrics scraped) *prometheus {
	t.Helper()
	g := NewWithT(t)
	folder := t.TempDir()
	p := &prometheus{address: freeAddress(t)}
	config := fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
- job_name: clevertap-passcode-operator-metrics
  honor_labels: true
  scheme: https
  authorization: {credentials: %q}
  tls_config: {insecure_skip_verify: true}
  static_configs: [{targets: [%q], labels: {namespace: monitoring}}]
`, file("config", "prometheus", "rules.yaml"), metrics.token, metrics.address)
	g.Expect(os.WriteFile(filepath.Join(folder, "prometheus.yml"), []byte(config), 0o600)).To(Succeed())
	command := exec.Command(tool("prometheus"), "--config.file="+filepath.Join(folder, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+p.address, "--log.level=error")
	command.Stderr = os.Stderr
	g.Expect(command.Start()).To(Succeed())
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	})
	return p
}

// series is one of a query's results.
type series struct {
	Metric map[string]string
	Value  [2]any
}

func (p *prometheus) query(expr string) ([]series, error) {
	response, err := http.Get("http://" + p.address + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return nil, fmt.Errorf("querying Prometheus: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var respond struct {
		Status, Error string
		Data          struct{ Result []series }
	}
	if err := json.NewDecoder(response.Body).Decode(&respond); err != nil {
		return nil, fmt.Errorf("reading Prometheus' response: %w", err)
	}
	if respond.Status != "success" {
		return nil, fmt.Errorf("%s: %s", expr, respond.Error)
	}
	return respond.Data.Result, nil
}

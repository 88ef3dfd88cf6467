# Every task of the repository. Tools come from go.mod (go tool) or are pinned here; nothing else need be installed.

SHELL := /bin/sh
.DEFAULT_GOAL := help

HELM := helm.sh/helm/v3/cmd/helm@v3.22.0
KUSTOMIZE := sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
HELM_DOCS := github.com/norwoodj/helm-docs/cmd/helm-docs@v1.14.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
KUBE_SCORE := github.com/zegl/kube-score/cmd/kube-score@v1.20.0
KUBE_API_LINTER := sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter@v0.0.0-20260716143926-092fe0c72997
# Downloads a control plane where there is internet; without it, find.sh builds one from source.
export SETUP_ENVTEST := sigs.k8s.io/controller-runtime/tools/setup-envtest@v0.25.1

chart := charts/clevertap-passcode-operator
tools := bin/tools

.PHONY: help
help: ## Lists these targets.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Develop

.PHONY: build
build: ## Builds the operator and kubectl's plugin into bin/.
	CGO_ENABLED=0 go build -trimpath -o bin/ . ./cmd/kubectl-clevertap

.PHONY: generate
generate: ## Generates deepcopy functions from the API types.
	go tool controller-gen object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: reference
reference: manifests ## Generates docs/reference.md from the CRD, the constants, the flags and the metrics.
	go run ./hack/reference > docs/reference.md

.PHONY: manifests
manifests: ## Generates the CRD from the API types and the role from the controllers.
	go tool controller-gen crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	go tool controller-gen rbac:roleName=clevertap-passcode-operator paths=./controllers/... output:rbac:artifacts:config=config/rbac
	cp config/crd/bases/clevertap.passcode-operator.io_clevertappasscodes.yaml $(chart)/files/crd.yaml
	cp config/rbac/role.yaml config/rbac/operator_role.yaml config/rbac/aggregated_roles.yaml config/rbac/metrics_auth.yaml $(chart)/files/
	{ cat hack/prometheus_rule.header.yaml; sed 's/^/  /' config/prometheus/rules.yaml; } > config/prometheus/base/prometheus_rule.yaml
	cp config/argo-rollouts/role.yaml $(chart)/files/argo_rollouts.yaml
	cp config/prometheus/rules.yaml config/grafana/dashboard.json $(chart)/files/
	go run ./hack/chart > $(chart)/values.schema.json
	go run $(HELM_DOCS) --chart-search-root charts --sort-values-order file --log-level warning

.PHONY: lint
lint: $(tools)/helm $(tools)/kustomize ## Runs golangci-lint, kube-api-linter on the types, actionlint on the workflows, kube-score on manifests and chart.
	go run $(GOLANGCI_LINT) run
	go run $(KUBE_API_LINTER) run --config .golangci-api.yml ./api/...
	go run ./hack/parentheses $$(git ls-files '*.go')
	go run $(ACTIONLINT)
	hack/kube-score.sh $(KUBE_SCORE) $(abspath $(tools)/helm) $(abspath $(tools)/kustomize)

.PHONY: verify
verify: generate manifests reference ## Fails if generated files, formatting or go.mod differ from what is checked in, or a word is not the glossary's.
	go mod tidy
	gofmt -l -w api cmd controllers hack internal main.go test
	git diff --exit-code
	@test -z "$$(git status --porcelain)" || { git status --short; echo "these files are not checked in"; exit 1; }
	go vet ./...
	go run ./hack/words

##@ Install

IMAGE ?= ghcr.io/passcode-operator/clevertap-passcode-operator:v0.1.0

# Tools that are run more than once are built once. A version's stamp makes a new one of it.
$(tools)/helm: Makefile
	GOBIN=$(abspath $(tools)) go install $(HELM)
$(tools)/kustomize: Makefile
	GOBIN=$(abspath $(tools)) go install $(KUSTOMIZE)

.PHONY: image
image: ## Builds the image IMAGE with docker, podman or buildah.
	hack/image.sh $(IMAGE)

.PHONY: build-installer
build-installer: manifests $(tools)/kustomize ## Writes dist/install.yaml, the cluster-wide installation in one file.
	@mkdir -p dist
	$(tools)/kustomize build config/default > dist/install.yaml

.PHONY: install
install: manifests ## Installs the CRD into the cluster that kubectl points to.
	kubectl apply -k config/crd

.PHONY: deploy
deploy: manifests ## Installs the operator into the cluster that kubectl points to.
	kubectl apply -k config/default

.PHONY: uninstall
uninstall: ## Removes the operator, and with the CRD every CleverTapPasscode. Targets stay, unless they are owned.
	kubectl delete --ignore-not-found -k config/default

##@ Supply

.PHONY: vulncheck
vulncheck: ## Looks for known vulnerabilities; says so where their database can't be reached.
	@hack/vulncheck.sh $(GOVULNCHECK)

.PHONY: dist
dist: $(tools)/helm $(tools)/kustomize ## Builds all that a release attaches into dist/, without docker and without a registry.
	go run ./hack/dist -out dist -helm $(abspath $(tools)/helm) -kustomize $(abspath $(tools)/kustomize)
	DIST=$(abspath dist) go test -count=1 ./test/dist

.PHONY: sbom
sbom: build ## Writes dist/sbom.spdx.json, the binary's bill of materials.
	@mkdir -p dist
	go run ./hack/sbom bin/clevertap-passcode-operator > dist/sbom.spdx.json

.PHONY: reproducible
reproducible: ## Fails where two builds of the binary differ in a byte.
	@hack/reproducible.sh

##@ Try

.PHONY: demo
demo: build ## Shows the main job on a control plane of its own; no cluster needed.
	@go build -o bin/demo ./hack/demo
	@KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver kubectl) bin/demo

##@ Test

# How long tests wait for what a busy machine does late; what holds at once waits for nothing.
export GOMEGA_DEFAULT_EVENTUALLY_TIMEOUT ?= 30s

# Packages under test/ need a control plane, but for the invariants; all others need nothing.
unit = $$(go list ./... | grep -v /test/) ./test/invariants

.PHONY: controlplane
controlplane: ## Finds or builds the Kubernetes binaries that tests and demo run on, once.
	@hack/controlplane/find.sh etcd kube-apiserver kube-controller-manager kubectl >/dev/null

.PHONY: test
test: $(tools)/helm $(tools)/kustomize ## Runs the unit tests, then the suites against a real API server.
	go test -race $(unit)
	HELM=$(abspath $(tools)/helm) KUSTOMIZE=$(abspath $(tools)/kustomize) KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) go test ./test/install
	KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver kube-controller-manager) go tool ginkgo run -p --no-color ./test/integration
	go build -trimpath -o bin/ . && KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) go run ./test/bench -counts
	KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) go test -count=1 -short -parallel 24 -timeout 20m ./test/faults

.PHONY: test-oldest
test-oldest: $(tools)/helm $(tools)/kustomize ## Runs the suites against the oldest Kubernetes that docs/support.md names.
	HELM=$(abspath $(tools)/helm) KUSTOMIZE=$(abspath $(tools)/kustomize) KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh --oldest etcd kube-apiserver) go test -count=1 ./test/install
	KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh --oldest etcd kube-apiserver kube-controller-manager) go tool ginkgo run -p --no-color ./test/integration

.PHONY: bench
bench: build ## Measures speed and cost against a real API server, and writes docs/bench; takes a quarter of an hour.
	@mkdir -p docs/bench
	KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) go run ./test/bench -out docs/bench

.PHONY: bench-profile
bench-profile: ## Measures growth with a binary that writes profiles, and writes these as text to docs/bench; takes ten minutes.
	go build -trimpath -tags profile -o bin/ .
	KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) go run ./test/bench -only growth -profiles docs/bench
	@$(MAKE) --no-print-directory build

.PHONY: bench-huge
bench-huge: build ## Measures 50,000 objects, and writes docs/bench/huge; takes half an hour.
	@mkdir -p docs/bench/huge
	KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) go run ./test/bench -only huge -out docs/bench/huge

.PHONY: fuzz
fuzz: ## Runs every fuzz target for FUZZTIME each, half a minute if nothing else is said.
	@hack/fuzz.sh

.PHONY: faults
faults: ## Injects faults at every point of every workload, and runs mutants against the invariants; takes an hour.
	@mkdir -p docs/faults
	KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) FAULTS_OUT=$(abspath docs/faults/plans.json) go test -count=1 -parallel 24 -timeout 90m ./test/faults
	MODEL_DISRUPTIONS=2 MODEL_STATES=400000 go test -count=1 -timeout 60m -run TestEveryState -v ./internal/decision
	KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) FAULTS_MUTANTS=docs/faults/mutants.json go test -count=1 -timeout 90m -run TestMutants ./test/faults

.PHONY: site
site: ## Builds the documentation as a site in bin/site; needs Node.js.
	cd hack/site && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build

.PHONY: site-test
site-test: ## Builds the site, opens it in Chromium, searches, and follows every link.
	hack/site/test.sh

.PHONY: docs-test
docs-test: build $(tools)/helm ## Runs every command and applies every YAML block of the documentation; UPDATE_DOCS=1 renews its captures.
	HELM=$(abspath $(tools)/helm) KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver kubectl) go test -count=1 -v ./test/docs

.PHONY: monitoring
monitoring: ## Tests alerts and dashboard with promtool and a real Prometheus, which it gets from Debian where they are missing.
	PROMETHEUS=$$(hack/prometheus.sh) KUBEBUILDER_ASSETS=$$(hack/controlplane/find.sh etcd kube-apiserver) go test -count=1 -v ./test/monitoring

.PHONY: e2e
e2e: build-installer $(tools)/helm $(tools)/kustomize ## Plays the whole story on a real node; needs root and Debian's containerd.
	test/e2e/run.sh

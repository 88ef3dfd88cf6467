{{/* The name of the application: app.kubernetes.io/name. */}}
{{- define "operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 46 | trimSuffix "-" }}
{{- end }}

{{/* The name that every object of the release begins with. 46 characters leave room for the longest suffix in 63. */}}
{{- define "operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 46 | trimSuffix "-" }}
{{- else if contains (include "operator.name" .) .Release.Name -}}
{{ .Release.Name | trunc 46 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name (include "operator.name" .) | trunc 46 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "operator.selector" -}}
app.kubernetes.io/name: {{ include "operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Labels: list context, those of the object. What selects comes first, then the object's own, then common ones. */}}
{{- define "operator.labelsOf" -}}
{{- $root := index . 0 }}
{{- $own := dict "app.kubernetes.io/managed-by" $root.Release.Service "app.kubernetes.io/version" $root.Chart.AppVersion "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version) }}
{{- toYaml (merge (include "operator.selector" $root | fromYaml) (default dict (index . 1)) $own (default dict $root.Values.commonLabels)) }}
{{- end }}

{{/* metadata of an object: list context, suffix of the name, namespace ("" for none), more labels, more annotations. */}}
{{- define "operator.metadata" -}}
{{- $root := index . 0 }}
{{- $annotations := merge (deepCopy (default dict (index . 4))) (default dict $root.Values.commonAnnotations) }}
name: {{ printf "%s%s" (include "operator.fullname" $root) (index . 1) | quote }}
{{- with index . 2 }}
namespace: {{ . | quote }}
{{- end }}
labels: {{- include "operator.labelsOf" (list $root (index . 3)) | nindent 2 }}
{{- with $annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "operator.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "operator.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "operator.image" -}}
{{- $tag := default "" .Values.image.tag }}
{{- if not (kindIs "string" $tag) }}
{{- fail (printf "image.tag must be a string: quote it, as in tag: \"%v\"" $tag) }}
{{- end -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion $tag }}
{{- end }}
{{- end }}

{{- define "operator.metricsSecure" -}}
{{- if kindIs "invalid" .Values.metrics.secure -}}
{{ empty .Values.watchNamespaces }}
{{- else -}}
{{ .Values.metrics.secure }}
{{- end }}
{{- end }}

{{/* The lease's name, as the operator computes it: it does not follow the release, because two releases that watch the same
objects must share it. */}}
{{- define "operator.lease" -}}
clevertap-passcode-operator
{{- if or .Values.watchNamespaces .Values.watchLabelSelector -}}
-{{ printf "%s\n%s" (.Values.watchNamespaces | uniq | sortAlpha | join ",") .Values.watchLabelSelector | sha256sum | trunc 8 }}
{{- end }}
{{- end }}

{{/* The operator's rules about objects, less what the values leave out. */}}
{{- define "operator.rules" -}}
{{- $rules := list }}
{{- range (.Files.Get "files/role.yaml" | fromYaml).rules }}
{{- if and (has "deployments" .resources) (not $.Values.rbac.rollouts) }}
{{- $_ := set . "verbs" (without .verbs "patch") }}
{{- end }}
{{- if and (has "secrets" .resources) $.Values.rbac.observeOnly }}
{{- $_ := set . "verbs" (without .verbs "create" "patch") }}
{{- end }}
{{- if not (and $.Values.rbac.observeOnly (or (has "deployments" .resources) (has "pods" .resources))) }}
{{- $rules = append $rules . }}
{{- end }}
{{- end }}
{{- if and .Values.argoRollouts.enabled (not .Values.rbac.observeOnly) }}
{{- range (.Files.Get "files/argo_rollouts.yaml" | splitList "\n---\n" | first | fromYaml).rules }}
{{- if not $.Values.rbac.rollouts }}
{{- $_ := set . "verbs" (without .verbs "patch") }}
{{- end }}
{{- $rules = append $rules . }}
{{- end }}
{{- end }}
{{- if .Values.watchNamespaces }}
{{- $rules = append $rules (dict "apiGroups" (list "") "resources" (list "namespaces") "verbs" (list "get")) }}
{{- end }}
{{- toYaml $rules }}
{{- end }}

{{- define "operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "operator.serviceAccount" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
{{- end }}

{{/* Whether a monitor's credentials are the chart's own: metrics are secure, and the values name no others. */}}
{{- define "operator.ownCredentials" -}}
{{- $secure := eq (include "operator.metricsSecure" .) "true" }}
{{- $service := and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.serviceMonitor.authorization) }}
{{- $pod := and .Values.metrics.podMonitor.enabled (not .Values.metrics.podMonitor.authorization) }}
{{- and $secure (or $service $pod) }}
{{- end }}

{{/* The port of a URL: its own, or the scheme's. */}}
{{- define "operator.port" -}}
{{- $url := urlParse . }}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" }}
{{- $known := dict "http" "80" "generic+http" "80" "smtp" "25" }}
{{- default (get $known $url.scheme | default "443") $port }}
{{- end }}

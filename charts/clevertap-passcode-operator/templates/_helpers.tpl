{{- define "operator.labels" -}}
app.kubernetes.io/name: clevertap-passcode-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "operator.serviceAccount" -}}
{{- default "clevertap-passcode-operator" .Values.serviceAccount.name }}
{{- end }}

{{- define "operator.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
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
{{- $rules = append $rules . }}
{{- end }}
{{- if .Values.argoRollouts.enabled }}
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
  name: {{ include "operator.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

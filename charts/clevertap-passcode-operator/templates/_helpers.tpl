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

{{- define "operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "operator.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

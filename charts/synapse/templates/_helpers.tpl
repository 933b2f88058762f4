{{/*
Helpers of the services' templates. Those that say "service" take
  dict "root" $ "name" <component, e.g. drift-monitor> "values" <the component's values>
*/}}

{{- define "synapse.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* A service's name: of its objects, and of itself in the cluster's DNS. */}}
{{- define "synapse.name" -}}
{{- printf "%s-%s" (include "synapse.fullname" .root) .name -}}
{{- end -}}

{{/* Labels that never change, because selectors cannot. */}}
{{- define "synapse.selectorLabels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "synapse.labels" -}}
{{ include "synapse.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: synapse
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "synapse.image" -}}
{{- $image := .values.image -}}
{{- with .root.Values.image.registry }}{{ . }}/{{ end -}}
{{- $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- with $image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* `host:port` of another service's gRPC server: call with root, name and port. */}}
{{- define "synapse.address" -}}
{{- printf "%s.%s.svc:%d" (include "synapse.name" .) .root.Release.Namespace (int .port) -}}
{{- end -}}

{{/* Port of a URL: the one it names, or its scheme's. */}}
{{- define "synapse.urlPort" -}}
{{- $url := urlParse . -}}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- end -}}

{{- define "synapse.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "synapse.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "synapse.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end -}}

{{/* Drains of the node take one pod at a time, and are never blocked for good. */}}
{{- define "synapse.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "synapse.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "synapse.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "synapse.selectorLabels" . | nindent 6 }}
{{- end -}}

{{/* Time that calls in flight get at shutdown: the service's own, else everyone's. */}}
{{- define "synapse.graceSeconds" -}}
{{- ((.values.drain).graceSeconds) | default .root.Values.drain.graceSeconds -}}
{{- end -}}

{{/* What every pod's spec says alike. */}}
{{- define "synapse.podSpec" -}}
serviceAccountName: {{ include "synapse.name" . }}
automountServiceAccountToken: false
# Otherwise every Service of the namespace becomes variables such as SYNAPSE_GATEWAY_PORT, which the settings refuse.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ add .root.Values.drain.delaySeconds (include "synapse.graceSeconds" .) 10 }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What every container says alike. */}}
{{- define "synapse.container" -}}
name: {{ .name }}
image: {{ include "synapse.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
resources: {{- toYaml .values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
# /livez answers as soon as the process runs; /readyz once the model answers, and no more from the first sign of shutdown.
# Probes of type grpc cannot speak TLS, so the plain metrics port tells the same state.
startupProbe:
  httpGet: {path: /livez, port: metrics}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /livez, port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: metrics}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
{{- end -}}

{{/* Environment of every service: where it listens, its certificate, how it drains, and what `settings` adds. */}}
{{- define "synapse.env" -}}
{{- $prefix := printf "SYNAPSE_%s_" (.name | replace "-" "_" | upper) -}}
- name: {{ $prefix }}HOST
  value: 0.0.0.0
- name: {{ $prefix }}TLS__CERTIFICATE
  value: /tls/tls.crt
- name: {{ $prefix }}TLS__KEY
  value: /tls/tls.key
- name: {{ $prefix }}TLS__CA
  value: /tls/ca.crt
- name: {{ $prefix }}LOG_LEVEL
  value: {{ .root.Values.logLevel }}
- name: {{ $prefix }}DRAIN_DELAY_S
  value: {{ .root.Values.drain.delaySeconds | quote }}
- name: {{ $prefix }}DRAIN_GRACE_S
  value: {{ include "synapse.graceSeconds" . | quote }}
{{- with .root.Values.telemetry.otlpEndpoint }}
- name: {{ $prefix }}OTLP_ENDPOINT
  value: {{ . }}
{{- end }}
{{- range $name, $value := .values.settings }}
- name: {{ $prefix }}{{ upper $name }}
  value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
{{- end }}
{{- end -}}

{{- define "synapse.volumeMounts" -}}
- name: tls
  mountPath: /tls
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- end -}}

{{- define "synapse.volumes" -}}
- name: tls
  secret:
    secretName: {{ .values.tls.secretName }}
    defaultMode: 0440
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- end -}}

{{- define "synapse.modelMount" -}}
- name: models
  mountPath: /models
  readOnly: true
{{- end -}}

{{- define "synapse.modelVolume" -}}
- name: models
  persistentVolumeClaim:
    claimName: {{ .root.Values.models.existingClaim }}
    readOnly: true
{{- end -}}

{{/* The key of an OpenAI-compatible upstream, from a Secret: call with name (of the variable) and secret. */}}
{{- define "synapse.apiKey" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: api-key
{{- end -}}

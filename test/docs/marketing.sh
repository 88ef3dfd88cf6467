#!/bin/sh
# The object of most pages: two staged passcodes, the first one published.
set -eu
kubectl apply -f "$ROOT/test/docs/marketing.yaml" >/dev/null
kubectl wait --for=condition=SuccessorReady ctp/marketing --timeout=60s >/dev/null

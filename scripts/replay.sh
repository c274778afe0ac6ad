#!/bin/sh
# Replays $PROCESSOR_DATASET into directory $2; without one, the demo dataset in $1, made first if it is missing.
# $PYTHON is the Python to use, $DATASET what the user calls the dataset where a container mounts it under another name.
set -eu
demo=$1
out=$2
python=${PYTHON:-python}

make_demo() {
  echo "Generating the demo dataset in $demo (once, about ten seconds)" >&2
  rm -rf "$demo.making"
  "$python" -m processor demo --out "$demo.making" &
  maker=$!
  # As a container's first process this shell would otherwise not hear that it is to end.
  trap 'kill "$maker"; wait "$maker" || true; exit 143' TERM INT
  wait "$maker"
  trap - TERM INT
  mv "$demo.making" "$demo"
}

if [ -z "${PROCESSOR_DATASET:-}" ]; then
  [ -d "$demo" ] || make_demo
  PROCESSOR_DATASET=$demo
  # History to look at, and a quarter of an hour to come at the default speed.
  export PROCESSOR_START="${PROCESSOR_START:-+1h20m}"
fi
if [ -n "${DATASET:-}" ] && [ -z "${PROCESSOR_LABEL:-}" ]; then
  PROCESSOR_LABEL=$(basename "$DATASET")
  export PROCESSOR_LABEL
fi
exec "$python" -m processor replay "$PROCESSOR_DATASET" --out "$out"

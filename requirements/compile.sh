#!/usr/bin/env bash
# Rewrites the hash-pinned requirements from pyproject.toml. Needs uv; no registry address is written.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
    --output-file "requirements/$1.txt" pyproject.toml "${@:2}"
}
compile processor --extra processor
compile cluster --extra cluster
compile visualizer --extra visualizer
compile dev --extra dev
compile bench --extra bench

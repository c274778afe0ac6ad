#!/bin/sh
# Runs pytest with the arguments given; on Debian as root it gets the browser first.
set -eu
cd "$(dirname "$0")/.."

has_browser() {
  [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    command -v google-chrome >/dev/null
}

if ! has_browser && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing chromium for the browser tests"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
exec .venv/bin/python -m pytest "$@"

#!/bin/sh
# Runs pytest with the arguments given, and without any the tests of the page's modules before it; on Debian as root it gets
# what the browser tests and that of the proxy need first.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python

# Chromium without its windows loads a page in two thirds of the processor time; where there is no package of it, Chromium.
headless=chromium-headless-shell
has_browser() {
  [ -n "${CHROMIUM:-}" ] || command -v $headless >/dev/null || command -v chromium >/dev/null ||
    command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

missing=
has_browser || missing=fonts-dejavu-core
# Playwright's own Node.js wants a library that a minimal Debian lacks.
"$python" -m playwright --version >/dev/null 2>&1 || missing="$missing libatomic1"
{ [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null; } || missing="$missing nginx"
command -v openssl >/dev/null || missing="$missing openssl"
has_better() {
  [ -n "${CHROMIUM:-}" ] || command -v $headless >/dev/null || ! apt-cache show $headless >/dev/null 2>&1
}

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && { [ -n "$missing" ] || ! has_better; }; then
  # Debian starts a server that is installed, unless this forbids it.
  policy=/usr/sbin/policy-rc.d
  if [ -e $policy ]; then
    policy=
  else
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq || [ -z "$missing" ]
  browser=
  has_better || browser=$headless
  [ -n "$browser" ] || has_browser || browser=chromium
  echo "Installing for the tests:" $missing $browser
  install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  }
  # shellcheck disable=SC2086 # a list
  [ -z "$missing" ] || install $missing
  [ -z "$browser" ] || install $browser || has_browser
  rm -f "$policy"
fi
if [ $# -eq 0 ]; then
  sh scripts/page.sh test
  # One more than the two cores they share, because many tests wait; tests/scheduling.py says which process runs what.
  set -- --numprocesses 3
fi
# The tests start hundreds of processes, which import the same modules: Python compiles them once and not in each.
unset PYTHONDONTWRITEBYTECODE
exec "$python" -m pytest "$@"

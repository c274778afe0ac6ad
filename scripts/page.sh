#!/bin/sh
# page.sh install puts what checks the page's modules into node_modules, as package-lock.json pins it; page.sh check runs it;
# page.sh test runs the modules' own tests. None of it is needed to run the page.
set -eu
cd "$(dirname "$0")/.."
needed="Node.js 20.19 or newer"

has_node() {
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

case $1 in
install)
  if ! has_node || ! command -v npm >/dev/null; then
    echo "Left out: what checks the page's modules; it needs $needed with npm. All else is there." >&2
    exit 0
  fi
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch node_modules/.installed
  ;;
check)
  if ! has_node || [ ! -f node_modules/.installed ]; then
    echo "error: the page's modules cannot be checked: install $needed with npm, then run make install" >&2
    exit 1
  fi
  node_modules/.bin/eslint
  node_modules/.bin/tsc
  ;;
test)
  node=node
  # Playwright, which the tests have anyway, brings one.
  has_node || node=$(.venv/bin/python -c 'from playwright._impl import _driver as d; print(d.compute_driver_executable()[0])')
  exec "$node" --test --test-reporter=spec tests/page/*.test.js
  ;;
*)
  echo "page.sh install, check or test" >&2
  exit 2
  ;;
esac

#!/bin/sh
# Makes the virtual environment $1 (if missing) and installs requirements/$2.txt into it, by hash, nothing else.
# $PYTHON chooses the Python; otherwise the newest of 3.11 to 3.13 that is found.
set -eu
cd "$(dirname "$0")/.."
venv=$1
requirements=requirements/$2.txt

fail() {
  echo "error: $*" >&2
  exit 1
}

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

can_make_venv() {
  "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

find_python() {
  found=
  for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    if is_new_enough "$candidate"; then
      if can_make_venv "$candidate"; then
        echo "$candidate"
        return
      fi
      found=${found:-$candidate}
    fi
  done
  echo "$found"
}

make_venv() {
  python=$(find_python)
  [ -n "$python" ] || fail "no Python 3.11 or newer among: ${PYTHON:-python3.13, python3.12, python3.11, python3}." \
    "Install one, or name it: make PYTHON=/path/to/python3.13 ..."
  if ! can_make_venv "$python"; then
    package=$(basename "$python")-venv
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
      echo "Installing $package"
      apt-get update -qq
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
    else
      fail "$python has no venv module (Debian packs it apart): run 'sudo apt-get install $package', then try again"
    fi
  fi
  "$python" -m venv --clear "$venv"
}

pip() {
  "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"
}

"$venv/bin/python" -m pip --version >/dev/null 2>&1 || make_venv
echo "Installing $requirements into $venv"
pip install --quiet --quiet --require-hashes --requirement "$requirements"
if [ "$2" = dev ]; then
  pip install --quiet --quiet --no-deps --no-build-isolation --editable .
fi
touch "$venv/.installed"

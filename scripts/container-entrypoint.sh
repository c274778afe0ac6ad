#!/bin/sh
# container-entrypoint.sh DIRECTORY [WRITABLE...] -- COMMAND...
#
# Runs COMMAND as the owner of DIRECTORY, without groups and capabilities. Root is never that owner: 10001 takes its
# place. The WRITABLE directories, and what a writer of another uid left in them, are handed to the owner first.
set -eu

UNPRIVILEGED=10001

# As the owner with CAP_CHOWN, not as root: root without its other capabilities cannot look into a private directory.
hand_over() {
  [ "$(stat -c %u:%g "$1")" = "$owner:$group" ] || chown "$owner:$group" "$1"
  setpriv --reuid="$owner" --regid="$group" --clear-groups --inh-caps=-all,+chown --ambient-caps=+chown -- \
    find "$1" -mindepth 1 -maxdepth 2 -xdev \( -type d -o -type f -links 1 \) ! -uid "$owner" \
    -exec chown --no-dereference "$owner:$group" {} +
}

directory=$1
shift
if [ "$(id -u)" -eq 0 ]; then
  owner=$(stat -c %u "$directory")
  group=$(stat -c %g "$directory")
  if [ "$owner" -eq 0 ]; then
    owner=$UNPRIVILEGED
    group=$UNPRIVILEGED
  elif [ "$group" -eq 0 ]; then
    group=$UNPRIVILEGED
  fi
  while [ "$1" != -- ]; do
    hand_over "$1"
    shift
  done
  exec setpriv --reuid="$owner" --regid="$group" --clear-groups --bounding-set=-all --inh-caps=-all \
    --ambient-caps=-all --no-new-privs -- sh "$0" "$directory" "$@"
fi
while [ "$1" != -- ]; do shift; done
shift

# Numba wants to be able to write where it keeps compiled kernels, and the image is read-only.
if [ -n "${NUMBA_CACHE_DIR:-}" ] && [ ! -d "$NUMBA_CACHE_DIR" ]; then
  cp -R /app/.numba_cache "$NUMBA_CACHE_DIR"
fi

exec "$@"

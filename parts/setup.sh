#!/bin/sh
# Makes a fresh clone ready: checks the tools, installs the npm packages (which bring Node 24) once per lockfile.
# Everything else (the real programs, their images) is built on first use and cached by pin.
set -eu
cd "$(dirname "$0")/.."

missing=""
need() {
  command -v "$1" >/dev/null 2>&1 || missing="${missing}  $1: $2
"
}
need node "Node.js 20 or newer, https://nodejs.org or your distribution"
need npm "comes with Node.js"
need go "Go 1.26 or newer, https://go.dev/dl or your distribution"
need git "your distribution's git package"
if [ -n "$missing" ]; then
  printf 'Missing on this machine:\n%s' "$missing" >&2
  exit 2
fi

stamp=node_modules/.skerry-lock
lock=$(cksum <package-lock.json)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$lock" ]; then
  echo "installing npm packages (about a minute, once per lockfile) …" >&2
  rm -f "$stamp"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  printf '%s' "$lock" >"$stamp"
fi

#!/usr/bin/env bash
# Starts the whole system in the foreground and prints its address, a key and a first call. Ctrl-C stops all of it.
# Settings come from the environment or from a file .env beside this script; see docs/configuration.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. scripts/programs.sh

if ! command -v dotnet >/dev/null; then
  echo "Missing: the .NET SDK 10. Get it from https://dot.net/download and start again." >&2
  exit 1
fi
programs_need postgres=postgresql redis-server=redis-server setpriv=util-linux curl=curl

# The state folder: databases, generated secrets. Never in the clone, because PostgreSQL's user must reach its part.
if [ -z "${LLMGATEWAY_STATE:-}" ]; then
  hash=$(printf '%s' "$PWD/AppHost" | sha256sum | cut -c1-12)
  if [ "$(id -u)" = 0 ]; then LLMGATEWAY_STATE=/var/lib/llmgateway/$hash; else LLMGATEWAY_STATE=$HOME/.local/state/llmgateway/$hash; fi
fi
export LLMGATEWAY_STATE
# Passable for PostgreSQL's user, whatever the umask is; what is inside decides for itself who reads it.
(umask 066 && mkdir -p "$LLMGATEWAY_STATE")

# The AppHost reads .env, makes the keys that are not configured, and says how to make the first call.
export LLMGATEWAY_LOCAL_KEYS=$LLMGATEWAY_STATE

# Built again only when something changed: MSBuild takes longer to find that out than the system takes to start.
stamp=artifacts/run.stamp
if [ ! -f "$stamp" ] || [ -n "$(find . \( -name artifacts -o -name .git -o -name node_modules -o -name tests -o -name docs \) -prune -o -newer "$stamp" ! -name . ! -name .env -print -quit)" ]; then
  echo "Building ..."
  mkdir -p artifacts && touch "$stamp.new"
  for project in AppHost Keys.Service Billing.Service Routing.Service Gateway.Api; do
    dotnet build "$project" -c Release -v q --nologo -clp:NoSummary
  done
  mv "$stamp.new" "$stamp"
fi

# The same process id from here on: Ctrl-C and SIGTERM reach the AppHost, which stops all the others.
exec dotnet artifacts/bin/AppHost/release/AppHost.dll "$@"

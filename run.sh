#!/usr/bin/env bash
# Starts the whole system in the foreground and prints its address, a key and a first call. Ctrl-C stops all of it.
# Settings come from the environment or from a file .env beside this script; see docs/configuration.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. scripts/programs.sh
. scripts/state.sh
. scripts/build.sh

if ! command -v dotnet >/dev/null; then
  echo "Missing: the .NET SDK 10. Get it from https://dot.net/download and start again." >&2
  exit 1
fi
programs_need postgres=postgresql redis-server=redis-server setpriv=util-linux curl=curl

state_folder "$PWD"
# Passable for PostgreSQL's user, whatever the umask is; what is inside decides for itself who reads it.
(umask 066 && mkdir -p "$LLMGATEWAY_STATE")

# The AppHost reads .env, makes the keys that are not configured, and says how to make the first call.
export LLMGATEWAY_LOCAL_KEYS=$LLMGATEWAY_STATE

# On standard output, like all that run.sh says while nothing is wrong.
build_when_changed artifacts/run.stamp . -- AppHost Keys.Service Billing.Service Routing.Service Gateway.Api 2>&1

# The same process id from here on: Ctrl-C and SIGTERM reach the AppHost, which stops all the others.
exec dotnet artifacts/bin/AppHost/release/AppHost.dll "$@"

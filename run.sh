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

# A value of .env, unless the environment has one: the same rule as the services'.
setting() {
  local value=${!1-}
  if [ -z "$value" ] && [ -f .env ]; then
    value=$(sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" .env | tail -1 | sed -E 's/[[:space:]]+#.*$//; s/^"(.*)"$/\1/; s/^'\''(.*)'\''$/\1/; s/[[:space:]]+$//')
    case $value in your_*_here) value= ;; esac
  fi
  printf '%s' "$value"
}

# The state folder: databases, generated secrets. Never in the clone, because PostgreSQL's user must reach its part.
if [ -z "${LLMGATEWAY_STATE:-}" ]; then
  hash=$(printf '%s' "$PWD/AppHost" | sha256sum | cut -c1-12)
  if [ "$(id -u)" = 0 ]; then LLMGATEWAY_STATE=/var/lib/llmgateway/$hash; else LLMGATEWAY_STATE=$HOME/.local/state/llmgateway/$hash; fi
fi
export LLMGATEWAY_STATE
mkdir -p "$LLMGATEWAY_STATE"

# generated NAME: a secret made once, kept in a file that only its owner reads.
generated() {
  local file=$LLMGATEWAY_STATE/$1
  if [ ! -s "$file" ]; then
    (umask 077; printf 'sk-llmgw-%s' "$(head -c 256 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | head -c 43)" > "$file.new" && mv "$file.new" "$file")
  fi
  cat "$file"
}

ALLOWED_API_KEYS=$(setting ALLOWED_API_KEYS)
[ -n "$ALLOWED_API_KEYS" ] || ALLOWED_API_KEYS=$(generated api-key)
ADMIN_API_KEY=$(setting ADMIN_API_KEY)
[ -n "$ADMIN_API_KEY" ] || ADMIN_API_KEY=$(generated admin-key)
ENVIRONMENT=$(setting ENVIRONMENT)
PORT=$(setting PORT)
export ALLOWED_API_KEYS ADMIN_API_KEY ENVIRONMENT=${ENVIRONMENT:-development} PORT=${PORT:-8000}

# Built again only when something changed: MSBuild takes longer to find that out than the system takes to start.
stamp=artifacts/run.stamp
if [ ! -f "$stamp" ] || [ -n "$(find . \( -name artifacts -o -name .git -o -name node_modules -o -name tests -o -name docs \) -prune -o -newer "$stamp" ! -name . -print -quit)" ]; then
  echo "Building ..."
  mkdir -p artifacts && touch "$stamp.new"
  for project in AppHost Keys.Service Billing.Service Routing.Service Gateway.Api; do
    dotnet build "$project" -c Release -v q --nologo -clp:NoSummary
  done
  mv "$stamp.new" "$stamp"
fi

# Runs beside the system until the gateway is ready, then says how to use it.
announce() {
  local line key=${ALLOWED_API_KEYS%%,*}
  until { exec 3<>"/dev/tcp/127.0.0.1/$PORT" && printf 'GET /ready HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3 && IFS= read -r -t 5 line <&3 && [[ $line == *" 200 "* ]]; } 2>/dev/null; do
    exec 3>&- || true
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.2
  done
  key=${key#[}; key=${key//[\" ]/}; key=${key%]}
  cat <<TEXT

LlmGateway answers at http://localhost:$PORT
  key            $key
  administrator  in $LLMGATEWAY_STATE/admin-key, unless ADMIN_API_KEY is set
  state          $LLMGATEWAY_STATE

Try it:

curl http://localhost:$PORT/v1/chat/completions -H "Authorization: Bearer $key" -H "Content-Type: application/json" -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello!"}]}'

TEXT
}
announce $$ &

# The same process id from here on: Ctrl-C and SIGTERM reach the AppHost, which stops all the others.
exec dotnet artifacts/bin/AppHost/release/AppHost.dll "$@"

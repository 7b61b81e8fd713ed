#!/usr/bin/env bash
# Everything that CI checks: programs, restore, build, format, tests. --long adds the tests of category Long.
set -euo pipefail

# Who runs this in the background passes SIGINT on as ignored, and nohup SIGHUP: then no test could see what they do.
if [ -z "${LLMGATEWAY_SIGNALS_RESET-}" ] && env --default-signal=INT true 2>/dev/null; then
  exec env --default-signal=INT,QUIT,HUP LLMGATEWAY_SIGNALS_RESET=1 bash "${BASH_SOURCE[0]}" "$@"
fi

cd "$(dirname "${BASH_SOURCE[0]}")"
. scripts/programs.sh

long=false
case "${1-}" in
  "") ;;
  --long) long=true ;;
  *) echo "usage: ./test.sh [--long]" >&2; exit 2 ;;
esac

programs_need postgres=postgresql redis-server=redis-server setpriv=util-linux curl=curl kill=procps node=nodejs npm=npm protoc=protobuf-compiler \
  grpc_python_plugin=protobuf-compiler-grpc python:grpc=python3-grpcio python:google.protobuf=python3-protobuf prometheus=prometheus promtool=prometheus \
  amtool=prometheus-alertmanager chromium=chromium

for folder in tests/Clients/node tests/Compat.Tests/Peers/node; do
  if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed"; then
    echo "Installing the Node packages of $folder ..."
    (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed)
  fi
done

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
step() { echo; echo "== $1 ($(printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))))"; }

step "build"
dotnet restore LlmGateway.sln -v q
# One compiler for all projects, whatever the environment says: each would warm up its own, which is half of the build.
dotnet build LlmGateway.sln -c Release --no-restore -v q -clp:NoSummary -p:UseSharedCompilation=true
dotnet build-server shutdown --vbcscompiler > /dev/null

step "format"
failed=0
# The build has checked style and formatting of what it compiles (.editorconfig); this says the rest, and how to mend it, in seconds.
dotnet format whitespace . --folder --verify-no-changes || { failed=1; echo "Mend it with: dotnet format LlmGateway.sln"; }

# The machine has two cores: one test project at a time, and those that measure time last, with nothing beside them.
results=artifacts/test-results
rm -rf "$results"
run() {
  local label=$1 filter=$2 project name
  step "tests: $label"
  for project in $(printf '%s\n' tests/*/*.Tests.csproj | sort); do
    name=$(basename "$project" .csproj)
    dotnet test "artifacts/bin/$name/release/$name.dll" --filter "$filter" --logger "trx;LogFileName=$name.$label.trx" --results-directory "$results" \
      --logger "console;verbosity=minimal" --blame-hang-timeout 5m --blame-hang-dump-type none 2>&1 | grep -vE '^(No test matches|VSTest version|Starting test exec|A total of|Results File|Data collector|$)' || [ "${PIPESTATUS[0]}" = 0 ] || failed=1
  done
}

step "allocations"
dotnet artifacts/bin/Micro/release/micro-bench.dll --check || failed=1

run gate "Category!=Timed&Category!=Long"
run timed "Category=Timed"
if $long; then run long "Category=Long"; fi

step "done"
exit $failed

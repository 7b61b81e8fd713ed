#!/usr/bin/env bash
# Holds and settlements per second, and what they cost: bench/README.md. Settings of Billing come from the environment.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/scripts/programs.sh"
programs_need postgres=postgresql setpriv=util-linux

# LEDGER_BENCH_SERVICE: another build of the service, to compare with.
dotnet build "$root/bench/Ledger" -c Release -v q --nologo -clp:NoSummary
exec dotnet "$root/artifacts/bin/Ledger/release/ledger-bench.dll" \
  --service "${LEDGER_BENCH_SERVICE:-$root/artifacts/bin/Billing.Service/release/Billing.Service.dll}" "$@"

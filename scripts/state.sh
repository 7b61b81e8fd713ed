# Sourced by run.sh and llmgw.

# state_folder REPOSITORY: exports LLMGATEWAY_STATE, where databases and generated secrets are kept. Never in the clone, because
# PostgreSQL's user must reach its part.
state_folder() {
  if [ -z "${LLMGATEWAY_STATE:-}" ]; then
    # The real path: whoever comes through a symbolic link means the same folder.
    local hash
    hash=$(printf '%s' "$(cd "$1" && pwd -P)/AppHost" | sha256sum | cut -c1-12)
    if [ "$(id -u)" = 0 ]; then LLMGATEWAY_STATE=/var/lib/llmgateway/$hash; else LLMGATEWAY_STATE=$HOME/.local/state/llmgateway/$hash; fi
  fi
  export LLMGATEWAY_STATE
}

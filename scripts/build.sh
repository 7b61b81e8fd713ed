# Sourced by run.sh and llmgw.

# build_when_changed STAMP PATH... -- PROJECT...: builds the projects in Release unless nothing at the paths (folders, files) is newer than
# the stamp. MSBuild takes longer to find that out than the programs take to start. What it says goes to standard error; two at a time wait
# for each other.
build_when_changed() {
  local stamp=$1 paths=() project
  shift
  while [ "$1" != -- ]; do paths+=("$1"); shift; done
  shift
  build_is_current "$stamp" "${paths[@]}" && return 0
  mkdir -p "$(dirname "$stamp")"
  (
    flock -n 9 || { echo "Waiting for another build ..." >&2; flock 9; }
    build_is_current "$stamp" "${paths[@]}" && exit 0
    echo "Building ..." >&2
    touch "$stamp.new"
    for project in "$@"; do
      # Without the lock: MSBuild's and the compiler's servers outlive the build, and would hold it as long.
      dotnet build "$project" -c Release -v q --nologo -clp:NoSummary >&2 9>&- || exit 1
    done
    mv "$stamp.new" "$stamp"
  ) 9>"$stamp.lock"
}

build_is_current() {
  local stamp=$1 path
  shift
  [ -f "$stamp" ] || return 1
  for path in "$@"; do
    if [ -d "$path" ]; then
      [ -z "$(find "$path" \( -name artifacts -o -name .git -o -name node_modules -o -name tests -o -name docs \) -prune \
        -o -newer "$stamp" ! -path "$path" ! -name .env -print -quit)" ] || return 1
    elif [ "$path" -nt "$stamp" ]; then
      return 1
    fi
  done
}

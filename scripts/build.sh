# Sourced by run.sh and llmgw.

# build_when_changed STAMP FOLDER PROJECT...: builds the projects in Release unless nothing in the folder is newer than the stamp. MSBuild
# takes longer to find that out than the programs take to start. What it says goes to standard error; two at a time wait for each other.
build_when_changed() {
  local stamp=$1 folder=$2 project
  shift 2
  build_is_current "$stamp" "$folder" && return 0
  mkdir -p "$(dirname "$stamp")"
  (
    flock 9
    build_is_current "$stamp" "$folder" && exit 0
    echo "Building ..." >&2
    touch "$stamp.new"
    for project in "$@"; do
      dotnet build "$project" -c Release -v q --nologo -clp:NoSummary >&2 || exit 1
    done
    mv "$stamp.new" "$stamp"
  ) 9>"$stamp.lock"
}

build_is_current() {
  [ -f "$1" ] && [ -z "$(find "$2" \( -name artifacts -o -name .git -o -name node_modules -o -name tests -o -name docs \) -prune \
    -o -newer "$1" ! -path "$2" ! -name .env -print -quit)" ]
}

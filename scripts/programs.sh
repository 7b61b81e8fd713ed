# Sourced by run.sh and test.sh: brings the programs that the SDK does not.

# programs_need PROGRAM=PACKAGE...: installs the packages whose program is on neither PATH nor PostgreSQL's own folders.
# As root by apt-get, otherwise by sudo; where neither is possible it prints the command and ends with code 1.
programs_need() {
  local missing=() pair
  for pair in "$@"; do
    programs_has "${pair%%=*}" || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local install="apt-get install -y --no-install-recommends ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]}. Install them with this system's package manager and start again." >&2
    exit 1
  elif [ "$(id -u)" = 0 ]; then
    echo "Installing ${missing[*]} ..."
    # Debian starts a cluster and a server of its own after installing; ours are private, and start on demand.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 $install -qq >/dev/null
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    echo "Installing ${missing[*]} with sudo ..."
    sudo mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" | sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
    sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 $install -qq >/dev/null
  else
    echo "Missing: ${missing[*]}. Get them with:" >&2
    echo "    sudo apt-get update && sudo $install" >&2
    exit 1
  fi
}

programs_has() {
  case $1 in
    # A module of Debian's own Python, whatever other Python comes first on PATH.
    python:*) /usr/bin/python3 -c "import ${1#python:}" 2>/dev/null ;;
    postgres) type -P postgres >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null ;;
    # A file, not a builtin of this shell: others start it.
    *) type -P "$1" >/dev/null ;;
  esac
}

# Sourced by petserve's script tests, after script_test.sh: services on ports of their own, and questions.
#
#   start NAME ARGUMENT...       a petserve in the background: its URL is in $url, its process in $pid, what
#                                it logs in NAME.log
#   ask METHOD PATH [BODY]       the status and the body, on one line; with curl
#   stop PID [STATUS]            SIGTERM, and its exit status: 0 unless another is expected
export XDG_STATE_HOME=$scratch/state
# A crash in a trial's helper is one, also under AddressSanitizer, which would make an exit of it.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0:handle_abort=0:handle_sigfpe=0

start() {
  local name=$1
  shift
  : > "$name.out"
  "$PETSERVE" "$@" --listen 127.0.0.1:0 >> "$name.out" 2> "$name.log" &
  pid=$!
  running+=("$pid")
  for _ in $(seq 300); do
    url=$(sed -n 's/^listening on //p' "$name.out")
    [[ -n $url ]] && return
    kill -0 "$pid" 2> /dev/null || break
    sleep .1
  done
  echo "FAILED: petserve $* does not listen: $(cat "$name.log")"
  exit 1
}
ask() {
  local method=$1 path=$2
  shift 2
  curl -sS --max-time 60 -X "$method" "$url$path" ${1+--data-binary "$1"} -w ' %{http_code}\n' 2>&1 |
    sed 's/\(.*\) \([0-9]*\)$/\2 \1/'
}
stop() {
  local got=0
  kill -TERM "$1"
  wait "$1" || got=$?
  ((got == ${2:-0})) && return
  printf 'FAILED: petserve ended with %s, expected %s\n' "$got" "${2:-0}"
  failures=$((failures + 1))
}
ready() { eventually 60 '{"ready": true}' ask GET /v2/health/ready; }
command -v curl > /dev/null || {
  echo "SKIPPED: no curl: tools/install-deps --servers installs what these tests need" >&2
  [[ -n ${PET_REQUIRE_SERVERS:-} ]] && exit 1 || exit 77
}

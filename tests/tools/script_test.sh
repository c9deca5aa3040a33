# Sourced by the script tests: a scratch directory, and checks that say what they expected.
#
#   check 'a message with a * wildcard' COMMAND...        exit status 0, output matches
#   check_status 3 'no class *' COMMAND...                 another status; both outputs are matched
#   check_lines 0 'ok list allowed'... -- COMMAND...       how lines of it begin, after spaces; regular
#                                                          expressions, for which several spaces are one
#   eventually SECONDS 'a message' COMMAND...              asked until its output matches: every loop that
#                                                          waits is this one; a failure when it never does
#   running+=($!)                                          a process in the background, which ends with the test
set -euo pipefail

scratch=$(mktemp -d)
running=()  # processes in the background: none outlives its test
end_all() {
  { ((${#running[@]} == 0)) || kill -9 "${running[@]}"; wait; } 2> /dev/null || true
  rm -rf "$scratch"
}
trap end_all EXIT
cd "$scratch"
export HOME=$scratch/home XDG_CONFIG_HOME=$scratch/config XDG_CACHE_HOME=$scratch/xdg-cache
export XDG_DATA_HOME=$scratch/data PET_STORAGE=file://$scratch/storage PET_CACHE=$scratch/cache
mkdir -p "$HOME"
# glibc refuses to start a sanitized binary whose preloads differ; nothing of the caller's is wanted.
unset LD_PRELOAD
# What a test builds is sanitized as the installation is, whose static libraries need the runtime.
if [[ -n ${SANITIZE:-} ]]; then
  export CXXFLAGS="-fsanitize=$SANITIZE -fno-sanitize-recover=all" LDFLAGS="-fsanitize=$SANITIZE"
fi

failures=0
check_status() {
  local status=$1 pattern=$2 output got=0
  shift 2
  output=$("$@" 2>&1) || got=$?
  if [[ $got != "$status" ]]; then
    printf 'FAILED %s\n  expected exit status %s, got %s\n  output: %s\n' "$*" "$status" "$got" "$output"
    failures=$((failures + 1))
  elif [[ $output != *$pattern* ]]; then
    printf 'FAILED %s\n  expected output with: %s\n  output: %s\n' "$*" "$pattern" "$output"
    failures=$((failures + 1))
  fi
}
check_lines() {
  local status=$1 got=0 line wanted=()
  shift
  while [[ $1 != -- ]]; do wanted+=("$1"); shift; done
  shift
  "$@" > lines.out 2>&1 || got=$?
  if [[ $got != "$status" ]]; then
    printf 'FAILED %s\n  expected exit status %s, got %s\n  output: %s\n' "$*" "$status" "$got" "$(cat lines.out)"
    failures=$((failures + 1))
  fi
  for line in "${wanted[@]}"; do
    tr -s ' ' < lines.out | grep -q -- "^ *$line" && continue
    printf 'FAILED %s\n  expected a line: %s\n  output: %s\n' "$*" "$line" "$(cat lines.out)"
    failures=$((failures + 1))
  done
}
check() { check_status 0 "$@"; }
eventually() {
  local seconds=$1 pattern=$2 output=
  shift 2
  for _ in $(seq $((seconds * 10))); do
    output=$("$@" 2>&1) || true
    [[ $output == *$pattern* ]] && return
    sleep .1
  done
  printf 'FAILED %s\n  expected within %s s: %s\n  output: %s\n' "$*" "$seconds" "$pattern" "$output"
  failures=$((failures + 1))
}
finish() {
  ((failures == 0)) || { echo "$failures checks failed"; exit 1; }
  echo "all checks passed"
}

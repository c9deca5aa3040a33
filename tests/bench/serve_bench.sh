#!/usr/bin/env bash
# petserve's figures, each beside its bound of the same run. Reports; asserts nothing.
#
#   tests/bench/serve_bench.sh BUILD [SECONDS]
#
# throughput   a closed loop on a tiny pipeline, beside a bare cpp-httplib handler that parses and writes the
#              same JSON: 1 row, 64 rows and 1,000 rows of 4 numbers, alternately, the best of three
# swaps        an open loop at 200 requests a second for SECONDS (20), without swaps and with one a second
set -euo pipefail
build=$(readlink -f "$1")
seconds=${2:-20}
petctl=$build/tools/petctl petserve=$build/tools/petserve load=$build/tests/tools/petserve/load_generator
fixtures=$build/tests/fixtures
scratch=$(mktemp -d)
pids=()
trap '{ kill -9 "${pids[@]}"; wait; } 2> /dev/null || true; rm -rf "$scratch"' EXIT
cd "$scratch"
export HOME=$scratch XDG_DATA_HOME=$scratch/data PET_STORAGE=file://$scratch/storage PET_CACHE=$scratch/cache
start() {  # NAME COMMAND…: its URL in $url
  : > "$1.out"
  "${@:2}" >> "$1.out" 2> "$1.log" &
  pids+=($!)
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$1.out")
    [[ -n $url ]] && return
    sleep .1
  done
  echo "serve_bench: $1 does not start" >&2; cat "$1.log" >&2; exit 1
}
ready() {  # URL
  for _ in $(seq 300); do
    curl -sf "$1/v2/health/ready" > /dev/null && return
    sleep .1
  done
  echo "serve_bench: $1 does not become ready: $(curl -sS "$1/v2/health/ready" 2>&1)" >&2; exit 1
}
field() { sed -n "s/.*$1=\([0-9.]*\).*/\1/p"; }
body() {  # ROWS
  awk -v rows="$1" 'BEGIN { srand(1); printf "{\"inputs\":[{\"name\":\"x\",\"shape\":[%d,4],\"datatype\":\"FP64\",\"data\":[", rows
    for (i = 0; i < 4 * rows; ++i) printf "%s%.15g", i ? "," : "", rand() * 10; printf "]}]}" }'
}

for name in good_filter wrapper_pipeline stamp_1; do "$petctl" push "$fixtures/$name.so" > /dev/null; done
echo '{"clazz": "GoodFilter", "params": {"factor": 2.0}}' > tiny.json
echo '{"clazz": "WrapperPipeline", "params": {"filters": [{"clazz": "Stamp", "params": {}}, {"clazz": "Stamp", "params": {}}]}}' > stamps.json
start bare "$build/tests/bench/bare_server"; bare=$url
start serve "$petserve" tiny.json stamps.json --listen 127.0.0.1:0 --poll 0.1 --rejections none --log-level warning; serve=$url
ready "$serve"

printf '%-24s %12s %12s %7s\n' 'requests a second' bound ours ratio
for rows in 1 64 1000; do
  body "$rows" > body.json
  best_bare=0 best_ours=0
  for _ in 1 2 3; do
    bound=$("$load" "$bare" /v2/models/tiny/infer body.json 3 --threads 2 | field per_second)
    ours=$("$load" "$serve" /v2/models/tiny/infer body.json 3 --threads 2 | field per_second)
    ((bound > best_bare)) && best_bare=$bound
    ((ours > best_ours)) && best_ours=$ours
  done
  printf '%-24s %12s %12s %7s\n' "$rows rows" "$best_bare" "$best_ours" "$(awk "BEGIN { printf \"%.2f\", $best_ours / $best_bare }")"
done

echo '{"inputs":[{"name":"x","shape":[4,1],"datatype":"FP64","data":[0,0,0,0]}]}' > zeros.json
open_loop() { "$load" "$serve" /v2/models/stamps/infer zeros.json "$seconds" --threads 4 --rate 200 --stamp; }
open_loop > still.out
( version=2
  while :; do
    "$petctl" push "$fixtures/stamp_$version.so" --move-back > /dev/null
    version=$((3 - version))
    sleep 0.9
  done ) &
swapper=$!
pids+=("$swapper")
open_loop > swaps.out
kill "$swapper"
echo
printf '%-24s %9s %9s %9s %7s %6s %6s\n' '200 requests a second' p50_us p99_us p99.9_us failed lost mixed
for run in still swaps; do
  printf '%-24s %9s %9s %9s %7s %6s %6s\n' "$run" $(for name in p50_us p99_us p999_us failed lost mixed; do field "$name" < "$run.out"; done)
done
echo "swaps: $(curl -s "$serve/metrics" | sed -n 's/^pet_swaps_total{model="stamps"} //p'), p99.9 $(awk "BEGIN { printf \"%.2f\", $(field p999_us < swaps.out) / $(field p999_us < still.out) }") times"

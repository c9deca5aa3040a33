# How a service ends, and who cannot hold it up: SIGTERM under load, a second one, slow clients.
cd "$(dirname "$0")"
source ./script_test.sh
source "$OLDPWD/petserve/petserve.sh"

"$PETCTL" push "$FIXTURES/good_filter.so" > /dev/null
echo '{"clazz": "GoodFilter", "params": {"factor": 2.0}}' > good.json
echo '{"inputs":[{"name":"x","shape":[2],"datatype":"FP64","data":[1,2]}]}' > x.json

# Under load every request that was sent is answered, and the end is clean.
start loaded good.json --max-connections 64 --shutdown-delay 3
ready
"$LOAD_GENERATOR" "$url" /v2/models/good/infer x.json 60 --threads 8 > load.out 2> load.err &
load=$!
running+=("$load")
eventually 20 'pet_requests_total{model="good",code="200"} [1-9][0-9][0-9]' curl -sS "$url/metrics"
kill -TERM "$pid"
eventually 3 '503 {"ready": false, "error": "the service is ending"}' ask GET /v2/health/ready
status=0
wait "$pid" || status=$?
((status == 0)) || { echo "FAILED: exit status $status: $(tail -3 loaded.log)"; failures=$((failures + 1)); }
wait "$load" || { echo "FAILED: $(cat load.out load.err)"; failures=$((failures + 1)); }
check 'failed=0 lost=0 refused=[1-9]' cat load.out
check '"event": "ending"' cat loaded.log
check '"event": "ended"' cat loaded.log

# Clients that send nothing, or a byte now and then, take threads from nobody.
start slow good.json --max-connections 4
ready
for _ in $(seq 12); do
  exec {fd}<> "/dev/tcp/127.0.0.1/${url##*:}"
  printf 'POST /v2/models/good/infer HTTP/1.1\r\nContent-Le' >&"$fd"
done
eventually 40 '200 *"data":\[2,4\]' ask POST /v2/models/good/infer @x.json
# … nor do they keep it from ending. A second signal does not wait.
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
((status == 0)) || { echo "FAILED: with slow clients, exit status $status"; failures=$((failures + 1)); }

start hasty good.json --shutdown-delay 60
ready
kill -INT "$pid"
eventually 5 '503' ask GET /v2/health/ready
kill -INT "$pid"
status=0
wait "$pid" || status=$?
((status == 1)) || { echo "FAILED: after two signals, exit status $status"; failures=$((failures + 1)); }

# A storage that accepts and never answers, which is here a service that is stopped, does not keep it either.
start silent good.json
kill -STOP "$pid"
mirror=$url/mirror
for signals in 1 2; do
  start "waiting_$signals" good.json --storage "$mirror" --shutdown-delay 0
  kill -TERM "$pid"
  if ((signals == 2)); then
    eventually 5 'onnect' ask GET /v2/health/live  # what was asked is answered
    kill -TERM "$pid" 2> /dev/null || true
  fi
  status=0
  wait "$pid" || status=$?
  ((status == 0)) || { echo "FAILED: with a silent storage, exit status $status"; failures=$((failures + 1)); }
  why='2 s are over: without waiting for good'
  ((signals == 1)) || why='a second signal: without waiting for '  # which may come before it is waited for
  check "\"event\": \"ended\"*$why*: a request to $mirror" cat "waiting_$signals.log"
done
finish

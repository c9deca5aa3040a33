# New versions reach a service under load: no answer fails, is lost, or is mixed of two versions. Bad ones
# are rejected with a reason and change nothing; going back works both ways; services share a cache.
cd "$(dirname "$0")"
source ./script_test.sh
source "$OLDPWD/petserve/petserve.sh"

push() { "$PETCTL" push "$FIXTURES/$1.so" "${@:2}" > /dev/null; }
hash_of() { sha256sum "$FIXTURES/$1.so" | cut -d' ' -f1; }
push wrapper_pipeline
push stamp_1
# Two filters of one class: 11 times the stamp, or it was not one version that answered.
cat > stamps.json <<'J'
{"clazz": "WrapperPipeline", "params": {"filters": [{"clazz": "Stamp", "params": {}}, {"clazz": "Stamp", "params": {}}]}}
J
echo '{"inputs":[{"name":"x","shape":[4,1],"datatype":"FP64","data":[0,0,0,0]}]}' > zeros.json
printf 'x\n0\n1\n' > samples.csv
options=(--samples samples.csv --rejections "$scratch/rejections" --min-calls 100 --log-level debug)
start one stamps.json "${options[@]}" --poll 0.2
one=$pid one_url=$url
# It polls once an hour, and hears of what is on this machine.
start two stamps.json "${options[@]}" --poll 3600 --storage "$PET_STORAGE" --cache "$PET_CACHE"
two=$pid two_url=$url
for url in "$one_url" "$two_url"; do ready; done
url=$one_url

answers() { ask POST /v2/models/stamps/infer @zeros.json; }
check '"data":\[11,11,11,11\]' answers
"$LOAD_GENERATOR" "$one_url" /v2/models/stamps/infer zeros.json 300 --threads 4 --stamp > load.out 2> load.err &
load=$!
running+=("$load")

# A push, and the other way, reach both within a poll.
push stamp_2
for url in "$one_url" "$two_url"; do eventually 30 '"data":\[22,22,22,22\]' answers; done
url=$one_url
check '"model_version":"2"' answers
check '404 *has no version '"'1'"' any more' ask POST /v2/models/stamps/versions/1/infer @zeros.json
"$PETCTL" rollback Stamp > /dev/null
eventually 30 '"data":\[11,11,11,11\]' answers
push stamp_2 --move-back
eventually 30 '"data":\[22,22,22,22\]' answers

# One that crashes, and one that answers NaN: rejected in the trial, with the reason.
push stamp_crashes
eventually 30 "crashed (SIGSEGV) in construct" ask GET /status.json
push stamp_nan
eventually 30 "$(hash_of stamp_nan)" ask GET /status.json
check '"kind": "rejection"' ask GET /status.json
check 'pet_rejections_total{model="stamps",cause="trial/construct"} 1' curl -sS "$url/metrics"
check '"data":\[22,22,22,22\]' answers
check '"text": "Stamp *trial: ' cat one.log

# One that passes its trial and fails later is rolled back by itself, and is not taken again.
kill -TERM "$load"
wait "$load" || { echo "FAILED: $(cat load.out load.err)"; failures=$((failures + 1)); }
check 'failed=0 lost=0 refused=0 mixed=0' cat load.out
check 'versions=1,*2' cat load.out
"$LOAD_GENERATOR" "$one_url" /v2/models/stamps/infer zeros.json 300 --threads 2 --stamp > load2.out 2> load2.err &
load=$!
running+=("$load")
push stamp_throws_later
eventually 60 '"kind": "rollback"' ask GET /status.json
eventually 30 '"data":\[22,22,22,22\]' answers
# First it goes back, then it finds out whose fault it was.
eventually 30 "\"hash\": \"$(hash_of stamp_throws_later)\", \"reason\": \"" ask GET /status.json
check 'pet_rollbacks_total{model="stamps"} 1' curl -sS "$url/metrics"
check 'pet_rejections_total{model="stamps",cause="budget"} 1' curl -sS "$url/metrics"
kill -TERM "$load"
wait "$load" || true
check 'lost=0 refused=0 mixed=0' cat load2.out

# A restart takes the newest that is not rejected.
stop "$one"
start again stamps.json "${options[@]}" --poll 0.2
ready
check '"data":\[22,22,22,22\]' answers

# A config that moves moves the service; one that cannot be read does not.
sed 's/"params": {}}, {"clazz": "Stamp", "params": {}}/"params": {}}/' stamps.json > moved && mv moved stamps.json
eventually 30 '"data":\[2,2,2,2\]' answers
echo '{"claz": "Stamp"}' > moved && mv moved stamps.json
eventually 30 'found one with *claz' ask GET /status.json
echo '{"clazz":' > moved && mv moved stamps.json
eventually 30 '"problem": "stamps.json: line 2' ask GET /status.json
check '"data":\[2,2,2,2\]' answers
eventually 2 '"problem": "stamps.json' ask GET /status.json
stop "$pid"
stop "$two"

# Without a storage yet: not ready, and why; then it is.
export PET_STORAGE=file://$scratch/later
cat > late.json <<'J'
{"clazz": "GoodFilter", "params": {"factor": 3.0}}
J
start late late.json --poll 0.2
check '503 *"ready": false' ask GET /v2/health/ready
check '"event": "samples", "text": "none: a new version is tried without input' cat late.log
eventually 20 'does not exist' ask POST /v2/models/late/infer @zeros.json
check '503' ask POST /v2/models/late/infer @zeros.json
check '503 {"error":"late is not ready' ask GET /v2/models/late
# To load it waits for what is on its way alone, not for half a minute.
check '"late is not ready yet: ' curl -sS --max-time 20 -X POST "$url/v2/repository/models/late/load"
mkdir later
"$PETCTL" push "$FIXTURES/good_filter.so" > /dev/null
ready
check '"data":\[0,0,0,0\]' ask POST /v2/models/late/infer @zeros.json
stop "$pid"

# Where no version ever worked, nothing says that the class is what is bad: with another config it is tried again.
cat > unfitted.json <<'J'
{"clazz": "F3Pipeline", "params": {"filters": [{"clazz": "StandardScalerPlugin", "params": {}}, {"clazz": "GoodFilter", "params": {}}]}}
J
options=(--samples samples.csv --poll 0.2 --rejections "$scratch/blamed")
start unfitted unfitted.json "${options[@]}"
eventually 20 '"problem": "*predict before fit*try: petctl run unfitted.json --x-train' ask GET /status.json
check 'GoodFilter *  unfitted  ' "$PETCTL" forgive --rejections blamed
stop "$pid"
check '"event": "forgiven", "model": "unfitted", "hash": "' cat unfitted.log
check 'nothing is rejected' "$PETCTL" forgive --rejections blamed
start late late.json "${options[@]}"
ready
stop "$pid"
finish

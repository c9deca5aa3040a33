# Serves the fitted, pinned iris pipeline: every endpoint and every refusal, as a client meets them.
cd "$(dirname "$0")"
source ./script_test.sh
source "$OLDPWD/petserve/petserve.sh"

iris=$SOURCE_ROOT/tests/data/iris
"$PETCTL" push "$FIXTURES/good_filter.so" > /dev/null
cat > pipeline.json <<'J'
{"clazz": "F3Pipeline", "params": {
  "filters": [{"clazz": "StandardScalerPlugin", "params": {}}, {"clazz": "GoodFilter", "params": {"factor": 2.0}},
              {"clazz": "KnnFilter", "params": {}}],
  "metrics": [{"clazz": "F1", "params": {"average": "weighted"}}]}}
J
# With names of columns and labels, as a CSV file has them.
tr -d '\r' < "$iris/iris.csv" | sed '1!s/,0$/,setosa/;1!s/,1$/,versicolor/;1!s/,2$/,virginica/' > named.csv
"$PETCTL" run pipeline.json --x-train named.csv --x named.csv --target target --save iris.json --out expected.csv > /dev/null
cut -d, -f1-4 named.csv > x.csv
"$PETCTL" run pipeline.json --x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy" --save numbers.json > /dev/null
"$PETCTL" push "$FIXTURES/throws_std_exception.so" > /dev/null
throwing=$("$PETCTL" list | sed -n 's/^\(Throws[A-Za-z]*\).*/\1/p')
echo "{\"clazz\": \"$throwing\", \"params\": {}}" > throwing.json

# What cannot be served is said at once.
check_status 2 'petserve needs PIPELINE.json' "$PETSERVE"
check_status 2 'expected HOST:PORT' "$PETSERVE" iris.json --listen nowhere
check_status 2 'cannot listen on' "$PETSERVE" iris.json --listen 203.0.113.1:80
check_status 2 "are both the model 'iris'" "$PETSERVE" iris.json ./iris.json
check_status 2 'cannot stand in a URL' "$PETSERVE" 'a b.json'
check_status 2 'expected a size' "$PETSERVE" iris.json --max-body much
check_status 2 "did you mean '--follow'?" "$PETSERVE" iris.json --folow GoodFilter
check_status 2 "error: --poll: expected a number (SECONDS), got 'soon'" "$PETSERVE" iris.json --poll soon
for wrong in '--record 9' '--failure-rate 7' '--tolerance -1' '--trial-time 0' '--max-requests 0' '--max-connections 0' \
  '--latency-factor 0.5' '--poll 0' '--deadline 0'; do
  check_status 2 "error: $wrong: expected *try: petserve --help" "$PETSERVE" iris.json --listen 127.0.0.1:0 $wrong
done
check_status 2 "error: --samples irsi=x.csv: no model 'irsi' is served*did you mean 'iris'" "$PETSERVE" iris.json --samples irsi=x.csv
check_status 2 'y_test.npy: expected rows and columns, got int64 \[45\]*try: the file of inputs' \
  "$PETSERVE" iris.json --samples "$iris/y_test.npy"
check_status 2 'error: --cache was given an empty text' "$PETSERVE" iris.json --cache ''
touch file
check_status 1 "rejected versions cannot be remembered: *file*try: --rejections DIR" "$PETSERVE" iris.json --rejections file
check '  --poll SECONDS=5 ' "$PETSERVE" --help
check_status 2 'expected json or text' "$PETSERVE" iris.json --log-format xml
check 'Examples:' "$PETSERVE" --help
check 'petserve 0' "$PETSERVE" --version

echo '{"clazz": "StandardScalerPlugin", "params": {}}' > raw.json

start iris iris.json numbers.json throwing.json raw.json --samples iris=x.csv --max-body 1MB --log-level debug
ready

# The protocol, with curl.
check '200 {"name": "petserve", "version": "0.1.0", "extensions": \["model_repository"\]}' ask GET /v2
check '200 {"live": true}' ask GET /v2/health/live
check '200 {"name": "iris", "ready": true}' ask GET /v2/models/iris/ready
check '200 {"name": "iris", "ready": true}' ask GET /v2/models/iris/versions/1/ready
check '"inputs": \[{"name": "x", "datatype": "FP64", "shape": \[-1, 4\]}\], "outputs": \[{"name": "y", "datatype": "BYTES"' \
  ask GET /v2/models/iris
check '200 \[{"name": "iris", "version": "1", "state": "READY", "reason": ""}, {"name": "numbers"' ask POST /v2/repository/index
check '"state": "READY"' ask POST /v2/repository/index '{"ready": true}'

flower='{"id":"one","inputs":[{"name":"x","shape":[2,4],"datatype":"FP64","data":[5.1,3.5,1.4,0.2,[6.3,3.3,6.0,2.5]]}]}'
flower=${flower/\[6.3,3.3,6.0,2.5\]/6.3,3.3,6.0,2.5}
answer='{"model_name":"iris","model_version":"1","id":"one","outputs":[{"name":"y","datatype":"BYTES","shape":[2],"data":["setosa","virginica"]}]}'
[[ $(ask POST /v2/models/iris/infer "$flower") == "200 $answer" ]] ||
  { echo "FAILED: $(ask POST /v2/models/iris/infer "$flower")"; failures=$((failures + 1)); }
[[ $(ask POST /v2/models/iris/versions/1/infer "$flower") == "200 $answer" ]] || failures=$((failures + 1))
id=$(ask GET /v2/models/iris | sed -n 's/.*"id": "\([0-9a-f]*\)".*/\1/p')
check '200 *"setosa"' ask POST "/v2/models/iris/versions/$id/infer" "$flower"
check '"name":"y_index","datatype":"INT64","shape":\[2\],"data":\[0,2\]' ask POST /v2/models/iris/infer \
  "${flower/\"inputs\"/\"outputs\":[{\"name\":\"y\"\},{\"name\":\"y_index\"\}],\"inputs\"}"
check '"datatype":"INT64","shape":\[2\],"data":\[0,2\]' ask POST /v2/models/numbers/infer "$flower"

check '200 {"name": "numbers", "versions": \["1"\], "platform": "petfactory"*"datatype": "INT64"' ask GET /v2/models/numbers

# All of the data, as petctl run answers them.
{
  printf '{"inputs":[{"name":"x","datatype":"FP64","shape":[150,4],"data":['
  tail -n +2 x.csv | sed 's/.*/[&]/' | paste -sd,
  printf ']}]}'
} > all.json
ask POST /v2/models/iris/infer @all.json | sed 's/.*"data":\[//;s/\].*//;s/"//g' | tr , '\n' > served
tail -n +2 expected.csv | cmp - served || failures=$((failures + 1))

# Refusals: each a status and a sentence.
check "404 {\"error\":\"no model 'irsi' is served here\\\\n  did you mean 'iris'?\"}" ask POST /v2/models/irsi/infer "$flower"
check "404 {\"error\":\"iris has no version '7' any more, or not yet: version 1 ($id) is current\"}" \
  ask POST /v2/models/iris/versions/7/infer "$flower"
check '404 *nothing is at' ask GET /v2/modles
check '404 *nothing is at' ask GET /v2/models/iris/fit
check '404 *nothing is at' ask GET /favicon.ico
check '405 *takes POST, got' ask GET /v2/models/iris/infer
check '405 *takes GET, got' ask DELETE /v2/models/iris
check '405 *takes GET, got' ask PUT / '{}'
curl -sSi "$url/v2/models/iris/infer" | grep -qi '^Allow: POST' || { echo "FAILED: no Allow"; failures=$((failures + 1)); }
check '400 {"error":"the request*is not JSON' ask POST /v2/models/iris/infer '{"inputs":'
check '400 {"error":"the request*is not JSON' ask POST /v2/models/iris/infer
check "400 {\"error\":\"iris expects 4 columns ('*'), got float64 \[1, 3\]\"}" ask POST /v2/models/iris/infer \
  '{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP64","data":[1,2,3]}]}'
check '400 *predict: *expected 4 columns as in fit, got float64 \[1, 3\]' ask POST /v2/models/numbers/infer \
  '{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP64","data":[1,2,3]}]}'
check "400 *no output 'z', expected 'y' or 'y_index'" ask POST /v2/models/iris/infer "${flower/\"inputs\"/\"outputs\":[{\"name\":\"z\"\}],\"inputs\"}"
check "500 {\"error\":\"$throwing *predict: " ask POST /v2/models/throwing/infer "$flower"
# What is served unfitted, and without samples, is found out by the first who asks.
check '500 *predict before fit: *try: petctl run raw.json --x-train FILE' ask POST /v2/models/raw/infer "$flower"
gzip < all.json > all.gz
check '{"model_name":"iris"' curl -sS -H 'Content-Encoding: gzip' --data-binary @all.gz "$url/v2/models/iris/infer"
check "says, 'gzip'*try: without that header" curl -sS -H 'Content-Encoding: gzip' -d "$flower" "$url/v2/models/iris/infer"
head -c 1100000 /dev/zero > large
check '413 {"error":"the body is larger than 1000000 bytes (--max-body)' ask POST /v2/models/iris/infer @large
check '400 *expected {*ready*: true} or nothing: expected bool, got int64' ask POST /v2/repository/index '{"ready": 1}'

# Unloaded and loaded; the rest goes on.
check '200 {}' ask POST /v2/repository/models/numbers/unload
check '503 {"error":"numbers is not loaded' ask POST /v2/models/numbers/infer "$flower"
check '503 {"ready": false, "error": "not ready: numbers"}' ask GET /v2/health/ready
check '"name": "numbers", "version": "", "state": "UNAVAILABLE", "reason": "unloaded"' ask POST /v2/repository/index
check '200 *setosa' ask POST /v2/models/iris/infer "$flower"
check '200 {}' ask POST /v2/repository/models/numbers/load
check '200 *"data":\[0,2\]' ask POST /v2/models/numbers/infer "$flower"

# What it tells about itself.
check '200 {"service": {"version": "0.1.0"*"models": \[{"name": "iris"*"state": "ready"*"name": "GoodFilter", "hash": "' ask GET /status.json
"$JSON_CHECK" < <(curl -sS "$url/status.json") > /dev/null || { echo "FAILED: status.json is no JSON"; failures=$((failures + 1)); }
curl -sSi "$url/" > page
grep -q "^Content-Security-Policy: default-src 'none'; connect-src 'self'; style-src 'sha256-" page || failures=$((failures + 1))
check '' "$METRICS_CHECK" < <(curl -sS "$url/metrics")
check 'pet_requests_total{model="iris",code="200"}' curl -sS "$url/metrics"
check '"event": "version", "model": "iris", "kind": "state", "version": 1, "state": "current"' cat iris.log
check '"event": "request", "method": "POST", "path": "/v2/models/iris/infer", "status": 200' cat iris.log
while IFS= read -r line; do
  printf '%s' "$line" | "$JSON_CHECK" > /dev/null || { echo "FAILED: no JSON: $line"; failures=$((failures + 1)); }
done < <(head -40 iris.log)
eventually 10 '"event": "pinned", "model": "iris", "text": "GoodFilter *: the config alone moves' cat iris.log
! grep -q '"event": "pinned", "model": "throwing"' iris.log || { echo "FAILED: what is followed is pinned"; failures=$((failures + 1)); }
stop "$pid"
check '"event": "ended"' cat iris.log
finish

# The status page in a real browser: versions, a rejection and its reason stand in the document, also at
# the width of a telephone and in the dark; texts of plugins stay texts. The screenshots are kept.
cd "$(dirname "$0")"
source ./script_test.sh
source "$OLDPWD/petserve/petserve.sh"

browser=$(command -v chromium-headless-shell || command -v chromium || command -v google-chrome || true)
if [[ -z $browser ]]; then
  echo "SKIPPED: no chromium: tools/install-deps --servers installs what these tests need" >&2
  [[ -n ${PET_REQUIRE_SERVERS:-} ]] && exit 1 || exit 77
fi
push() { "$PETCTL" push "$FIXTURES/$1.so" "${@:2}" > /dev/null; }
push wrapper_pipeline
push stamp_1
cat > stamps.json <<'J'
{"clazz": "WrapperPipeline", "params": {"filters": [{"clazz": "Stamp", "params": {}}, {"clazz": "Stamp", "params": {}}]}}
J
echo '{"clazz": "KnnFilter", "params": {}}' > knn.json
echo '{"clazz": "Nothing<img src=x onerror=alert(1)>", "params": {}}' > forged.json
echo '{"inputs":[{"name":"x","shape":[4,1],"datatype":"FP64","data":[0,0,0,0]}]}' > zeros.json
printf 'x\n0\n1\n' > samples.csv
start page stamps.json knn.json forged.json --samples stamps=samples.csv --poll 0.2 --rejections none --min-calls 100
for model in stamps knn; do eventually 30 '200' ask GET /v2/models/$model/ready; done
"$LOAD_GENERATOR" "$url" /v2/models/stamps/infer zeros.json 300 --threads 2 --rate 60 --stamp > load.out 2>&1 &
running+=($!)
# For a picture that shows more than a test needs: PET_PAGE_SECONDS=40.
linger() { sleep "${PET_PAGE_SECONDS:-0}"; }
eventually 60 'pet_requests_total{model="stamps",code="200"} [1-9][0-9]' curl -sS "$url/metrics"
linger
push stamp_2
eventually 30 '"version": 2, "text": "Stamp' ask GET /status.json
push stamp_crashes
eventually 30 'crashed (SIGSEGV) in construct' ask GET /status.json
"$PETCTL" rollback Stamp 1 > /dev/null
eventually 30 '"version": 4, "text": "Stamp' ask GET /status.json
linger

# look WIDTH NAME [SWITCH...]: NAME.html and NAME.png
look() {
  local size=$1 name=$2
  shift 2
  local flags=(--headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-dev-shm-usage
               --user-data-dir="$scratch/browser" --window-size="$size" "$@")
  timeout 120 "$browser" "${flags[@]}" --virtual-time-budget=4000 --dump-dom "$url/" > "$name.html" 2> "$name.err"
  timeout 120 "$browser" "${flags[@]}" --virtual-time-budget=4000 --screenshot="$scratch/$name.png" "$url/" 2>> "$name.err"
  mkdir -p "$BUILD_ROOT/tests/tools/petserve"
  cp "$name.png" "$BUILD_ROOT/tests/tools/petserve/$name.png"
}
look 1100,1500 page_light
check '<strong class="number">version 4</strong>' cat page_light.html
check 'crashed (SIGSEGV) in construct' cat page_light.html
check '<span class="kind rejection">rejection</span>' cat page_light.html
check '<span class="kind swap">swap</span>' cat page_light.html
check 'aria-label="[0-9:]*  version 3 was rejected' cat page_light.html
check 'class="pill state good">ready' cat page_light.html
check '<title>petserve: stamps v4, knn v1, forged</title>' cat page_light.html
check "'Nothing&lt;img src=x onerror=alert(1)&gt;' is not a class name" cat page_light.html
for file in page_light; do
  ! grep -q '<img' "$file.html" || { echo "FAILED: a text became markup"; failures=$((failures + 1)); }
  ! grep -qi 'content security policy\|uncaught' "$file.err" || { echo "FAILED: $(cat "$file.err")"; failures=$((failures + 1)); }
done
look 360,2600 page_narrow
look 1100,1500 page_dark --blink-settings=preferredColorScheme=0
for name in page_light page_narrow page_dark; do
  [[ $(stat -c %s "$name.png") -gt 20000 ]] || { echo "FAILED: $name.png shows nothing"; failures=$((failures + 1)); }
done
! grep -q 'http[s]*://' "$SOURCE_ROOT"/tools/petserve/status_page.css "$SOURCE_ROOT"/tools/petserve/status_page.html ||
  { echo "FAILED: the page asks others"; failures=$((failures + 1)); }
stop "$pid"
finish

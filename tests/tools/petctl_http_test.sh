# The operator's side of the main job from a mirror behind a real nginx over HTTPS, which
# tests/servers/with_nginx starts; alone, and as a member of a chain.
source "$(dirname "$0")/script_test.sh"

iris=$SOURCE_ROOT/tests/data/iris
good=$FIXTURES/good_filter.so
hash=$(sha256sum "$good" | cut -d' ' -f1)
train=(--x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy" --x "$iris/x_test.npy" --y "$iris/y_test.npy")
export SSL_CERT_FILE=$PET_WEB_CA
origin=file://$PET_WEB_ROOT/mirror
"$PETCTL" push "$good" --storage "$origin" > /dev/null
cat > pipeline.json <<'J'
{"clazz": "F3Pipeline", "params": {
  "filters": [{"clazz": "StandardScalerPlugin", "params": {}}, {"clazz": "GoodFilter", "params": {"factor": 2.0}},
              {"clazz": "KnnFilter", "params": {}}],
  "metrics": [{"clazz": "F1", "params": {"average": "weighted"}}]}}
J

export PET_STORAGE=$PET_WEB_URL/mirror
check "GoodFilter $hash" "$PETCTL" pull GoodFilter --out copy.so
cmp copy.so "$good"
check 'F1 0.9' "$PETCTL" run pipeline.json "${train[@]}"
"$PETCTL" pin pipeline.json --out pinned.json
check '#1' "$PETCTL" log GoodFilter
check "synced GoodFilter $hash" "$PETCTL" status "$good"
check_status 1 "$PET_WEB_URL/mirror" "$PETCTL" push "$good"
check_status 3 'No remote versions found for Nothing' "$PETCTL" pull Nothing
"$PETCTL" run pinned.json "${train[@]}" --save fitted.json --storage "$origin" --out before.npy > /dev/null
PET_CACHE=$scratch/third check 'F1 0.9' "$PETCTL" run fitted.json --x "$iris/x_test.npy" --y "$iris/y_test.npy" --out after.npy
cmp before.npy after.npy

# latest moves at the origin; the mirror follows, also past what it answered before.
for version in good_filter_v2 good_filter good_filter_v2; do
  "$PETCTL" push "$FIXTURES/$version.so" --storage "$origin" --move-back > /dev/null
done
check '#3' "$PETCTL" log GoodFilter
check "$(sha256sum "$FIXTURES/good_filter_v2.so" | cut -d' ' -f1)" "$PETCTL" pull GoodFilter

# A URL where nothing is, is not an empty mirror.
check_status 5 'the server has no such folder (404)' "$PETCTL" pull GoodFilter --storage "$PET_WEB_URL/mirrored"
check_status 5 'the server has no such folder' "$PETCTL" run pipeline.json "${train[@]}" --storage "$PET_WEB_URL/mirrored"
check_status 1 'certificate is not trusted' env -u SSL_CERT_FILE "$PETCTL" pull GoodFilter

# In a chain: binaries from the mirror, the word of the directory.
chain="chain:$PET_WEB_URL/mirror|file://$scratch/authority"
cp -r "$PET_WEB_ROOT/mirror" authority
"$PETCTL" push "$good" --storage "file://$scratch/authority" --move-back > /dev/null
rm "authority/plugins/GoodFilter/$hash.so"
PET_CACHE=$scratch/fourth check "GoodFilter $hash" "$PETCTL" pull GoodFilter --storage "$chain"
echo damaged > "$PET_WEB_ROOT/mirror/plugins/GoodFilter/$hash.so"
cp "$good" "authority/plugins/GoodFilter/$hash.so"
PET_CACHE=$scratch/fifth check "GoodFilter $hash" "$PETCTL" pull GoodFilter --storage "$chain"
check 'latest already' "$PETCTL" push "$good" --storage "$chain"

# A transfer that takes its time is shown on a terminal, and nowhere else.
fail() { printf 'FAILED %s\n' "$1"; failures=$((failures + 1)); }
slow=("$PETCTL" pull "GoodFilter@$hash" --storage "$PET_WEB_URL/slow/pets")
"$PETCTL" push "$good" --storage "file://$PET_WEB_ROOT/pets" > /dev/null
PET_CACHE=$scratch/piped "${slow[@]}" 2> piped.txt > /dev/null
[[ ! -s piped.txt ]] || fail "a pipe has the progress: $(cat piped.txt)"
on_terminal() { script -qefc "$(printf '%q ' "$@")" /dev/null < /dev/null; }
PET_CACHE=$scratch/json on_terminal "${slow[@]}" --json > json.txt
! grep -q 'KB of' json.txt || fail "--json has the progress: $(cat json.txt)"
PET_CACHE=$scratch/shown on_terminal "${slow[@]}" > shown.txt
grep -qE "[0-9a-f]\.so: [0-9.]+ KB of [0-9.]+ KB \([0-9]+ %\)" shown.txt || fail "no progress: $(cat -v shown.txt)"
grep -q "GoodFilter $hash" shown.txt || fail "no result: $(cat -v shown.txt)"
[[ $(tr -d '\n' < shown.txt) == *$'\r\e[K'GoodFilter* ]] || fail "the line stays: $(cat -v shown.txt)"

# What doctor finds: a mirror that is read, and one that is not to be trusted.
doctor=("$PETCTL" doctor --cache "$scratch/sixth")
check_lines 0 'ok http libcurl/' "storage $PET_WEB_URL/mirror" 'ok reachable' "ok clock the server's clock and" 'ok credentials' \
  'skipped list this kind of storage does not list' 'skipped write this kind of storage is read-only' 'ok latency' -- "${doctor[@]}"
check_lines 4 'FAILED reachable .*certificate is not trusted' 'try: .*SSL_CERT_FILE=FILE.pem' 'skipped latency' \
  -- env -u SSL_CERT_FILE "${doctor[@]}"
check_lines 4 'FAILED reachable .*certificate is not trusted' -- "${doctor[@]}" --storage "$PET_WEB_EXPIRED/mirror"
check_lines 5 'FAILED reachable .*no such folder (404)' -- "${doctor[@]}" --storage "$PET_WEB_URL/mirrored"
check_lines 4 'FAILED credentials .*401: the server wants credentials' 'try: ~/.netrc, or PET_HTTP_TOKEN' \
  -- "${doctor[@]}" --storage "$PET_WEB_URL/private"
check_lines 4 'FAILED credentials .*401' -- env PET_HTTP_TOKEN=wrong-token "${doctor[@]}" --storage "$PET_WEB_URL/private"
! grep -q wrong-token lines.out || { echo "FAILED: the token was printed"; failures=$((failures + 1)); }
check_lines 0 "storage $PET_WEB_URL/mirror (1 of 2 of the chain)" 'skipped write this kind of storage is read-only' \
  "storage file://$scratch/authority (2 of 2, which says what is latest)" 'ok write' -- "${doctor[@]}" --storage "$chain"
finish

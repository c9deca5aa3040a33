# With --json, stdout of every verb is one strict JSON document, in success and in failure, and the
# exit status is the one without --json.
source "$(dirname "$0")/script_test.sh"

good=$FIXTURES/good_filter.so
better=$FIXTURES/good_filter_v2.so
refused=$FIXTURES/needs_newer_glibc.so
hash=$(sha256sum "$good" | cut -d' ' -f1)
absent=$(printf '%064d' 7)
iris=$SOURCE_ROOT/tests/data/iris
data=(--x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy" --x "$iris/x_test.npy" --y "$iris/y_test.npy")
cat > pipeline.json <<'J'
{"clazz": "F3Pipeline", "params": {
  "filters": [{"clazz": "GoodFilter", "params": {}}, {"clazz": "KnnFilter", "params": {}}],
  "metrics": [{"clazz": "F1", "params": {"average": "weighted"}}]}}
J
echo '{"clazz": "F3Pipeline", "params": {,}}' > broken.json
mkdir seed
"$PETCTL" push "$good" "$FIXTURES/mean_error.so" --storage "file://$scratch/seed" > /dev/null
printf 'a,b,c\n1,2,x\n' > text.csv
printf 'a,b,y\nnan,1,1\n' > nan.csv
cat > nan.json <<'J'
{"clazz": "F3Pipeline", "params": {"filters": [{"clazz": "GoodFilter", "params": {}}],
                                   "metrics": [{"clazz": "MeanError", "params": {}}]}}
J

fail() { printf 'FAILED %s\n' "$*"; failures=$((failures + 1)); }

# Every run of a verb finds the same storage, cache and files.
fresh() {
  rm -rf storage cache MyFilter out.json copy.so there same
  cp -r seed storage
  cp -r seed same
  mkdir there
}

# json STATUS 'POINTER=VALUE POINTER=VALUE…' VERB…: both ways, and what stands in the document.
json() {
  local status=$1 expected=$2 got_text=0 got_json=0 pair value
  shift 2
  fresh
  "$PETCTL" "$@" > text.out 2> text.err || got_text=$?
  fresh
  "$PETCTL" "$@" --json > json.out 2> json.err || got_json=$?
  [[ $got_text == "$status" ]] || fail "$* exits $got_text, expected $status: $(cat text.err)"
  [[ $got_json == "$status" ]] || fail "$* --json exits $got_json, expected $status: $(cat json.err)"
  "$JSON_CHECK" < json.out || fail "$* --json: $(cat json.out)"
  for pair in $expected; do
    value=$("$JSON_CHECK" "${pair%%=*}" < json.out 2>&1) || true
    [[ $value == "${pair#*=}" ]] || fail "$* --json: expected $pair, got '$value' in $(cat json.out)"
  done
  if ((status != 0)); then
    [[ $(cat json.err) == *"error: $("$JSON_CHECK" /error/message < json.out)"* ]] ||
      fail "$* --json: stderr says $(cat json.err), stdout $(cat json.out)"
  fi
}

# Typos, whatever the verb.
json 2 '/error/code=usage' psuh "$good"
json 2 '/error/code=usage' push
json 2 '/error/code=usage' push "$good" --mesage x
json 2 '/error/code=usage' list --config nowhere.toml

json 0 "/class=GoodFilter /hash=$hash /loadable=true" inspect "$good"
json 4 "/class=NeedsNewerGlibc /loadable=false /problems/0/code=needs_glibc /error/code=gate_refused" \
  inspect "$refused"
json 2 '/error/code=usage /error/key=nowhere.so' inspect nowhere.so
json 2 '/error/code=usage' inspect $'\xff.so'  # no UTF-8

json 0 "/0/class=GoodFilter /0/moved=false /0/number=1 /0/storage=file://$scratch/storage" push "$good"
json 0 "/0/moved=true /0/number=2 /0/previous=$hash" push "$better" -m 'better'
json 0 "/0/class=GoodFilter /0/number=null /0/storage=file://$scratch/storage" push "$better" --no-latest
json 4 '/error/code=gate_refused /pushed=[] /more_errors=[]' push "$refused"
json 4 '/error/code=gate_refused /pushed/0/class=GoodFilter /more_errors/0/code=not_a_plugin' \
  push "$refused" "$better" "$FIXTURES/no_entry.so"
json 4 '/error/code=gate_refused /pushed/0/class=GoodFilter /more_errors=[]' push --no-latest "$refused" "$better"
json 2 '/error/code=usage' push nowhere.so
json 2 '/error/code=usage' push "$good" "$better"

json 0 '/0/status=synced' status "$good"
json 0 '/0/status=synced /1/status=out_of_sync' status "$good" "$better"
answer=0
"$PETCTL" status "$good" "$better" --exit-code --json > json.out || answer=$?
[[ $answer == 1 && $("$JSON_CHECK" /1/status < json.out) == out_of_sync ]] || fail "--exit-code: $answer, $(cat json.out)"
json 0 '/0/status=synced' status "$good" --exit-code
json 2 '/error/code=usage' status "$good" nowhere.so
json 4 '/error/code=gate_refused' status "$refused"

json 0 "/hash=$hash /file=null" pull GoodFilter
json 0 "/hash=$hash /file=copy.so" pull "GoodFilter@$hash" --out copy.so
json 0 "/hash=$hash" pull "GoodFilter@${hash:0:6}…"
json 3 '/error/code=version_not_found' pull "GoodFilter@${hash:0:12}abcdef"
json 3 '/error/code=class_not_found' pull Nobody
json 3 "/error/code=version_not_found /error/hash=$absent" pull "GoodFilter@$absent"
json 2 '/error/code=invalid_hash' pull GoodFilter@12
json 2 '/error/code=usage' pull GoodFilter --out nowhere/copy.so
json 5 '/error/code=storage_unreachable' pull GoodFilter --offline

json 0 '/0/class=GoodFilter /0/number=1' list
json 0 "/0/hash=$hash /0/latest=true" list GoodFilter
json 0 '/0/kind=storage' list --builtin
json 0 '/0/class=KnnFilter' list --builtin KnnFilter
json 0 '/0/class=Precision /0/alias_of=Precission' list --builtin Precision
json 3 '/error/code=class_not_found' list --builtin KnnFiltr
json 3 '/error/code=class_not_found' list Nobody
json 5 '/error/code=storage_unreachable' list --storage "file://$scratch/nowhere"
json 5 '/error/code=storage_unreachable' list --storage 's3://bucket/prefix?endpoint=http://127.0.0.1:1'

json 0 '/0/number=1 /0/class=GoodFilter' log GoodFilter
json 3 '/error/code=class_not_found' log Nobody
json 2 '/error/code=invalid_name' log ../up

json 0 "/shape=[45] /dtype=int64 /predictions/2=2 /classes/1/hash=$hash" run pipeline.json "${data[@]}"
json 0 '/metrics/MeanError=null /shape=[1,2] /dtype=float64 /predictions=[[null,2.0]]' run nan.json --x nan.csv --y nan.csv --target y  # NaN is no JSON
json 0 '/shape=null /dtype=null /predictions=null /metrics={}' run pipeline.json
json 0 '/shape=[45] /predictions=null' run pipeline.json "${data[@]}" --out out.npy
awk 'BEGIN {print "a"; for (i = 0; i < 10001; ++i) print i}' > long.csv
echo '{"clazz": "GoodFilter", "params": {}}' > good.json
json 0 '/shape=[10001,1] /predictions=null' run good.json --x long.csv
json 2 '/error/code=usage' run nowhere.json
json 1 '/error/code=bad_config' run broken.json
json 1 '/error/code=bad_params' run pipeline.json --x text.csv
json 1 '/error/code=plugin_error /error/class=F3Pipeline' run pipeline.json --x "$iris/x_test.npy"

json 0 "/params/filters/0/version_hash=$hash" pin pipeline.json
json 0 '/file=out.json' pin pipeline.json --out out.json
json 1 '/error/code=bad_config' pin broken.json
json 2 '/error/code=usage' pin pipeline.json --out nowhere/out.json

json 0 '/files/0=MyFilter/MyFilter.cpp' new filter MyFilter
json 2 '/error/code=usage' new filtre MyFilter
json 2 '/error/code=invalid_name' new filter My-Filter
json 2 '/error/code=usage' new filter there

check '{"error": {"code", "message"' "$PETCTL" --help
# From one storage to another.
json 0 "/number=1 /hash=$hash /moved=true /previous=null /to=file://$scratch/there" promote GoodFilter --from seed --to there
json 0 "/number=1 /moved=false /release/0/hash=$hash" promote "GoodFilter@$hash" --from seed --to same
json 3 '/error/code=version_not_found' promote "GoodFilter@$absent" --from seed --to there
json 2 '/error/code=usage' promote GoodFilter --from seed

# The cache, as it is, cleared, and what is no verb of it.
json 0 '/files=0 /bytes=0 /limit=10737418240 /quarantine/files=0 /blobs/files=0' cache show
json 0 '/removed/binaries/files=0 /removed/quarantine/files=0 /removed/blobs/files=0' cache clear
json 0 '/removed/quarantine/bytes=0' cache clear --quarantine
json 2 '/error/code=usage' cache
json 2 '/error/code=usage' cache shwo
json 2 '/error/code=usage' cache show --quarantine

# What doctor found, of which an unreachable storage is the worst.
json 0 "/failed=0 /checks/0/about=machine /checks/0/name=settings /checks/0/status=ok /checks/7/about=storage \
        /checks/7/subject=file://$scratch/storage /checks/7/name=reachable /checks/8/status=skipped /checks/7/try=null" doctor
json 5 "/failed=1 /checks/7/status=failed /checks/7/code=storage_unreachable /error/code=storage_unreachable" \
  doctor --storage "file://$scratch/nowhere"
json 4 '/checks/10/name=credentials /checks/10/code=storage_refused /error/code=storage_refused' \
  doctor --storage "file://$scratch/text.csv"
json 1 '/checks/7/name=open /error/code=usage' doctor --storage zip:x
json 1 '/checks/0/code=usage /error/code=usage' doctor --config nowhere.toml
json 2 '/error/code=usage' doctor --read-onyl
finish

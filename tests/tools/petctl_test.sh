# The main job through the command line: push, status, pin, run, move latest, log, pull, offline.
source "$(dirname "$0")/script_test.sh"

iris=$SOURCE_ROOT/tests/data/iris
good=$FIXTURES/good_filter.so
better=$FIXTURES/good_filter_v2.so
hash1=$(sha256sum "$good" | cut -d' ' -f1)
hash2=$(sha256sum "$better" | cut -d' ' -f1)
train=(--x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy" --x "$iris/x_test.npy" --y "$iris/y_test.npy")
cat > pipeline.json <<'J'
{"clazz": "F3Pipeline", "params": {
  "filters": [{"clazz": "StandardScalerPlugin", "params": {}},
              {"clazz": "GoodFilter", "params": {"factor": 2.0}},
              {"clazz": "KnnFilter", "params": {}}],
  "metrics": [{"clazz": "F1", "params": {"average": "weighted"}}]}}
J

# Before anything is pushed: a storage that is not there is not an empty one.
check_status 5 'does not exist' "$PETCTL" list
mkdir storage empty configured
check 'no classes in file://' "$PETCTL" list
check_status 1 'untracked' "$PETCTL" status "$good" --exit-code
check "untracked GoodFilter $hash1" "$PETCTL" status "$good"
check '"classes": \[*"class": "GoodFilter", "hash": "'"$hash1"'"' \
  "$PETCTL" run pipeline.json --plugin "$good" "${train[@]}" --json
check 'no classes in file://' "$PETCTL" list  # --plugin touched no storage

# Push: the grammar, twice, only stored, back.
check "GoodFilter $hash1 linux-x86_64-gnu #1" "$PETCTL" push "$good" --message 'first version'
check 'latest already, nothing changed' "$PETCTL" push "$good"
check "in file://$scratch/storage" "$PETCTL" push "$good"
check 'synced' "$PETCTL" status "$good" --exit-code
check "synced GoodFilter $hash1" "$PETCTL" status "$good"
check 'stored, latest is unchanged' "$PETCTL" push "$better" --no-latest
check "out_of_sync GoodFilter $hash2" "$PETCTL" status "$better"
check "\"version_hash\": \"$hash1\"" "$PETCTL" pin pipeline.json
"$PETCTL" pin pipeline.json --out pinned.json
check '' "$PETCTL" run pinned.json "${train[@]}" --out before.npy
check "GoodFilter $hash2 linux-x86_64-gnu #2" "$PETCTL" push "$better" --message 'second version'
check_status 2 '--move-back' "$PETCTL" push "$good"

# The pinned config keeps its version; the one by name follows latest.
check "\"hash\": \"$hash1\"" "$PETCTL" run pinned.json "${train[@]}" --out after.npy --json
check "\"hash\": \"$hash2\"" "$PETCTL" run pipeline.json "${train[@]}" --json
cmp before.npy after.npy
check 'latest moved back from' "$PETCTL" push "$good" --move-back --message 'back'

# Log, list, pull. Columns are aligned, and a message moves no cursor.
"$PETCTL" push "$FIXTURES/mean_error.so" --message $'two\nlines' --storage "file://$scratch/notes" > /dev/null
check 'two\\x0alines' "$PETCTL" log MeanError --storage "file://$scratch/notes"
"$PETCTL" list --storage "file://$scratch/notes" | sed 's/…/./' > listed
[[ $(awk '{print index($0, "NUMBER") + index($0, "#1")}' listed | sort -u | wc -l) == 1 ]] ||
  { echo "FAILED: columns are not aligned: $(cat listed)"; exit 1; }
check '#3*back*#2*second version*#1*first version' "$PETCTL" log GoodFilter
check '"number": 3' "$PETCTL" log GoodFilter --json
check "$hash2" "$PETCTL" list GoodFilter
check '"latest": true' "$PETCTL" list GoodFilter --json
check 'GoodFilter*#3' "$PETCTL" list
check 'KnnFilter*n_neighbors*int64*5' "$PETCTL" list --builtin
check 'KnnFilter' "$PETCTL" list --builtin --json
check 'Precision is another name of*Precission' "$PETCTL" list --builtin Precision
check "GoodFilter $hash2" "$PETCTL" pull "GoodFilter@$hash2" --out copy.so
cmp copy.so "$better"
check "\"hash\": \"$hash1\"" "$PETCTL" pull GoodFilter --json
check 'GoodFilter' "$PETCTL" inspect copy.so
check '"loadable": true' "$PETCTL" inspect copy.so --json

# A search tells what it tried, in order; one that has nothing to try says so.
grid=$SOURCE_ROOT/sdk/examples/grid_search/pipeline.json
search=(--x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy")
check 'TRIAL*SCORE*PARAMETERS*1*0.9*{"pipeline/filters/1/n_neighbors": 1, "pipeline/filters/1/weights": "uniform"}*8' \
  "$PETCTL" run "$grid" "${search[@]}"
check '"trials": \[{"params": {"pipeline/filters/1/n_neighbors": 1' "$PETCTL" run "$grid" "${search[@]}" --json
sed 's/_grid/_gird/' "$grid" > no_grid.json
check 'warning: no_grid.json searches nothing' "$PETCTL" run no_grid.json "${search[@]}"

# What is wrong here is for doctor to say: nothing, once an author's tools are there.
check '0 failed' "$PETCTL" doctor
check 'ok       write' "$PETCTL" doctor --storage memory:

# Offline: pinned from the cache, never from storage.
check 'F1' "$PETCTL" run pinned.json "${train[@]}" --offline
check 'F1' "$PETCTL" run pinned.json "${train[@]}" --offline --storage "file://$scratch/nowhere"

# CSV in and out; a config with built-ins only needs no storage at all.
cat > knn.json <<'J'
{"clazz": "F3Pipeline", "params": {"filters": [{"clazz": "StandardScalerPlugin", "params": {}}, {"clazz": "KnnFilter", "params": {}}],
 "metrics": [{"clazz": "Precision", "params": {"average": "macro"}}]}}
J
check '"metrics": {"Precission": 0.9' \
  "$PETCTL" run knn.json --x-train "$iris/iris.csv" --x "$iris/iris.csv" \
    --target target --out predicted.csv --json --storage "file://$scratch/empty"
[[ $(wc -l < predicted.csv) == 151 ]] || { echo "FAILED: predicted.csv has $(wc -l < predicted.csv) lines"; exit 1; }
check '"metrics": {"F1": 0.9332591768631814, "Precission": 0.9345238095238095, "Recall": 0.9333333333333333}, "shape": \[45\]' \
  "$PETCTL" run <(sed -n '/"dump"/,$p' "$iris/scaler_knn.json" | sed '1s/.*/{/;/^ "metrics"/,$d;s/^ },$/ }/') "${train[@]}" --json

# Scaffolding, the config file, help.
check 'made MyMetric' "$PETCTL" new metric MyMetric
[[ -f MyMetric/MyMetric.cpp && -f MyMetric/CMakeLists.txt ]]
mkdir -p config/petfactory
echo "storage = \"file://$scratch/configured\"" > config/petfactory/config.toml
check "no classes in file://$scratch/configured" env -u PET_STORAGE "$PETCTL" list
mkdir home/pets
echo "storage = '~/pets'  # below HOME" > config/petfactory/config.toml
check "no classes in file://$scratch/home/pets" env -u PET_STORAGE "$PETCTL" list
check "no classes in file://$scratch/home/pets" "$PETCTL" list --storage='~/pets'
check 'KnnFilter' "$PETCTL" run knn.json --cache='~/c'
[[ -d home/c && ! -e '~' ]] || { echo "FAILED: ~ is a directory: $(ls)"; exit 1; }
check 'GoodFilter' "$PETCTL" list  # the environment wins over the file
check 'Example:' "$PETCTL" push --help
check 'petctl 0' "$PETCTL" --version
check 'lazy_pull GoodFilter' "$PETCTL" run pipeline.json "${train[@]}" --verbose
finish

# A pipeline fitted here predicts there: run --save, and the config that it writes.
source "$(dirname "$0")/script_test.sh"

iris=$SOURCE_ROOT/tests/data/iris
train=(--x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy")
ask=(--x "$iris/x_test.npy" --y "$iris/y_test.npy")
mkdir storage
"$PETCTL" push "$FIXTURES/learning_filter.so" > /dev/null
cat > pipeline.json <<'J'
{"clazz": "F3Pipeline", "params": {
  "filters": [{"clazz": "MonoPipeline", "params": {"filters": [{"clazz": "StandardScalerPlugin", "params": {}},
                                                               {"clazz": "PCAPlugin", "params": {"n_components": 2}}]}},
              {"clazz": "LearningFilter", "params": {"scale": 3.0}},
              {"clazz": "KnnFilter", "params": {"n_neighbors": 3}}],
  "metrics": [{"clazz": "F1", "params": {"average": "macro"}}]}}
J

# Built-ins and a plugin, nested; with the config alone, in a bare directory with another cache.
check 'saved the fitted pipeline as fitted.json*F1 0.9' \
  "$PETCTL" run pipeline.json "${train[@]}" "${ask[@]}" --save fitted.json --out here.npy
mkdir bare && cp fitted.json bare && cd bare
export PET_CACHE=$scratch/other-cache
check 'F1 0.9' "$PETCTL" run fitted.json "${ask[@]}" --out there.npy
cmp ../here.npy there.npy
check '"saved": null' "$PETCTL" run fitted.json "${ask[@]}" --json
check '' "$PETCTL" run fitted.json "${ask[@]}" --offline --out offline.npy
cmp there.npy offline.npy
check 'LearningFilter*#1' "$PETCTL" list
[[ $("$PETCTL" list) != *F3Pipeline* ]] || { echo "FAILED: a state counts as a stored class"; exit 1; }

# latest moves on, the fitted pipeline stays; it can be fitted again, and saved the same.
{ cat "$FIXTURES/learning_filter.so"; printf x; } > newer.so
"$PETCTL" push newer.so > /dev/null
check '' "$PETCTL" run fitted.json "${ask[@]}" --out after.npy
cmp there.npy after.npy
check '"saved": "again.json"' "$PETCTL" run fitted.json "${train[@]}" --save again.json --json
cmp fitted.json again.json
check_status 2 'a fitted pipeline is pinned already' "$PETCTL" pin fitted.json
check 'F1' "$PETCTL" run ../pipeline.json "${train[@]}" "${ask[@]}"

# What does not fit is refused, and nothing predicts from it.
state=$(echo "$scratch"/storage/plugins/F3Pipeline/state/*.bin)
cp "$state" good.bin
export PET_CACHE=$scratch/third-cache
head -c 100 good.bin > "$state"
check_status 4 'is damaged: expected sha256' "$PETCTL" run fitted.json "${ask[@]}"
{ cat good.bin; printf x; } > "$state"
check_status 4 'is damaged: expected sha256' "$PETCTL" run fitted.json "${ask[@]}"
rm "$state"
check_status 3 'no fitted state*try: the storage in which it was saved' "$PETCTL" run fitted.json "${ask[@]}"
cp good.bin "$state"
check 'F1 0.9' "$PETCTL" run fitted.json "${ask[@]}"
sed 's/"builtin": "1",/"builtin": "0",/' fitted.json > other.json
check_status 3 'is pinned to the built-in of version "0", and this program has version "1"' \
  "$PETCTL" run other.json "${ask[@]}"

# Text labels: encoded when they are read, part of what is saved, texts again in predictions.
export PET_CACHE=$scratch/cache
awk -F, 'BEGIN {OFS = ","; name[0] = "setosa"; name[1] = "versi color"; name[2] = "\"virg,inica\""}
         {$NF = NR == 1 ? "species" : name[$NF + 0]; print}' "$iris/iris.csv" > species.csv
echo '{"clazz": "F3Pipeline", "params": {"filters": [{"clazz": "KnnFilter", "params": {"n_neighbors": 1}}],
       "metrics": [{"clazz": "F1", "params": {}}]}}' > knn.json
check 'predicted text \[150\]*  setosa*F1 1.0' \
  "$PETCTL" run knn.json --x-train species.csv --x species.csv --target species --save species.json
check '"_labels": \[*"setosa",*"versi color",*"virg,inica"' cat species.json
check '"dtype": "text", "predictions": \["setosa", "setosa"' \
  "$PETCTL" run species.json --x species.csv --target species --json
check 'F1 1.0' "$PETCTL" run species.json --x species.csv --target species --out predicted.csv
cut -d, -f5- species.csv | tail -n +2 > expected.csv
tail -n +2 predicted.csv | diff - expected.csv
check '' "$PETCTL" run species.json --x species.csv --target species --out predicted.npy
cut -d, -f1-4 species.csv > x.csv
check 'F1 1.0' "$PETCTL" run species.json --x x.csv --y predicted.npy
check 'F1 1.0' "$PETCTL" run species.json --x x.csv --y predicted.csv
sed 's/setosa/sertosa/' species.csv > typo.csv
check_status 1 "'sertosa' is none of the labels that the pipeline was fitted on: did you mean 'setosa'" \
  "$PETCTL" run species.json --x typo.csv --target species
check_status 1 'its targets are numbers; the pipeline was fitted on the labels' \
  "$PETCTL" run species.json --x "$iris/iris.csv" --target target
check_status 2 'has text labels, and*has numbers' "$PETCTL" run knn.json "${train[@]}" --x x.csv --y predicted.csv
sed 's/"setosa"/"versi color"/' species.json > twice.json
check_status 1 '/_labels: expected a list of distinct texts' "$PETCTL" run twice.json --x x.csv
check 'predicted int64' "$PETCTL" run species.json "${train[@]}" --x "$iris/x_test.npy" --save numbers.json
check '"_labels": null' cat numbers.json

# Text targets where nobody knows what they mean: a pipeline fitted on numbers in another run.
check '' "$PETCTL" run knn.json --x-train "$iris/iris.csv" --target target --save on-numbers.json
check_status 2 'has text labels, and on-numbers.json knows none: it was fitted on numbers, or never' \
  "$PETCTL" run on-numbers.json --x x.csv --y predicted.csv
check_status 2 'has text labels, and knn.json knows none' "$PETCTL" run knn.json --x x.csv --y predicted.csv

# A fitted pipeline as a filter of another: its labels are those of the whole, unless there are two.
nest() { echo '{"clazz": "F3Pipeline", "params": {"filters": ['"$1"'], "metrics": [{"clazz": "F1", "params": {}}]}}'; }
nest "$(cat species.json)" > nested.json
check 'predicted text*F1 1.0' "$PETCTL" run nested.json --x species.csv --target species
nest "$(cat species.json), $(sed 's/"setosa"/"other"/' species.json)" > two.json
check_status 1 'two.json holds pipelines that were fitted on different labels*"_labels" at its root' \
  "$PETCTL" run two.json --x x.csv
check 'predicted int64' "$PETCTL" run nested.json --x-train "$iris/iris.csv" --x x.csv --target target

# Numbers of clusters are no labels; scores still see the encoded targets.
echo '{"clazz": "F3Pipeline", "params": {"filters": [{"clazz": "KMeansFilter", "params": {"n_clusters": 3, "random_state": 0}}],
       "metrics": [{"clazz": "F1", "params": {}}]}}' > clusters.json
check 'predicted int64 \[150\]*F1 ' \
  "$PETCTL" run clusters.json --x-train species.csv --x species.csv --target species --save clustered.json
check 'predicted int64 \[150\]*F1 ' "$PETCTL" run clustered.json --x species.csv --target species

# The names of the columns are part of what is saved; a .npy has none.
check '"_columns": \[*"sepal_length"*"petal_width"' cat species.json
awk -F, 'BEGIN {OFS = ","} {print $4, $3, $2, $1}' x.csv > reversed.csv
check_status 1 "reversed.csv: column 1 is 'petal_width'; the pipeline was fitted on 'sepal_length' there*try: the same columns" \
  "$PETCTL" run species.json --x reversed.csv
check_status 1 'reversed.csv: column 1 is' "$PETCTL" run knn.json --x-train species.csv --target species --x reversed.csv
check '' "$PETCTL" run species.json --x "$iris/x_test.npy"
check_status 1 'columns' "$PETCTL" run species.json --x "$iris/iris.csv"
check '"_columns": null' cat numbers.json
printf 'gr\xf6\xdfe,y\n1,0\n2,1\n' > latin1.csv
check '' "$PETCTL" run knn.json --x-train latin1.csv --target y --save latin1.json
check 'predicted' "$PETCTL" run latin1.json --x latin1.csv --target y

# A target column that nobody looks at is not relabelled.
echo '{"clazz": "KnnFilter", "params": {"n_neighbors": 1}}' > bare-knn.json
check '' "$PETCTL" run bare-knn.json --x-train species.csv --target species --save bare-fitted.json
check 'predicted text' "$PETCTL" run bare-fitted.json --x typo.csv --target species

# What is written replaces nothing of the same run.
cp species.json kept.json && cp species.csv kept.csv
for name in kept.json ./kept.json kept.csv "$PWD/kept.csv"; do
  check_status 2 "kept.*which --save would replace*try: another name with --save" \
    "$PETCTL" run kept.json --x-train kept.csv --target species --save "$name"
done
check_status 2 'same.npy is --out, which --save would replace' "$PETCTL" run kept.json --x-train kept.csv \
  --target species --x kept.csv --save ./same.npy --out same.npy
check_status 2 'kept.csv is --x, which --out would replace' "$PETCTL" run kept.json --x kept.csv --target species --out kept.csv
cmp species.json kept.json && cmp species.csv kept.csv
check_status 2 'stdout tells what was done' "$PETCTL" run kept.json --x-train kept.csv --target species --save /dev/stdout
check_status 2 "expected a file's name" "$PETCTL" run kept.json --x-train kept.csv --target species --save -
for option in --save --out --x --y --plugin; do
  check_status 2 "$option was given an empty text" "$PETCTL" run kept.json --x-train kept.csv --target species "$option" ''
done
check_status 2 'nowhere/x.json: cannot be written: No such file*another place with --save' \
  "$PETCTL" run kept.json --x-train kept.csv --target species --save nowhere/x.json

# Texts keep the shape of the numbers that they stand for.
LC_ALL=C sed 's/(45,), } /(45,1), }/' "$iris/y_test.npy" > column.npy
cat > named.json <<'J'
{"clazz": "F3Pipeline", "params": {"filters": [], "metrics": []}, "_labels": ["a", "b", "c"]}
J
check '"shape": \[45, 1\], "dtype": "text", "predictions": \[\["' "$PETCTL" run named.json --x column.npy --json
check 'predicted text \[45, 1\]' "$PETCTL" run named.json --x column.npy --out named.npy
check "'<U1'*(45, 1)" head -c 120 named.npy

# While a pipeline is being fitted nothing lies beside the file that --save names: who stops it leaves nothing.
mkfifo pipe.csv
exec 9<> pipe.csv
"$PETCTL" run knn.json --x-train pipe.csv --target y --save held.json > held.out 2>&1 9>&- &
fit=$!
running+=("$fit")
eventually 60 pipe.csv ls -l "/proc/$fit/fd"
[[ -z $(find . -name '.tmp*') && ! -e held.json ]] || { echo "FAILED: an unfinished file during the fit"; exit 1; }
printf 'a,y\n1,0\n2,1\n' >&9
exec 9>&-
wait "$fit"
check 'state_hash' cat held.json

# A cache that takes nothing is no hindrance to what is built in; a storage that takes nothing is
# known before the fit, and what could not be saved after it predicts all the same.
mkdir -m 777 open-cache
check 'saved the fitted' "$PETCTL" run knn.json --x-train species.csv --target species --save open.json --cache "$PWD/open-cache"
check 'F1 1.0' "$PETCTL" run open.json --x species.csv --target species --cache "$PWD/open-cache"
check 'refusal F3Pipeline*cannot be trusted' "$PETCTL" run open.json --x species.csv --target species --cache "$PWD/open-cache" -v
rmdir open-cache
if [[ $EUID == 0 && -x $(command -v setpriv) ]]; then
  mkdir -m 755 public && chmod 755 "$scratch" . && cp "$PETCTL" public/petctl && chmod 644 ./*.json ./*.csv
  mkdir -m 500 closed-cache && mkdir -m 700 own-cache own-storage own-storage/s readonly && mkdir -m 755 readonly/plugins
  chown 65534 closed-cache own-cache own-storage own-storage/s && chmod 755 readonly
  nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$PWD/public/petctl" "$@"; }
  check 'saved the fitted' nobody run knn.json --x-train species.csv --target species --save own-storage/closed.json \
    --storage "$PWD/own-storage/s" --cache "$PWD/closed-cache"
  check 'F1 1.0' nobody run own-storage/closed.json --x species.csv --target species \
    --storage "$PWD/own-storage/s" --cache "$PWD/closed-cache"
  check_status 1 "error: *readonly*ermission denied" nobody run knn.json --x-train species.csv --target species \
    --save own-storage/x.json --storage "$PWD/readonly" --cache "$PWD/own-cache"
  # Writable when it is tried, not so after the fit.
  rm -rf own-storage/s/plugins/F3Pipeline && mkdir own-storage/s/plugins/F3Pipeline
  check_status 1 'predicted text*error: the pipeline was fitted, but is not saved as own-storage/x.json: *F3Pipeline*ermission denied' \
    nobody run knn.json --x-train species.csv --x species.csv --target species --save own-storage/x.json \
    --out own-storage/late.csv --storage "$PWD/own-storage/s" --cache "$PWD/own-cache"
  tail -n +2 own-storage/late.csv | diff - expected.csv
  [[ ! -e own-storage/x.json ]] || { echo "FAILED: a config of a fit that was not saved"; exit 1; }
  check_status 1 '"saved": null*' nobody run knn.json --x-train species.csv --x species.csv --target species \
    --save own-storage/x.json --json --storage "$PWD/own-storage/s" --cache "$PWD/own-cache"
fi
[[ -z $(find "$scratch" -name 'pet-probe*') ]] || { echo "FAILED: a probe is left behind"; exit 1; }

# Usage. What is known before a long fit is said before it.
check_status 2 '--save needs --x-train too' "$PETCTL" run ../pipeline.json --save x.json
check_status 2 'nowhere' "$PETCTL" run ../pipeline.json "${train[@]}" --save nowhere/x.json
echo '{"clazz": "F3Pipeline", "params": {"filters": [{"clazz": "GoodFilter", "params": {}}]}}' > plugin.json
check 'warning: plugin-fitted.json names GoodFilter*push it (petctl push' "$PETCTL" run plugin.json \
  --plugin "$FIXTURES/good_filter.so" "${train[@]}" --save plugin-fitted.json
check_status 5 'which is not asked offline' "$PETCTL" run fitted.json "${train[@]}" --save x.json --offline
[[ ! -e x.json ]] || { echo "FAILED: a config of a fit that was not saved"; exit 1; }
finish

# Every kind of failure, with its exit status and what it says: the object, what is wrong, the next step.
# A pattern begins with "error: ", so that an argument that is merely repeated does not match it.
source "$(dirname "$0")/script_test.sh"

good=$FIXTURES/good_filter.so
hash=$(sha256sum "$good" | cut -d' ' -f1)
iris=$SOURCE_ROOT/tests/data/iris
config() { printf '{"clazz": "F3Pipeline", "params": {"filters": [%s], "metrics": []}}' "$1" > config.json; }

# Usage: typos are answered with what was meant.
check_status 2 "error: a verb is missing*try: petctl --help" "$PETCTL"
check_status 2 "error: no verb or option 'psuh'*did you mean 'push'?*try: petctl --help" \
  "$PETCTL" psuh "$good"
check_status 2 "error: no verb or option '--jsn'*did you mean '--json'?" "$PETCTL" --jsn
check_status 2 "error: *not expected: --mesage*did you mean '--message'?*try: petctl push --help" \
  "$PETCTL" push "$good" --mesage x
check_status 2 "error: *not expected: two.so*try: petctl inspect --help" \
  "$PETCTL" inspect "$good" two.so
check_status 2 'error: push needs FILE*try: petctl push --help' "$PETCTL" push
check_status 2 'error: new needs KIND*try: petctl new --help' "$PETCTL" new
check_status 2 'error: new needs NAME*try: petctl new --help' "$PETCTL" new filter
check_status 2 'error: pull needs CLASS\[@HASH\]*try: petctl pull --help' "$PETCTL" pull
check_status 2 'error: --x: 1 required FILE missing*try: petctl run --help' \
  "$PETCTL" run config.json --x
check_status 2 "error: no template for 'filtre'*did you mean 'filter'?*expected: filter, metric or pipeline" \
  "$PETCTL" new filtre MyFilter
no_class="is not a class name: expected a letter or '_', then letters, digits and '_', 128 characters at most"
check_status 2 "error: 'My-Filter' $no_class" "$PETCTL" new filter My-Filter
check_status 2 "error: '../up' $no_class" "$PETCTL" pull ../up
check_status 2 "error: '../up' $no_class" "$PETCTL" log ../up
check_status 2 "error: '123' is not a version: expected a SHA-256 as 64 lower-case hex digits, or its first digits, 6 at least*try: petctl list GoodFilter" \
  "$PETCTL" pull GoodFilter@123
check_status 2 "error: --interval: expected a number (SECONDS), got 'soon'*try: petctl watch --help" \
  "$PETCTL" watch GoodFilter --interval soon
# An unset variable of a script is not the default storage.
check_status 2 'error: --storage was given an empty text, expected a name (URL)*try: petctl list --help' "$PETCTL" list --storage ''
check_status 2 'error: --cache was given an empty text' "$PETCTL" --cache '' list
check_status 2 "error: *not expected: --read-onyl*did you mean '--read-only'?*try: petctl doctor --help" \
  "$PETCTL" doctor --read-onyl
check_status 2 'error: *not expected: storage*try: petctl doctor --help' "$PETCTL" doctor storage
# The config file: two texts in quotes, and nothing that is merely close to it.
mkdir -p config/petfactory
toml() {  # toml 'TEXT' 'what is said of it, after the file's name'
  printf '%b' "$1" > config/petfactory/config.toml
  check_status 2 "error: */config.toml, $2*expected: storage = \"URL\" or cache" "$PETCTL" list
}
toml 'storrage = "x"' "line 1: unknown key 'storrage'*did you mean 'storage'"
toml '\n# one\nstorage = "/tmp/st2' 'line 3: storage: the closing " is missing'
toml "storage = '/tmp/st2\"" "line 1: storage: the closing ' is missing"
toml 'storage = 5' "line 1: storage: expected a text in quotes, got '5'"
toml 'storage =' 'line 1: storage: expected a text in quotes, got nothing'
toml 'cache = ""' 'line 1: cache: the text is empty'
toml 'storage = "a" "b"' 'line 1: storage: not expected after the text'
toml 'storage = "a\\q"' "line 1: storage: '*' is no escape here"
toml '[a]\nstorage = "x"' "line 1: there are no tables here, got '\[a\]'"
toml 'cache = "pets"' "line 1: cache: 'pets' would be another directory wherever this is used: begin it with '/' or '~/'"
toml 'storage = "/a"\nstorage = "b"' 'line 2: storage is there twice'
toml 'cache_max_sise = "1 GB"' "line 1: unknown key 'cache_max_sise'*did you mean 'cache_max_size'"
toml 'storage' "line 1: is not TOML: no '=' in 'storage'"
rm config/petfactory/config.toml
# Without HOME there is no config file; the current directory's is not it.
mkdir petfactory; echo 'storrage = "x"' > petfactory/config.toml
check_status 5 'does not exist' env -u HOME -u XDG_CONFIG_HOME "$PETCTL" list
rm -r petfactory
check_status 2 'error: ~/c is below HOME, which is not set*try: a path' \
  env -u HOME "$PETCTL" list --cache '~/c'
check_status 2 'error: cannot read the config file nowhere.toml*try: check that it exists' \
  "$PETCTL" list --config nowhere.toml
check_status 5 'error: s3://bucket/prefix*: no answer: *try: the endpoint http://127.0.0.1:1' \
  "$PETCTL" list --storage 's3://bucket/prefix?endpoint=http://127.0.0.1:1'
check_status 2 "error: storage scheme 'htps:' is not known*one of: *did you mean *'https'" "$PETCTL" list --storage htps://host/x
check_status 2 "error: storage scheme 's4:' is not known*did you mean 's3'?" "$PETCTL" list --storage 'chain:a|s4://bucket/x'
check_status 2 "error: not an S3 storage: 's3:bucket/x' does not begin with s3://" "$PETCTL" list --storage s3:bucket/x
check_status 2 "error: not an HTTP storage: 'https:/host/x' does not begin with https://*try: https://HOST" \
  "$PETCTL" pull GoodFilter --storage https:/host/x
check_status 2 "error: not an S3 storage: the endpoint '127.0.0.1:9' of AWS_ENDPOINT_URL_S3 is not https://HOST" \
  env AWS_ENDPOINT_URL_S3=127.0.0.1:9 "$PETCTL" list --storage s3://bucket/x
check_status 1 'cannot list: name the class, which can be read, or choose' "$PETCTL" list --storage http://127.0.0.1:1/x
check_status 2 "error: storage * names a host*write file:///dir" \
  "$PETCTL" list --storage file://host/dir
check_status 2 'error: no storage is named, and without HOME there is no default*try: --storage' env -u HOME -u XDG_DATA_HOME -u PET_STORAGE \
  "$PETCTL" list

# A storage that is not there, a mount that went away: never an empty one, never the built-in instead.
config '{"clazz": "StandardScalerPlugin", "params": {}}'
check_status 5 "error: *storage '$scratch/mistyped' does not exist: check the path" \
  "$PETCTL" run config.json --storage "$scratch/mistyped"
check 'StandardScalerPlugin' "$PETCTL" run config.json --storage "$scratch/mistyped" --offline
check 'no classes in' env -u PET_STORAGE "$PETCTL" list  # the default place is made

check_status 5 'error: *storage is not asked offline*try: without --offline' \
  "$PETCTL" list --offline
check_status 5 'error: *storage is not asked offline*try: without --offline' \
  "$PETCTL" log GoodFilter --offline
check_status 5 'error: pull of GoodFilter needs file://*, which is not asked offline*try: without --offline' \
  "$PETCTL" pull GoodFilter --offline
check_status 5 'error: push needs file://*, which is not asked offline*try: without --offline' \
  "$PETCTL" push "$good" --offline

# Not found.
mkdir storage
no_versions() { echo "error: No remote versions found for $1 in file://$scratch/storage: check the name*or push the class"; }
check_status 3 "$(no_versions GoodFilter)" "$PETCTL" pull GoodFilter
for verb in pull log list; do
  check_status 3 "$(no_versions KnnFilter)*KnnFilter is built in: it has no binary and no log*try: petctl list --builtin KnnFilter" \
    "$PETCTL" $verb KnnFilter
  check_status 3 "$(no_versions KnnFiltr)*did you mean 'KnnFilter'? (built in" "$PETCTL" $verb KnnFiltr
done
check_status 3 "error: no built-in class 'KnnFiltr'*did you mean 'KnnFilter'?*try: petctl list --builtin" \
  "$PETCTL" list --builtin KnnFiltr
check_status 3 "$(no_versions GoodFilter)" "$PETCTL" log GoodFilter
check_status 3 "$(no_versions GoodFilter)" "$PETCTL" list GoodFilter
config '{"clazz": "StandardScalar", "params": {}}'
check_status 3 "error: config.json, /params/filters/0: no class 'StandardScalar'*did you mean 'StandardScalerPlugin'" \
  "$PETCTL" run config.json
"$PETCTL" push "$good" > /dev/null
absent=$(printf '%064d' 7)
for verb in pull log list; do
  check_status 3 "$(no_versions GodFilter)*did you mean 'GoodFilter'?" "$PETCTL" $verb GodFilter
done
# The first digits of a hash, with or without what the tables show after them.
check "GoodFilter $hash" "$PETCTL" pull "GoodFilter@${hash:0:6}"
check "GoodFilter $hash" "$PETCTL" pull "GoodFilter@${hash:0:6}…"
check "GoodFilter $hash" "$PETCTL" pull "GoodFilter@${hash:0:63}"
check_status 2 "error: '${hash:0:5}' is not a version" "$PETCTL" pull "GoodFilter@${hash:0:5}"
check_status 3 "error: no version of GoodFilter in * begins with 000000*try: petctl list GoodFilter" \
  "$PETCTL" pull GoodFilter@000000
check_status 3 "$(no_versions GodFilter)*did you mean 'GoodFilter'?" "$PETCTL" pull GodFilter@000000
# Two binaries whose hashes begin alike take too long to find: a name in the storage will do.
cp -r storage ambiguous
other=${hash:0:60}0000
cp "$good" "ambiguous/plugins/GoodFilter/$other.so"
check_status 2 "error: several versions of GoodFilter begin with ${hash:0:6}:*$hash*$other*try: more digits" \
  "$PETCTL" pull "GoodFilter@${hash:0:6}" --storage "file://$scratch/ambiguous"
check_status 3 "error: no version $absent of GoodFilter in file://*there are: $hash: ask for one of these" \
  "$PETCTL" pull "GoodFilter@$absent"
config "{\"clazz\": \"GoodFilter\", \"version_hash\": \"$absent\", \"params\": {}}"
check_status 3 "error: config.json, /params/filters/0: no version $absent of GoodFilter" \
  "$PETCTL" run config.json

# Bad configs: line and column, JSON pointers, all problems at once.
printf '{"clazz": "F3Pipeline",\n "params": {,}}' > config.json
check_status 1 "error: config.json: line 2, column 13: expected a key" "$PETCTL" run config.json
config '{"clazz": "KnnFilter", "params": {"n_neighbours": 3}}, {"clazz": "StandardScalerPlugin", "prams": {}}'
check_status 1 "2 problems*/params/filters/1/prams*/params/filters/0*did you mean 'n_neighbors'" \
  "$PETCTL" run config.json
check_status 2 "error: nowhere.json: no such file" \
  "$PETCTL" run nowhere.json
check_status 2 "error: nowhere.json: no such file" \
  "$PETCTL" pin nowhere.json
check_status 2 'error: *: is a directory, not a file of data' "$PETCTL" run "$scratch"

# Refused: the gate, integrity.
newer='error: NeedsNewerGlibc * needs GLIBC_2.99; this machine has *file: */needs_newer_glibc.so*try:  rebuild it'
check_status 4 "$newer" "$PETCTL" push "$FIXTURES/needs_newer_glibc.so"
check_status 4 "$newer" "$PETCTL" inspect "$FIXTURES/needs_newer_glibc.so"
check_status 4 'error: NoEntry * does not export pet_entry_v1*try:  build it with pet_add_plugin' \
  "$PETCTL" push "$FIXTURES/no_entry.so"
echo 'not a library' > text.so
try='try: the .so that pet_add_plugin built'
for verb in push inspect status 'run config.json --plugin'; do
  check_status 4 "error: 'text.so' is not a shared library: it begins with 'not ', not as ELF does*$try" \
    "$PETCTL" $verb text.so
  check_status 4 "error: '$scratch' is a directory, not a plugin file*$try" "$PETCTL" $verb "$scratch"
  check_status 2 "error: 'nowhere.so' does not exist*$try" "$PETCTL" $verb nowhere.so
done
check_status 2 'error: a release of GoodFilter has two binaries for one platform: give one for each platform' \
  "$PETCTL" push "$good" "$FIXTURES/good_filter_v2.so"
config '{"clazz": "GoodFilter", "params": {}}'
binary=$scratch/storage/plugins/GoodFilter/$hash.so
chmod u+w "$binary"
printf 'x' | dd of="$binary" bs=1 seek=100 conv=notrunc status=none
rm -rf cache
check_status 4 "error: *GoodFilter*expected sha256 $hash" "$PETCTL" run config.json
check_status 4 "error: *GoodFilter*expected sha256 $hash" "$PETCTL" pull "GoodFilter@$hash"
cp "$good" "$binary"
check 'GoodFilter' "$PETCTL" run config.json
# Damage in the cache is put in quarantine and fetched again.
cached=$(find cache -name "$hash*" -type f | head -n 1)
chmod u+w "$cached"
printf 'x' | dd of="$cached" bs=1 seek=100 conv=notrunc status=none
check 'quarantine*GoodFilter' "$PETCTL" run config.json --verbose

# A damaged hint is survived, a damaged newest entry is not.
echo garbage > storage/plugins/GoodFilter/latest.json
check 'warning: damage*latest.json' "$PETCTL" pull GoodFilter
echo garbage > storage/plugins/GoodFilter/log/0000000001.json
check_status 4 "error: *plugins/GoodFilter/log/0000000001.json' is damaged: it is not JSON*restore it from a copy" \
  "$PETCTL" pull GoodFilter

# Places that cannot be used.
touch file
check_status 1 "error: storage '$scratch/file' is not a directory: name a directory" \
  "$PETCTL" push "$good" --storage "file://$scratch/file"
mkdir -m 777 open-cache
check_status 1 "error: *open-cache*chmod" \
  "$PETCTL" run config.json --cache "$scratch/open-cache" --plugin "$good"
if [[ $EUID == 0 && -x $(command -v setpriv) ]]; then
  mkdir -m 755 readonly public
  # The test's own directories belong to root, and so may those above petctl and the fixtures: an
  # unprivileged user gets copies, and a cache of its own.
  mkdir -m 700 nobody-cache && chown 65534 nobody-cache && chmod 755 "$scratch"
  cp "$PETCTL" public/petctl && cp "$good" public/good.so && chmod 755 public/*
  nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$scratch/public/petctl" "$@" --cache "$scratch/nobody-cache"; }
  check_status 1 "error: cannot create the folder '$scratch/readonly/plugins': permission denied: allow it" \
    nobody push public/good.so --storage "file://$scratch/readonly"
  config '{"clazz": "KnnFilter", "params": {}}'
  cp "$good" secret.so && cp "$iris/x_test.npy" secret.npy && cp config.json secret.json
  chmod 644 config.json
  chmod 600 secret.*
  check_status 2 "error: 'secret.so' cannot be read: Permission denied*try: the .so" nobody inspect secret.so
  check_status 2 'error: secret.npy: cannot be read: Permission denied' nobody run config.json --x secret.npy
  check_status 2 'error: secret.json: cannot be read: Permission denied' nobody run secret.json
  check_status 1 "error: $scratch/pinned.json: cannot be written: Permission denied*try: another place with --out" \
    nobody pin config.json --out "$scratch/pinned.json"
  check_status 1 'error: cannot make MyFilter: Permission denied*try: another name, or another place' \
    nobody new filter MyFilter
fi

# Data that does not fit.
config '{"clazz": "KnnFilter", "params": {}}'
train=(--x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy")
check_status 2 'error: nowhere.npy: no such file' "$PETCTL" run config.json --x nowhere.npy
check_status 1 "error: *KnnFilter predict: predict before fit*data: --x *x_test.npy*never fitted: --x-train FILE" \
  "$PETCTL" run config.json --x "$iris/x_test.npy"
check_status 1 'error: *KnnFilter fit: y: expected one class label per row, got nothing*--y-train FILE, or --target COLUMN' \
  "$PETCTL" run config.json --x-train "$iris/iris.csv"
check_status 1 'error: *x: expected 4 columns as in fit, got float64 \[150, 5\]*data: --x *iris.csv' \
  "$PETCTL" run config.json "${train[@]}" --x "$iris/iris.csv"
check_status 2 "error: *iris.csv: no column 'traget': did you mean 'target'?" \
  "$PETCTL" run config.json --x-train "$iris/iris.csv" --target traget
check_status 2 'error: --y-train needs --x-train too' \
  "$PETCTL" run config.json --y-train "$iris/y_train.npy"
check_status 2 'error: --out needs --x too' "$PETCTL" run config.json --out out.npy
: > empty.csv
check_status 1 'error: empty.csv: is empty; expected a header row' \
  "$PETCTL" run config.json --x empty.csv
printf 'a,y\n1,0\nnan,1\n' > nan.csv
check_status 1 'error: *KnnFilter fit: x: row 1, column 0 is NaN, expected finite numbers*data: --x-train nan.csv' \
  "$PETCTL" run config.json --x-train nan.csv --target y
check_status 2 'error: out.txt: expected a name that ends with .npy or .csv' \
  "$PETCTL" run config.json "${train[@]}" --x "$iris/x_test.npy" --out out.txt
echo '{"clazz": "KnnFilter", "params": {}}' > knn.json
check_status 2 'error: KnnFilter does not evaluate: --y is of no use*try: without --y, or a pipeline' \
  "$PETCTL" run knn.json "${train[@]}" --x "$iris/x_test.npy" --y "$iris/y_test.npy"
check_status 2 'error: x.txt: expected a name that ends with .npy or .csv' \
  "$PETCTL" run config.json --x x.txt
check_status 2 'error: *x_train.npy has 105 rows, *y_test.npy has 45 rows*try: files that belong together' \
  "$PETCTL" run config.json --x-train "$iris/x_train.npy" --y-train "$iris/y_test.npy"
# A binary that is named and not used.
config '{"clazz": "KnnFilter", "params": {}}'
check "warning: --plugin $good was not used: config.json names no GoodFilter" \
  "$PETCTL" run config.json --plugin "$good"
better=$FIXTURES/good_filter_v2.so
config "{\"clazz\": \"GoodFilter\", \"version_hash\": \"$hash\", \"params\": {}}"
check "warning: --plugin $better was not used: config.json pins GoodFilter to ${hash:0:6}…, the file is " \
  "$PETCTL" run config.json --plugin "$better"
check "warning: --plugin $better was not used" "$PETCTL" pin config.json --plugin "$better"
check_status 2 "error: --plugin $good and --plugin $better are both of the class GoodFilter*try: one binary" \
  "$PETCTL" run config.json --plugin "$good" --plugin "$better"
# Offline, a name that only the storage knows, though its binary is in the cache.
config '{"clazz": "GoodFilter", "params": {}}'
check_status 3 "error: *no class 'GoodFilter'*names need the storage: pin the config while online" \
  "$PETCTL" run config.json --offline
# Names that are none in C++, or that mean something here.
for word in class std int pet co_await; do
  check_status 2 "error: '$word' cannot be a class's name: it is a keyword of C++ or a namespace of its source*try: another name" \
    "$PETCTL" new filter $word
  [[ ! -e $word ]] || { echo "FAILED: $word was made"; exit 1; }
done
check 'note: a built-in class is named KnnFilter too*made KnnFilter' "$PETCTL" new filter KnnFilter
# What --out names is replaced as a whole, or not at all; a link and a pipe stay what they are.
config '{"clazz": "KnnFilter", "params": {}}'
check_status 2 "error: nowhere/x.json: cannot be written: No such file*try: another place with --out" \
  "$PETCTL" pin config.json --out nowhere/x.json
check_status 2 "error: $scratch: cannot be written: it is a directory*try: another place with --out" \
  "$PETCTL" pin config.json --out "$scratch"
echo old > real.json
ln -s real.json link.json
check 'wrote link.json' "$PETCTL" pin config.json --out link.json
[[ -L link.json ]] && grep -q KnnFilter real.json || { echo 'FAILED: the link was replaced'; exit 1; }
mkfifo pipe
cat pipe > from_pipe &
check 'wrote pipe' "$PETCTL" pin config.json --out pipe
wait
[[ -p pipe ]] && cmp -s from_pipe real.json || { echo 'FAILED: the pipe was replaced'; exit 1; }
# A place that takes nothing more (a limit stands for a full disk): the old file stays, what was
# begun goes, and a second try finds nothing in its way.
full() ( trap '' XFSZ; ulimit -f 0; "$PETCTL" "$@" )
echo old > out.csv
check_status 1 'error: out.csv: cannot be written: File too large*try: another place with --out' \
  full run config.json "${train[@]}" --x "$iris/x_test.npy" --out out.csv
check_status 1 'error: out.npy: cannot be written: File too large*try: another place with --out' \
  full run config.json "${train[@]}" --x "$iris/x_test.npy" --out out.npy
check_status 1 'error: pinned.json: cannot be written: File too large' full pin config.json --out pinned.json
check_status 1 'error: cannot write a/b/Foo/Foo.cpp: File too large*try: another name, or another place' \
  full new filter Foo --directory a/b
[[ $(cat out.csv) == old && ! -e out.npy && ! -e pinned.json && ! -e a ]] && ! compgen -G '.tmp-*' > left ||
  { echo "FAILED: something is left of what could not be written: $(ls -A)"; exit 1; }
check 'made a/b/Foo/Foo.cpp' "$PETCTL" new filter Foo --directory a/b
if [[ -w /dev/full ]]; then
  full_disk() { "$PETCTL" list --builtin > /dev/full; }
  check_status 1 'error: cannot write to stdout: No space left on device' full_disk
fi
finish

# Every kind of failure, with its exit status and what it says.
source "$(dirname "$0")/script_test.sh"

good=$FIXTURES/good_filter.so
hash=$(sha256sum "$good" | cut -d' ' -f1)
iris=$SOURCE_ROOT/tests/data/iris
config() { printf '{"clazz": "F3Pipeline", "params": {"filters": [%s], "metrics": []}}' "$1" > config.json; }

# Usage: typos are answered with what was meant.
check_status 2 "push" "$PETCTL" psuh "$good"
check_status 2 "--message" "$PETCTL" push "$good" --mesage x
check_status 2 'petctl push --help' "$PETCTL" push
check_status 2 'filter' "$PETCTL" new filtre MyFilter
check_status 2 'My-Filter' "$PETCTL" new filter My-Filter
check_status 2 '../up' "$PETCTL" pull ../up
check_status 2 '64 lower-case hex digits, got 3' "$PETCTL" pull GoodFilter@123
mkdir -p config/petfactory; echo 'storrage = "x"' > config/petfactory/config.toml
check_status 2 "did you mean 'storage'" "$PETCTL" list
rm config/petfactory/config.toml
check_status 2 'cannot read the config file' "$PETCTL" list --config nowhere.toml
check_status 1 's3://' "$PETCTL" list --storage s3://bucket/prefix
check_status 2 'HOME' env -u HOME -u XDG_DATA_HOME -u PET_STORAGE "$PETCTL" list

# A storage that is not there, a mount that went away: never an empty one, never the built-in instead.
config '{"clazz": "StandardScalerPlugin", "params": {}}'
check_status 5 "storage '$scratch/mistyped' does not exist" "$PETCTL" run config.json --storage "$scratch/mistyped"
check 'StandardScalerPlugin' "$PETCTL" run config.json --storage "$scratch/mistyped" --offline
check 'no classes in' env -u PET_STORAGE "$PETCTL" list  # the default place is made

check_status 5 'not asked offline' "$PETCTL" list --offline
check_status 5 'not asked offline' "$PETCTL" log GoodFilter --offline

# Not found.
mkdir storage
check_status 3 'No remote versions found for GoodFilter' "$PETCTL" pull GoodFilter
check_status 3 'No remote versions found for KnnFilter' "$PETCTL" pull KnnFilter
check_status 3 'GoodFilter' "$PETCTL" log GoodFilter
config '{"clazz": "StandardScalar", "params": {}}'
check_status 3 "did you mean 'StandardScalerPlugin'" "$PETCTL" run config.json
"$PETCTL" push "$good" > /dev/null
absent=$(printf '%064d' 7)
check_status 3 "$hash" "$PETCTL" pull "GoodFilter@$absent"
config "{\"clazz\": \"GoodFilter\", \"version_hash\": \"$absent\", \"params\": {}}"
check_status 3 "/params/filters/0" "$PETCTL" run config.json

# Bad configs: line and column, JSON pointers, all problems at once.
printf '{"clazz": "F3Pipeline",\n "params": {,}}' > config.json
check_status 1 'line 2' "$PETCTL" run config.json
config '{"clazz": "KnnFilter", "params": {"n_neighbours": 3}}, {"clazz": "StandardScalerPlugin", "prams": {}}'
check_status 1 "2 problems*/params/filters/1/prams*/params/filters/0*did you mean 'n_neighbors'" "$PETCTL" run config.json
check_status 1 'nowhere.json' "$PETCTL" run nowhere.json

# Refused: the gate, integrity.
check_status 4 'GLIBC_2.99' "$PETCTL" push "$FIXTURES/needs_newer_glibc.so"
check_status 4 'GLIBC_2.99' "$PETCTL" inspect "$FIXTURES/needs_newer_glibc.so"
check_status 4 'pet_entry_v1' "$PETCTL" push "$FIXTURES/no_entry.so"
echo 'not a library' > text.so
check_status 4 'text.so' "$PETCTL" push text.so
check_status 4 'directory' "$PETCTL" inspect "$scratch"
config '{"clazz": "GoodFilter", "params": {}}'
binary=$scratch/storage/plugins/GoodFilter/$hash.so
chmod u+w "$binary"
printf 'x' | dd of="$binary" bs=1 seek=100 conv=notrunc status=none
rm -rf cache
check_status 4 "expected sha256 $hash" "$PETCTL" run config.json
check_status 4 "expected sha256 $hash" "$PETCTL" pull "GoodFilter@$hash"
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
check_status 4 'log/0000000001.json' "$PETCTL" pull GoodFilter

# Places that cannot be used.
touch file
check_status 1 'file' "$PETCTL" push "$good" --storage "file://$scratch/file"
mkdir -m 777 open-cache
check_status 1 'chmod' "$PETCTL" run config.json --cache "$scratch/open-cache" --plugin "$good"
if [[ $EUID == 0 && -x $(command -v setpriv) ]]; then
  mkdir -m 755 readonly
  # The test's own directories belong to root; an unprivileged user gets a cache of its own.
  mkdir -m 700 nobody-cache && chown 65534 nobody-cache && chmod 755 "$scratch"
  check_status 1 'readonly' setpriv --reuid 65534 --clear-groups "$PETCTL" push "$good" \
    --storage "file://$scratch/readonly" --cache "$scratch/nobody-cache"
fi

# Data that does not fit.
config '{"clazz": "KnnFilter", "params": {}}'
check_status 2 'nowhere.npy' "$PETCTL" run config.json --x nowhere.npy
check_status 1 'KnnFilter' "$PETCTL" run config.json --x "$iris/x_test.npy"
check_status 2 '105 rows*45 rows' "$PETCTL" run config.json --x-train "$iris/x_train.npy" --y-train "$iris/y_test.npy"
finish

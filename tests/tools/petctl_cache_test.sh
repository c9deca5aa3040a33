# petctl cache: what it shows, what it removes, and the limit that it keeps.
source "$(dirname "$0")/script_test.sh"

good=$FIXTURES/good_filter.so
better=$FIXTURES/good_filter_v2.so
size1=$(stat -c %s "$good")
size2=$(stat -c %s "$better")
hash1=$(sha256sum "$good" | cut -d' ' -f1)
hash2=$(sha256sum "$better" | cut -d' ' -f1)
mkdir storage
"$PETCTL" push "$good" > /dev/null
"$PETCTL" push "$better" > /dev/null
rm -rf cache

# To look makes nothing.
check "cache (not there yet)*binaries and states*0 files, 0 bytes of at most 10.7 GB*quarantine*0 files" "$PETCTL" cache show
[[ ! -e cache ]] || { echo "FAILED: cache show made the cache"; exit 1; }
check "removed from $scratch/cache: binaries and states: 0 files, 0 bytes" "$PETCTL" cache clear

# What lies there, the damaged too.
"$PETCTL" pull "GoodFilter@$hash1" > /dev/null
"$PETCTL" pull "GoodFilter@$hash2" > /dev/null
check '"files": 2, "bytes": '$((size1 + size2)) "$PETCTL" cache show --json
echo damaged > "cache/$hash1.so"
check 'warning: quarantine' "$PETCTL" pull "GoodFilter@$hash1"
check "2 files*quarantine*1 file, 8 bytes" "$PETCTL" cache show
check 'quarantine: 1 file, 8 bytes' "$PETCTL" cache clear --quarantine
check '"files": 2*"quarantine": {"files": 0' "$PETCTL" cache show --json
cat > cached.json <<'J'
{"clazz": "Cached", "params": {"filter": {"clazz": "KnnFilter", "params": {}}}}
J
iris=$SOURCE_ROOT/tests/data/iris
"$PETCTL" run cached.json --x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy" --x "$iris/x_test.npy" > /dev/null
[[ $(find cache/blobs -type f | wc -l) -gt 0 ]] || { echo "FAILED: Cached kept nothing"; exit 1; }
check "binaries and states: 2 files, *; quarantine: 0 files, 0 bytes; blobs: [1-9]" "$PETCTL" cache clear
check '"files": 0, "bytes": 0*"blobs": {"files": 0' "$PETCTL" cache show --json
check 'GoodFilter' "$PETCTL" pull GoodFilter  # and it fills again

# What is no cache is not cleared: a storage's folder, an OCI layout; and no link is followed out of
# one, nor anything of another's removed from it.
check_status 1 "storage/plugins/GoodFilter' is not cleared: it has no CACHEDIR.TAG*name the cache's own" \
  "$PETCTL" cache clear --cache storage/plugins/GoodFilter
mkdir -p oci/blobs/sha256 elsewhere/blobs
touch oci/blobs/sha256/$hash1 elsewhere/blobs/theirs
check_status 1 "oci' is not cleared" "$PETCTL" cache clear --cache oci
check_status 1 "oci' is not cleared" "$PETCTL" cache clear --quarantine --cache oci
cached=("$PETCTL" run cached.json --x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy" --x "$iris/x_test.npy")
"${cached[@]}" --cache oci > /dev/null  # and so it is one
check 'blobs: [1-9]' "$PETCTL" cache clear --cache oci
[[ -e oci/blobs/sha256/$hash1 && -z $(ls oci/blobs/blobs) ]] || { echo "FAILED: left $(find oci)"; exit 1; }
rm -r cache/blobs && ln -s ../elsewhere cache/blobs
check_status 1 "cache/blobs' is a symbolic link: nothing was cleared" "$PETCTL" cache clear
[[ -e elsewhere/blobs/theirs && -n $(ls cache/*.so) ]] || { echo "FAILED: cleared through a link"; exit 1; }
rm cache/blobs

# The limit: from the environment, or the file, and of no use when it is no size.
"$PETCTL" cache clear > /dev/null
"$PETCTL" pull "GoodFilter@$hash1" > /dev/null
touch -d '1 hour ago' "cache/$hash1.so"
check 'of at most 60.0 KB' env PET_CACHE_MAX_SIZE=60kB "$PETCTL" cache show
check "$hash2" env PET_CACHE_MAX_SIZE=60kB "$PETCTL" pull "GoodFilter@$hash2"
[[ ! -e cache/$hash1.so && -e cache/$hash2.so ]] || { echo "FAILED: not evicted: $(ls cache)"; exit 1; }
mkdir -p config/petfactory
echo 'cache_max_size = "1.5 GiB"' > config/petfactory/config.toml
check '"limit": 1610612736' "$PETCTL" cache show --json
check '"limit": null' env PET_CACHE_MAX_SIZE=none "$PETCTL" cache show --json
check 'without a limit' env PET_CACHE_MAX_SIZE=none "$PETCTL" cache show
for wrong in '10 GBs' 'x' '1..5 GB' '-1' '1e9' '99999999999 TB' '.'; do
  check_status 2 "error: the cache's size '$wrong' is none*'500 MB'" env "PET_CACHE_MAX_SIZE=$wrong" "$PETCTL" cache show
done

check '"directory": "memory:", "files": 0, "bytes": 0, "limit": null' "$PETCTL" cache show --cache memory: --json
check_status 2 "can show or clear, not 'shwo'*did you mean 'show'" "$PETCTL" cache shwo
check_status 2 '--quarantine says what to clear' "$PETCTL" cache show --quarantine
mkdir -m 777 open-cache
check_status 1 'chmod go-w' "$PETCTL" cache show --cache open-cache
finish

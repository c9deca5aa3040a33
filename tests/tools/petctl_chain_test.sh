# petctl over a chain of storages: copies from a mirror, everything else from the authority.
source "$(dirname "$0")/script_test.sh"

iris=$SOURCE_ROOT/tests/data/iris
good=$FIXTURES/good_filter.so
better=$FIXTURES/good_filter_v2.so
hash1=$(sha256sum "$good" | cut -d' ' -f1)
hash2=$(sha256sum "$better" | cut -d' ' -f1)
data=(--x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy" --x "$iris/x_test.npy")
cat > pipeline.json <<'J'
{"clazz": "F3Pipeline", "params": {"metrics": [], "filters": [
  {"clazz": "GoodFilter", "params": {"factor": 2.0}}, {"clazz": "KnnFilter", "params": {}}]}}
J
mkdir mirror authority
export PET_STORAGE="chain:file://$scratch/mirror|file://$scratch/authority"
key=plugins/GoodFilter/$hash1.so

# The main job through a chain: writes go to the authority alone.
check "in chain:file://$scratch/mirror|file://$scratch/authority" "$PETCTL" push "$good"
[[ -f authority/$key && -z $(ls mirror) ]] || { echo "FAILED: wrote to $(find mirror authority)"; exit 1; }
check 'synced' "$PETCTL" status "$good" --exit-code
"$PETCTL" pin pipeline.json --out pinned.json
check "\"version_hash\": \"$hash1\"" cat pinned.json
check 'GoodFilter*#1' "$PETCTL" list

# A mirror with other bytes is named, and the right ones run; one that is right is used.
mkdir -p "mirror/${key%/*}"
echo '<html>login</html>' > "mirror/$key"
check "warning: passed_over GoodFilter ${hash1:0:6}… from file://$scratch/mirror: another copy is looked for: expected sha256 $hash1" \
  "$PETCTL" run pinned.json "${data[@]}" --cache c1
cp "$good" "mirror/$key"
mv authority elsewhere
check '"shape"' "$PETCTL" run pinned.json "${data[@]}" --cache c2 --json

# Without the authority there is no latest, whatever the mirror's log says, and no write.
"$PETCTL" push "$better" --storage mirror > /dev/null
check_status 5 "error: *storage '$scratch/authority' does not exist" "$PETCTL" run pipeline.json "${data[@]}" --cache c2
check_status 5 'does not exist' "$PETCTL" list
check_status 5 'does not exist' "$PETCTL" log GoodFilter
check_status 5 "'plugins/GoodFilter/*the authority" "$PETCTL" pull "GoodFilter@${hash1//[0-9]/a}" --cache c2
check "GoodFilter $hash2" "$PETCTL" pull "GoodFilter@$hash2" --cache c2
mv elsewhere authority
check "GoodFilter $hash1" "$PETCTL" pull GoodFilter --cache c2

# Offline the cache alone is asked.
mv mirror gone && mv authority gone2
check '"source": "cache"' "$PETCTL" run pinned.json "${data[@]}" --cache c2 --offline --json
check_status 5 'passed_over*mirror*error: *does not exist' "$PETCTL" run pinned.json "${data[@]}" --cache c3
mv gone mirror && mv gone2 authority

# A mirror that is gone costs a warning; the config file takes a chain, with '~' in it.
mv mirror home/mirror && mv authority home/authority && rm -r home/mirror/plugins
mkdir -p config/petfactory
echo "storage = 'chain:~/nowhere|~/authority'" > config/petfactory/config.toml
check "warning: passed_over GoodFilter*from file://$scratch/home/nowhere*does not exist" \
  env -u PET_STORAGE "$PETCTL" run pinned.json "${data[@]}" --cache c4
check_status 2 'a chain has 1 storages' "$PETCTL" list --storage chain:here
check_status 2 'has a member without a name' "$PETCTL" list --storage 'chain:here|'
finish

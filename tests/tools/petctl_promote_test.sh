# petctl promote: a release goes from one storage to another, byte for byte.
source "$(dirname "$0")/script_test.sh"

good=$FIXTURES/good_filter.so
better=$FIXTURES/good_filter_v2.so
hash1=$(sha256sum "$good" | cut -d' ' -f1)
hash2=$(sha256sum "$better" | cut -d' ' -f1)
mkdir staging production
staging=file://$scratch/staging
production=file://$scratch/production
export PET_STORAGE=file://$scratch/nowhere  # which promote does not ask
promote() { "$PETCTL" promote "$@" --from "$staging" --to "$production"; }
"$PETCTL" push "$good" --message 'first version' --storage staging > /dev/null
"$PETCTL" push "$better" --message 'second version' --storage staging > /dev/null

# By hash, then latest; the hashes are the same, the log is the target's own and says where from.
check "GoodFilter $hash1 #1  latest, the first version*from $staging to $production" promote "GoodFilter@$hash1"
check "GoodFilter $hash2 #2  latest, before: ${hash1:0:6}…" promote GoodFilter --message 'to production'
check "#2*to production (from $staging #2)*#1*first version (from $staging #1)" "$PETCTL" log GoodFilter --storage production
check "\"from\": {\"storage\": \"$staging\", \"number\": 2}" "$PETCTL" log GoodFilter --storage production --json
cmp "production/plugins/GoodFilter/$hash2.so" "$better"
cmp {staging,production}/plugins/GoodFilter/$hash2.json
check "GoodFilter $hash2" "$PETCTL" pull GoodFilter --storage production
check 'GoodFilter*#2' "$PETCTL" list --storage production
[[ ! -e nowhere ]] || { echo "FAILED: promote made PET_STORAGE"; exit 1; }

# Again: nothing changes. What is missing is put back. Back only when it is asked for.
check "GoodFilter $hash2 #2  latest already, nothing changed" promote GoodFilter
rm "production/plugins/GoodFilter/$hash2.so"
check 'latest already; what was missing of it is back' promote GoodFilter
cmp "production/plugins/GoodFilter/$hash2.so" "$better"
check_status 2 'was not moved back: say --move-back' promote "GoodFilter@${hash1:0:8}"
check "#3  latest moved back from ${hash2:0:6}…" promote "GoodFilter@${hash1:0:8}" --move-back
check '"moved": false, "release": \[{"platform": "linux-*"from": "'"$staging"'", "to": "'"$production"'"' \
  promote "GoodFilter@$hash1" --json

# What is not there, and what is not right.
check_status 3 "no entry of the log of GoodFilter in $staging names ${hash1//[0-9]/a}" promote "GoodFilter@${hash1//[0-9]/a}"
check_status 3 "No remote versions found for GoodFiler*did you mean 'GoodFilter'" promote GoodFiler
check_status 2 'promote needs --from URL' "$PETCTL" promote GoodFilter --to "$production"
check_status 2 'error: --to was given an empty text, expected a name (URL)' "$PETCTL" promote GoodFilter --from "$staging" --to ''
check_status 2 "promotion of GoodFilter from $staging to itself: name another storage; petctl rollback makes" "$PETCTL" promote GoodFilter --from "$staging" --to "$staging"
check_status 5 "'$scratch/gone' does not exist" "$PETCTL" promote GoodFilter --from gone --to "$production"
check_status 5 'not asked offline' promote GoodFilter --offline
binary=staging/plugins/GoodFilter/$hash2.so
chmod u+w "$binary"
printf 'x' | dd of="$binary" bs=1 seek=100 conv=notrunc status=none
mkdir clean
check_status 4 "was not promoted: 'plugins/GoodFilter/$hash2.so' in $staging is damaged: it has sha256 *expected $hash2" \
  "$PETCTL" promote GoodFilter --from "$staging" --to clean
[[ -z $(ls clean) ]] || { echo "FAILED: wrote $(find clean)"; exit 1; }

# A chain serves as a source: a mirror's right copy stands in for a damaged one.
mkdir -p mirror/plugins/GoodFilter && cp "$better" "mirror/plugins/GoodFilter/$hash2.so"
check "GoodFilter $hash2 #1" "$PETCTL" promote GoodFilter --from "chain:mirror|staging" --to clean
finish

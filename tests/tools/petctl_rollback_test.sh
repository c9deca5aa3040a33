# An older release becomes latest again, and a terminal that watches sees it.
source "$(dirname "$0")/script_test.sh"

good=$FIXTURES/good_filter.so
better=$FIXTURES/good_filter_v2.so
hash1=$(sha256sum "$good" | cut -d' ' -f1)
hash2=$(sha256sum "$better" | cut -d' ' -f1)
mkdir storage

check_status 3 'No remote versions found for GoodFilter' "$PETCTL" rollback GoodFilter
"$PETCTL" push "$good" > /dev/null
check_status 3 'the only release that was ever latest' "$PETCTL" rollback GoodFilter
"$PETCTL" push "$better" > /dev/null

# Back and forth: without a target to what was latest before.
check "GoodFilter $hash1 #3  latest moved back from ${hash2:0:6}" "$PETCTL" rollback GoodFilter
check 'back to #1' "$PETCTL" log GoodFilter
check "GoodFilter $hash2 #4" "$PETCTL" rollback GoodFilter -m 'again'
check 'again' "$PETCTL" log GoodFilter
check "GoodFilter $hash1 #5" "$PETCTL" rollback GoodFilter 1
check 'latest already, nothing changed' "$PETCTL" rollback GoodFilter '#3'
check "GoodFilter $hash2 #6" "$PETCTL" rollback GoodFilter "${hash2:0:8}"
check "\"class\": \"GoodFilter\", \"hash\": \"$hash1\", \"number\": 7, \"previous\": \"$hash2\", \"moved\": true" \
  "$PETCTL" rollback GoodFilter "$hash1" --json

# What there is not.
check_status 3 'has no entry #12, the newest is #7' "$PETCTL" rollback GoodFilter 12
check_status 3 'begins with abcdef' "$PETCTL" rollback GoodFilter abcdef
check_status 3 'no entry of the log' "$PETCTL" rollback GoodFilter "$(printf 'a%.0s' {1..64})"
check_status 2 "'nonsense' is not a version: *or a number of the log*try: petctl log GoodFilter" "$PETCTL" rollback GoodFilter nonsense
check_status 3 "did you mean 'GoodFilter'" "$PETCTL" rollback GoodFiltr
check_status 2 'rollback needs CLASS' "$PETCTL" rollback
rm "storage/plugins/GoodFilter/$hash2.so"
check_status 3 "${hash2:0:6}" "$PETCTL" rollback GoodFilter 2
"$PETCTL" push "$better" > /dev/null

# Watching: what is latest, then each move, also over an outage.
"$PETCTL" watch GoodFilter --interval 0.1 --moves 2 > watched 2> complaints &
watcher=$!
running+=("$watcher")
eventually 60 "$hash2" cat watched
mv storage storage.away
eventually 60 'warning' cat complaints
mv storage.away storage
"$PETCTL" rollback GoodFilter > /dev/null
"$PETCTL" rollback GoodFilter -m 'for good' > /dev/null
eventually 60 'for good' tail -1 watched
((failures == 0)) || finish  # it may wait for ever
wait "$watcher"
[[ $(wc -l < watched) == 3 ]] || { echo "FAILED: watched $(cat watched)"; exit 1; }
check_status 2 'expected seconds' "$PETCTL" watch GoodFilter --interval 0
finish

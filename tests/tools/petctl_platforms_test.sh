# One release for several kinds of machine: `push A B` names exactly the files given, one per
# platform, and each machine gets its own.
source "$(dirname "$0")/script_test.sh"

here=linux-x86_64-gnu
there=linux-aarch64-gnu
[[ $(uname -m) == x86_64 ]] || { here=linux-aarch64-gnu there=linux-x86_64-gnu; }
machine=$([[ $there == linux-aarch64-gnu ]] && echo '\xb7\x00' || echo '\x3e\x00')

# foreign IN OUT: the same binary for another machine; no byte of it can run here.
foreign() {
  cp "$1" "$2"
  printf "$machine" | dd of="$2" bs=1 seek=18 conv=notrunc status=none
}
ours=$FIXTURES/plain_c_filter.so
foreign "$ours" theirs.so
foreign "$FIXTURES/no_entry.so" broken.so
ours_hash=$(sha256sum "$ours" | cut -d' ' -f1)
theirs_hash=$(sha256sum theirs.so | cut -d' ' -f1)

# What cannot run here is described, and refused as such; push looks only for what is wrong everywhere.
check_status 4 "error: PlainCFilter * is built for $there; this machine is $here" "$PETCTL" inspect theirs.so
check_status 4 'error: NoEntry * does not export pet_entry_v1' "$PETCTL" push broken.so

# A class that exists for other machines only.
check "PlainCFilter $theirs_hash $there #1  latest, the first version" "$PETCTL" push theirs.so
check_status 3 "error: PlainCFilter has no binary for $here*entry 1, is for $there" "$PETCTL" pull PlainCFilter

# Both: one entry, whose hash is the first file's.
check "PlainCFilter $ours_hash $here #2" "$PETCTL" push "$ours" theirs.so --message 'for both'
"$PETCTL" log PlainCFilter --json > log.json
[[ $("$JSON_CHECK" /0/number /0/hash "/0/release/$here/hash" "/0/release/$there/hash" < log.json) \
   == "2"$'\n'"$ours_hash"$'\n'"$ours_hash"$'\n'"$theirs_hash" ]] || { echo "FAILED: $(cat log.json)"; exit 1; }
check "synced PlainCFilter $ours_hash*synced PlainCFilter $theirs_hash" "$PETCTL" status "$ours" theirs.so
check "PlainCFilter $ours_hash $here" "$PETCTL" pull PlainCFilter
check_status 4 "error: PlainCFilter * is built for $there" "$PETCTL" run <(echo '{}') --plugin theirs.so
check 'latest already, nothing changed' "$PETCTL" push theirs.so "$ours"

# Exactly the files given: a release does not inherit the platforms of the one before.
cp "$ours" newer.so
printf '\0' >> newer.so
newer_hash=$(sha256sum newer.so | cut -d' ' -f1)
check "PlainCFilter $newer_hash $here #3" "$PETCTL" push newer.so --message 'for this kind only'
check "synced PlainCFilter $newer_hash*out_of_sync PlainCFilter $theirs_hash" \
  "$PETCTL" status newer.so theirs.so
check_status 2 'error: a release of PlainCFilter has two binaries for one platform: give one for each' \
  "$PETCTL" push theirs.so "$ours" theirs.so
finish

#!/usr/bin/env bash
# What a power cut leaves of a storage: a writer works on a file system in an image; a copy of the image,
# taken while it is mounted, holds just what had reached the device, and is mounted in its turn.
#
#   power_cut_test.sh WRITER     needs root and a loop device; says so loudly and exits 77 without
set -euo pipefail
writer=$1

skip() { echo "SKIPPED: $1"; exit 77; }
[[ $EUID == 0 ]] || skip "only root may mount an image"
command -v mkfs.ext4 >/dev/null || skip "mkfs.ext4 is not installed"
dir=$(mktemp -d /tmp/pet-power-cut-XXXXXX)
before=$dir/before after=$dir/after
clean() {
  umount "$before" "$after" 2>/dev/null || true
  rm -rf "$dir"
}
trap clean EXIT
mkdir "$before" "$after"
truncate -s 24M "$dir/empty.img"
mkfs.ext4 -q "$dir/empty.img"
mount -o loop "$dir/empty.img" "$before" 2>/dev/null || skip "no image can be mounted here"
umount "$before"

failed=0
fail() { echo "FAILED: $1"; failed=1; }

# power_cut COMMAND...: runs it on a new file system; what a cut right after it leaves is in $after.
power_cut() {
  umount "$before" "$after" 2>/dev/null || true
  cp --sparse=always "$dir/empty.img" "$dir/before.img"
  mount -o loop,commit=300 "$dir/before.img" "$before"
  { "$@" >"$dir/output" 2>&1 || true; } 2>/dev/null  # the shell's own word on a killed writer
  cp --sparse=always "$dir/before.img" "$dir/after.img"
  mount -o loop "$dir/after.img" "$after"
}
object() { "$writer" "$after/root" get "$1"; }
bytes() { printf "%*s\n" "$1" "" | tr ' ' x; }

# First, that a cut loses what was not synced: otherwise nothing here could fail.
unsynced() { mkdir -p "$before/root/a" && bytes 10 >"$before/root/a/.tmp" && mv "$before/root/a/.tmp" "$before/root/a/b"; }
power_cut unsynced
[[ ! -s $after/root/a/b ]] || fail "a rename without a sync survived: this test shows nothing here"

for verb in put put_if_absent; do
  power_cut "$writer" "$before/root" $verb a/b 5000
  [[ $(object a/b) == "$(bytes 5000)" ]] || fail "$verb returned, and its object was lost: $(ls -lR "$after")"
done

twice() { "$writer" "$before/root" put a/b 10; "$writer" "$before/root" put a/b 5000; }
power_cut twice
[[ $(object a/b) == "$(bytes 5000)" ]] || fail "the second put returned, and its object was lost"

power_cut "$writer" "$before/root" put_many 50
for ((i = 0; i < 50; ++i)); do
  [[ $(object "many/$((i % 10))/$i") == "many/$((i % 10))/$i" ]] || fail "put_many returned, and lost object $i"
done

# Killed at a system call, and cut there: the object is whole or absent, and the storage usable.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
  for verb in put put_if_absent; do
    # With syncs that do nothing, what was put must be lost: the cuts do find that.
    power_cut strace -o /dev/null -e trace=fsync -e inject=fsync:retval=0 "$writer" "$before/root" $verb a/b 5000
    [[ $(object a/b) != "$(bytes 5000)" ]] || fail "$verb without any fsync survived: this test shows nothing here"
    for call in write fsync renameat2 renameat; do
      for nth in 1 2 3; do
        power_cut strace -f -o /dev/null -e trace=$call -e "inject=$call:signal=KILL:when=$nth" \
          "$writer" "$before/root" $verb a/b 5000
        [[ -d $after/root ]] || continue  # cut before the storage's own directory was there
        left=$(object a/b)
        [[ $left == absent || $left == "$(bytes 5000)" ]] || fail "$verb, cut at $call $nth, left ${#left} bytes"
        [[ $("$writer" "$after/root" put a/b 10) == put ]] || fail "$verb, cut at $call $nth, left no usable storage"
      done
    done
  done
elif [[ -n ${PET_REQUIRE_STRACE-} ]]; then
  fail "strace is required (PET_REQUIRE_STRACE), and is not here or may not trace"
else
  echo "SKIPPED: the cuts at each system call: strace is not installed or may not trace here"
fi

((failed == 0)) && echo "passed"
exit $failed

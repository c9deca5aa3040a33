# tools/quickstart, as a user who has all packages would run it. It works below
# $QUICKSTART_WORK, so that each build directory has its own.
source "$(dirname "$0")/script_test.sh"

quickstart=$SOURCE_ROOT/tools/quickstart
unset PET_STORAGE PET_CACHE
check "\$ petctl push build/MyFilter.so --message 'first version'*the same bytes before and after latest moved" \
  "$quickstart" --no-deps
check_status 2 'unknown argument' "$quickstart" --no-dep
check 'tools/quickstart' "$quickstart" --help
finish

# tools/quickstart, on a copy of the sources, as a user with all packages would run it.
source "$(dirname "$0")/script_test.sh"

mkdir copy
(cd "$SOURCE_ROOT" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C copy
unset PET_STORAGE PET_CACHE
check 'the same bytes before and after latest moved' copy/tools/quickstart --no-deps
check_status 2 'unknown argument' copy/tools/quickstart --no-dep
check 'tools/quickstart' copy/tools/quickstart --help
finish

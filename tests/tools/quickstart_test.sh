# tools/quickstart, as a user who has all packages would run it. It works below
# $QUICKSTART_WORK, so that each build directory has its own.
source "$(dirname "$0")/script_test.sh"

quickstart=$SOURCE_ROOT/tools/quickstart
unset PET_STORAGE PET_CACHE
# As the presets compile, so that ccache knows what they compiled.
export QUICKSTART_CMAKE_ARGS=-DPET_WERROR=ON
if [[ -n ${SANITIZE:-} ]]; then
  QUICKSTART_CMAKE_ARGS+=" -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-O1 -DPET_SANITIZE=$SANITIZE"
fi
check "\$ petctl push build/MyFilter.so --message 'first version'*the same bytes before and after latest moved" \
  "$quickstart" --no-deps
check_status 2 'unknown argument' "$quickstart" --no-dep
check 'tools/quickstart' "$quickstart" --help
finish

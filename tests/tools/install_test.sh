# A foreign project against the installed package: each template builds into a plugin that loads and
# works, and an author needs nothing but the SDK.
source "$(dirname "$0")/script_test.sh"

cmake --install "$BUILD_ROOT" --prefix "$scratch/installed" > /dev/null
for file in bin/petctl libexec/petfactory/pet-trial include/pet/abi.h lib/cmake/PetFactory/PetFactoryConfig.cmake; do
  [[ -e installed/$file ]] || { echo "FAILED: the install has no $file"; exit 1; }
done
export CMAKE_PREFIX_PATH=$scratch/installed
petctl=$scratch/installed/bin/petctl
for kind in filter metric pipeline; do
  name=My_$kind
  check "made $name" "$petctl" new "$kind" "$name"
  check '' cmake -S "$name" -B "$name/build" -G Ninja
  check '' cmake --build "$name/build"
  check "class*$name" "$petctl" inspect "$name/build/$name.so"
  check "$name" "$petctl" push "$name/build/$name.so"
done
check_status 2 'already' "$petctl" new filter My_filter

# They work: the filter says that it is not fitted yet, and doubles what it gets once it is.
cat > config.json <<'J'
{"clazz": "My_pipeline", "params": {"filters": [{"clazz": "My_filter", "params": {}}],
                                    "metrics": [{"clazz": "My_metric", "params": {}}]}}
J
printf 'a,b\n1,2\n3,4\n' > x.csv
check_status 1 'error: My_pipeline * predict: My_filter * predict: predict before fit' "$petctl" run config.json --x x.csv
check '  4*  8*My_metric 4.0' \
  "$petctl" run config.json --x-train x.csv --x x.csv --target a

# A service of one's own: without the helper beside it no version is tried, and with it one is current.
mkdir live
cat > live/CMakeLists.txt <<'C'
cmake_minimum_required(VERSION 3.22)
project(live CXX)
find_package(PetFactory REQUIRED COMPONENTS core plugins)
add_executable(live live.cpp)
target_link_libraries(live PRIVATE PetFactory::core PetFactory::plugins)
configure_file(${PetFactory_TRIAL_HELPER} helper/pet-trial COPYONLY)
C
cat > live/live.cpp <<'C'
#include <cstdio>
#include <pet/core/factory/container.hpp>
#include <pet/core/live/live_pipeline.hpp>
#include <pet/core/registry/open_plugin_storage.hpp>
#include <pet/plugins/builtins.hpp>

int main(int, char** argv) {
  pet::Container container(
      {.storage = pet::open_plugin_storage(argv[1]), .builtins = pet::builtins()});
  pet::LivePipeline live(container, argv[2]);
  live.start();
  for (int i = 0; i < 600 && !live.wait_until_ready(std::chrono::milliseconds(100)); ++i) {
    if (!live.status().problem.empty()) break;
  }
  std::puts(live.is_ready() ? "ready" : live.status().problem.c_str());
  return live.is_ready() ? 0 : 1;
}
C
echo '{"clazz": "My_filter", "params": {}}' > live.json
check '' cmake -S live -B live/build -G Ninja
check '' cmake --build live/build
check_status 1 "cannot run the helper '$scratch/live/build/pet-trial'*try: install pet-trial beside the program, or name it in PET_TRIAL_HELPER: PREFIX/libexec/petfactory/pet-trial" live/build/live "$PET_STORAGE" live.json
cp live/build/helper/pet-trial live/build
check 'ready' live/build/live "$PET_STORAGE" live.json

# An application without libsvm links core; what the built-in classes need is said by its name.
mkdir asks
cat > asks/CMakeLists.txt <<'C'
cmake_minimum_required(VERSION 3.22)
project(asks CXX)
macro(find_library variable)
  if(NOT "${variable}" STREQUAL "PET_LIBSVM")
    _find_library(${variable} ${ARGN})
  endif()
endmacro()
find_package(PetFactory COMPONENTS plugins)
message(STATUS "found: ${PetFactory_FOUND}, ${PetFactory_NOT_FOUND_MESSAGE}")
find_package(PetFactory REQUIRED COMPONENTS core)
file(WRITE ${CMAKE_BINARY_DIR}/a.cpp "#include <pet/core/artifact/hash.hpp>
int main() { return pet::Hash::of(\"a\").hex().size() == 64 ? 0 : 1; }\n")
add_executable(asks ${CMAKE_BINARY_DIR}/a.cpp)
target_link_libraries(asks PRIVATE PetFactory::core)
C
check "found: 0, no component 'plugins': it needs libsvm (Debian's package libsvm-dev)" \
  cmake -S asks -B asks/build -G Ninja
check '' cmake --build asks/build
check '' asks/build/asks
finish

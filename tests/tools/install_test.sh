# A foreign project against the installed package: each template builds into a plugin that loads, and an
# author needs nothing but the SDK.
source "$(dirname "$0")/script_test.sh"

cmake --install "$BUILD_ROOT" --prefix "$scratch/installed" > /dev/null
for file in bin/petctl include/pet/abi.h lib/cmake/PetFactory/PetFactoryConfig.cmake; do
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
finish

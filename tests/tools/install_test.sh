# A foreign project against the installed package: each template builds into a plugin that loads and
# works, and an author needs nothing but the SDK.
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

# They work: the filter says that it is not fitted yet, and doubles what it gets once it is.
cat > config.json <<'J'
{"clazz": "My_pipeline", "params": {"filters": [{"clazz": "My_filter", "params": {}}],
                                    "metrics": [{"clazz": "My_metric", "params": {}}]}}
J
printf 'a,b\n1,2\n3,4\n' > x.csv
check_status 1 'error: My_pipeline * predict: My_filter * predict: predict before fit' "$petctl" run config.json --x x.csv
check '  4*  8*My_metric 4.0' \
  "$petctl" run config.json --x-train x.csv --x x.csv --target a
finish

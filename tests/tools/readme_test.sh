# Runs every ```sh block of README.md that a user types, in order, against an installed PetFactory, and
# builds its C++ and CMake blocks.
source "$(dirname "$0")/script_test.sh"

readme=$SOURCE_ROOT/README.md
cmake --install "$BUILD_ROOT" --prefix "$scratch/installed" > /dev/null
export PATH=$scratch/installed/bin:$PATH CMAKE_PREFIX_PATH=$scratch/installed
# Seen from here, the root of a clone that was built by its presets.
ln -s "$SOURCE_ROOT"/{sdk,tests} .
mkdir build && ln -s "$BUILD_ROOT" build/release

# Prints the lines inside the blocks of one language, each block closed by a line "---".
blocks() { awk -v fence="\`\`\`$1" '$0 == fence {on = 1; next} /^```$/ {if (on) print "---"; on = 0} on' "$readme"; }

# A block is typed into one shell.
count=0
block=
while IFS= read -r line; do
  case $line in
    '') continue ;;
    tools/quickstart) continue ;;                              # quickstart_test runs it
    'cmake --'*'preset'*|'ctest --preset'*) continue ;;        # tools/test runs these, and so this test
    ---) check '' bash -exc "$block"; block= ;;
    *) block+=$line$'\n'; count=$((count + 1)) ;;
  esac
done < <(blocks sh)
((count >= 15)) || { echo "FAILED: README.md has only $count commands"; exit 1; }

# The filter that the README shows is the example that the quick start builds.
blocks cpp | sed '/^---$/,$d' | diff - "$SOURCE_ROOT/sdk/examples/iris/MyFilter.cpp"

mkdir app
blocks cpp | sed '1,/^---$/d;/^---$/d' > app/app.cpp
blocks cmake | sed '/^---$/d' > app/CMakeLists.txt
check '' cmake -S app -B app/build -G Ninja
check '' cmake --build app/build
check 'KnnFilter: int64 \[2\]' app/build/app "file://$scratch/storage"
check_status 2 'usage: app STORAGE' app/build/app
check_status 5 "error: *nowhere' does not exist" app/build/app "file://$scratch/nowhere"

lines=$(wc -l < "$readme")
((lines < 200)) || { echo "FAILED: README.md has $lines lines"; exit 1; }
finish

# petctl doctor: each thing that can be wrong is made wrong, is found, and is said with what to do; what
# depends on it is skipped. Each line is of one check: its mark, its name, what was found.
source "$(dirname "$0")/script_test.sh"

fail() { printf 'FAILED %s\n' "$*"; failures=$((failures + 1)); }
doctor=("$PETCTL" doctor)

# All is well: a directory, which is as it was afterwards.
mkdir storage
check_lines 0 'this machine' 'ok settings no config file' "ok home '$HOME'" 'ok platform linux-' "ok cache '$scratch/cache' takes" \
  'ok cache space .* free' 'ok cache size holds 0 files' 'skipped http libcurl is not needed' \
  "storage file://$scratch/storage" 'ok reachable' 'skipped clock' 'skipped encryption' 'ok credentials' 'ok list allowed; nothing' \
  'skipped read' 'ok write' 'ok conditional writes' 'ok remove' 'ok latency median' -- "${doctor[@]}"
[[ -z $(find storage -type f) && -z $(find cache -name '*.so') ]] || fail "left behind: $(find storage cache -type f)"
[[ $(tail -n 1 lines.out) == *' ok, '*' warning'*', 0 failed, '*' skipped' ]] || fail "the last line: $(tail -n 1 lines.out)"
"$PETCTL" push "$FIXTURES/good_filter.so" > /dev/null
check_lines 0 'ok list allowed$' 'ok read allowed' 'skipped write --read-only was given' 'skipped remove --read-only' \
  -- "${doctor[@]}" --read-only
check_lines 0 'skipped reachable not asked offline' -- "${doctor[@]}" --offline

# The storage.
check_lines 5 "FAILED reachable storage '$scratch/mistyped' does not exist: check the path" \
  'skipped write the storage cannot be reached' 'error: 1 check of .* failed: reachable of file://' \
  -- "${doctor[@]}" --storage "$scratch/mistyped"
[[ ! -e mistyped ]] || fail "a storage was made"
check_lines 1 'FAILED open .*zip' -- "${doctor[@]}" --storage zip:x
touch file
check_lines 4 'FAILED credentials .*is not a directory' 'skipped list nothing can be asked' -- "${doctor[@]}" --storage "$scratch/file"
check_lines 5 'ok http libcurl/' 'FAILED reachable .*no answer' 'try: the endpoint http://127.0.0.1:1' \
  -- "${doctor[@]}" --storage 's3://bucket/prefix?endpoint=http://127.0.0.1:1'
check_lines 5 'FAILED reachable .*no answer' 'warning encryption http://storage.example:9000 is asked without TLS' \
  'try: https:// in place of http://' \
  -- env http_proxy=http://127.0.0.1:1 "${doctor[@]}" --storage 's3://bucket/prefix?endpoint=http://storage.example:9000'
check_lines 5 'FAILED reachable .*no answer' 'try: the URL with curl' -- "${doctor[@]}" --storage http://127.0.0.1:1/mirror
check_lines 5 "storage file://$scratch/mistyped (1 of 2" 'FAILED reachable' "storage file://$scratch/storage (2 of 2" \
  'ok conditional writes' -- "${doctor[@]}" --storage "chain:$scratch/mistyped|$scratch/storage"
check_lines 1 'FAILED open a chain has 1 storages, at least two' -- "${doctor[@]}" --storage "chain:$scratch/storage"
check_lines 0 'skipped write a chain writes only to its last' -- "${doctor[@]}" --storage "chain:$scratch/storage|$scratch/storage"

check_lines 1 'skipped reachable nothing was asked' 'FAILED credentials .*AWS_SECRET_ACCESS_KEY' 'skipped write' \
  -- env -u AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID=half "${doctor[@]}" --storage 's3://bucket/prefix?endpoint=http://127.0.0.1:1'

# The machine.
mkdir config/petfactory -p
echo 'storrage = "x"' > config/petfactory/config.toml
check_lines 1 "FAILED settings .*unknown key 'storrage'" 'skipped reachable which storage' 'ok cmake' -- "${doctor[@]}"
echo "cache = \"$scratch/other\"" > config/petfactory/config.toml
check_lines 0 "ok settings config file '$scratch/config/petfactory/config.toml'" "ok cache '$scratch/other' takes" \
  -- env -u PET_CACHE "${doctor[@]}"
rm config/petfactory/config.toml
check_lines 0 'warning home HOME is not set' 'try: set HOME' -- env -u HOME "${doctor[@]}"
check_lines 0 "warning home HOME is '$scratch/nowhere'" -- env HOME="$scratch/nowhere" "${doctor[@]}"
check_lines 0 'warning home XDG_CACHE_HOME is .relative.' -- env XDG_CACHE_HOME=relative "${doctor[@]}"
mkdir -m 777 open-cache
check_lines 1 'FAILED cache .*others may write to' 'skipped cache space the cache cannot be used' 'ok reachable' \
  -- "${doctor[@]}" --cache "$scratch/open-cache"
check_lines 1 'FAILED cache .*is not a directory' -- "${doctor[@]}" --cache "$scratch/file"
check_lines 0 'ok cache memory:' 'skipped cache size it is in memory' -- "${doctor[@]}" --cache memory:
mkdir broken && echo 'no library' > broken/libcurl.so.4
check_lines 1 'FAILED http .*needs libcurl, which cannot be loaded' 'try: apt-get install libcurl4' \
  -- env LD_LIBRARY_PATH="$scratch/broken" "${doctor[@]}" --storage https://localhost/mirror

# What root may do all the same, and what only root can prepare.
if [[ $EUID == 0 && -x $(command -v setpriv) ]]; then
  mkdir -m 755 readonly public closed-cache
  mkdir -m 700 nobody-cache && chown 65534 nobody-cache && chmod 755 "$scratch"
  cp "$PETCTL" public/petctl && chmod 755 public/petctl
  nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$scratch/public/petctl" doctor "$@"; }
  check_lines 4 'ok reachable' 'ok list' "FAILED write cannot create the folder '$scratch/readonly/plugins': permission denied: allow it" \
    'skipped conditional writes writing failed' 'skipped remove' 'ok latency' \
    -- nobody --storage "$scratch/readonly" --cache "$scratch/nobody-cache"
  mkdir -m 700 secret
  check_lines 4 'FAILED credentials .*permission denied' 'skipped latency' \
    -- nobody --storage "$scratch/secret" --cache "$scratch/nobody-cache"
  check_lines 1 'FAILED cache .*cannot .*: Permission denied: make it writable for this user' \
    -- nobody --read-only --cache "$scratch/closed-cache"
  if unshare -m true 2> /dev/null; then
    mkdir noexec
    in_mount() { unshare -m bash -c 'mount -t tmpfs -o noexec,mode=700 tmpfs noexec && exec "$@"' - "$@"; }
    check_lines 1 'FAILED cache .*mounted noexec, so nothing in it can be loaded: mount it with exec' \
      -- in_mount "${doctor[@]}" --cache "$scratch/noexec"
  fi
fi

# An author's tools.
mkdir tools only-cmake
for tool in make c++ objcopy ld as cmake; do ln -s "$(command -v "$tool")" tools/; done
cmake --install "$BUILD_ROOT" --prefix "$scratch/installed" --component sdk > /dev/null
version=$("$PETCTL" --version | cut -d' ' -f2)
check_lines 0 'ok cmake cmake version' 'ok build program .*make' 'ok compiler' 'ok objcopy' \
  "ok sdk PetFactory $version in '$scratch/installed" -- env CMAKE_PREFIX_PATH="$scratch/installed" "${doctor[@]}"
check_lines 0 'ok compiler' 'warning sdk find_package(PetFactory) finds no SDK' 'try: CMAKE_PREFIX_PATH=' \
  -- env -u CMAKE_PREFIX_PATH PATH="$scratch/tools" "${doctor[@]}"
sed -i "s/$version/9.9.9/g" "$(find installed -name PetFactoryConfigVersion.cmake)"
check_lines 0 "warning sdk PetFactory 9.9.9 in .*, and petctl is $version" -- env CMAKE_PREFIX_PATH="$scratch/installed" "${doctor[@]}"
check_lines 0 'warning cmake no cmake on the PATH' 'try: apt-get install cmake' 'warning build program neither make nor ninja' \
  'warning compiler no C++ compiler' 'warning objcopy no objcopy' 'skipped sdk it takes cmake' \
  -- env -u CXX PATH="$scratch/only-cmake" "${doctor[@]}"
printf '#!/bin/sh\necho cmake version 3.10.2\n' > only-cmake/cmake
printf '#!/bin/sh\nexit 1\n' > only-cmake/c++
ln -s "$(command -v sh)" "$(command -v ninja || command -v make)" only-cmake/ && chmod +x only-cmake/*
check_lines 0 'warning cmake cmake version 3.10.2 is too old' 'warning compiler .*/c++ does not work' \
  -- env -u CXX PATH="$scratch/only-cmake" "${doctor[@]}"
check_lines 0 'warning compiler the compiler that CXX names is not there' 'try: unset CXX' -- env CXX=nowhere-c++ "${doctor[@]}"
printf '#!/bin/sh\n[ "$1" = --version ] && echo a compiler\n' > tools/broken-c++ && chmod +x tools/broken-c++
check_lines 0 'ok compiler a compiler' 'warning sdk cmake cannot prepare a build: CMake Error' \
  -- env CXX="$scratch/tools/broken-c++" "${doctor[@]}"

check_lines 0 'warning sdk no directory can be made in the place for temporary files' 'try: TMPDIR=' \
  -- env TMPDIR="$scratch/nowhere" "${doctor[@]}"

# Who starts petctl may ignore what becomes of children.
check_lines 0 'ok cmake cmake version' -- bash -c 'trap "" CHLD && exec "$@"' - "${doctor[@]}"

# A program that hangs is given up, with what it has started, and holds nothing up.
printf '#!/bin/sh\nsleep 61234; exit 0\n' > tools/hanging-c++ && chmod +x tools/hanging-c++
printf '#!/bin/sh\nexec > /dev/null 2>&1\nsleep 61235; exit 0\n' > tools/silent-c++ && chmod +x tools/silent-c++
for hanging in hanging silent; do
  check_lines 0 "warning compiler .*does not work: .*/$hanging-c++ did not end within 10 seconds" 'skipped sdk' \
    -- env CXX="$scratch/tools/$hanging-c++" "${doctor[@]}"
done
for process in /proc/[0-9]*; do
  command=$({ tr '\0' ' ' < "$process/cmdline"; } 2> /dev/null) || continue
  [[ $command != 'sleep 6123'* ]] || fail "still running: $command"
done

# One document, whatever is found; colours on a terminal alone.
got=0
"${doctor[@]}" --storage "$scratch/mistyped" --json > doctor.json 2> doctor.err || got=$?
"$JSON_CHECK" < doctor.json || fail "--json: $(cat doctor.json)"
[[ $got == 5 && $("$JSON_CHECK" /error/code /failed < doctor.json) == $'storage_unreachable\n1' ]] ||
  fail "--json exits $got: $(cat doctor.json)"
[[ $(wc -l < doctor.err) == 1 && $(cat doctor.err) == "error: $("$JSON_CHECK" /error/message < doctor.json)" ]] ||
  fail "stderr: $(cat doctor.err)"
! grep -q $'\x1b' lines.out || fail "colours in a file: $(cat -v lines.out)"
if command -v script > /dev/null; then
  on_terminal() { TERM=xterm script -qec "$(printf '%q ' "$@")" /dev/null; }
  on_terminal "${doctor[@]}" --offline > terminal.out
  grep -q $'\x1b\\[32mok' terminal.out || fail "no colours: $(cat -v terminal.out)"
  NO_COLOR=1 on_terminal "${doctor[@]}" --offline > terminal.out
  ! grep -q $'\x1b' terminal.out || fail "colours with NO_COLOR: $(cat -v terminal.out)"
fi
finish

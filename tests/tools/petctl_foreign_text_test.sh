# What others wrote (log messages, plugins' texts, damaged documents) is shown, and is never taken
# for what petctl itself says.
source "$(dirname "$0")/script_test.sh"

good=$FIXTURES/good_filter.so
fail() { printf 'FAILED %s\n' "$*"; failures=$((failures + 1)); }
# No line of a file begins with what is given, and no control character is in it.
harmless() {
  ! grep -q "^$2" "$1" || fail "$1 has a line '$2': $(cat -v "$1")"
  ! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' "$1" || fail "$1 has control characters: $(cat -v "$1")"
  ! LC_ALL=C grep -q $'\xc2[\x80-\x9f]' "$1" || fail "$1 has control characters: $(cat -v "$1")"
}

# The log: one row an entry, whatever its message.
mkdir storage
check 'GoodFilter' "$PETCTL" push "$good" -m $'line1\n#9 forged\t\033[31mred\xc2\x9b\xe2\x80\xae'
"$PETCTL" log GoodFilter > log.txt
harmless log.txt '#9'
[[ $(wc -l < log.txt) == 2 ]] || fail "the log has other rows: $(cat -v log.txt)"
check 'line1\\x0a#9 forged\\x09\\x1b\[31mred\\xc2\\x9b\\xe2\\x80\\xae' "$PETCTL" log GoodFilter
check 'Grüße … 三' bash -c '"$0" push "$1" -m "Grüße … 三" > /dev/null && "$0" log GoodFilter' \
  "$PETCTL" "$FIXTURES/good_filter_v2.so"

# A plugin's exception.
printf 'a\n1\n' > x.csv
echo '{"clazz": "ForgingFilter", "params": {}}' > forging.json
forging=(run forging.json --plugin "$FIXTURES/forging_filter.so" --x x.csv)
check_status 1 'ForgingFilter*predict: asked before noon*  error: fake\\x0d\\x1b\[31m red \\xc2\\x9b*  data: --x x.csv' \
  "$PETCTL" "${forging[@]}"
"$PETCTL" "${forging[@]}" 2> error.txt || true
harmless error.txt 'error: fake'
# It has no fit, and its "before" is none of a class that was not fitted.
! grep -q 'never fitted' error.txt || fail "a class without fit: $(cat error.txt)"
check_status 1 'it learns nothing*try: leave out --x-train' "$PETCTL" "${forging[@]}" --x-train x.csv

# What a plugin prints is not in the document; without --json it may be where it was.
echo '{"clazz": "LoudFilter", "params": {"limit": NaN}}' > loud.json
loud=(loud.json --plugin "$FIXTURES/loud_filter.so")
"$PETCTL" run "${loud[@]}" --x x.csv --json > loud.out 2> loud.err
[[ $("$JSON_CHECK" /shape/0 < loud.out) == 1 ]] || fail "run --json: $(cat loud.out)"
grep -q 'loud: asked' loud.err && grep -q 'loud: made' loud.err || fail "stderr has nothing of the plugin: $(cat loud.err)"
"$PETCTL" run "${loud[@]}" --x x.csv > loud.out 2> loud.err
grep -q 'loud: asked' loud.out || fail "stdout has nothing of the plugin: $(cat loud.out)"
"$PETCTL" pin "${loud[@]}" --json > pin.out 2> /dev/null
[[ $("$JSON_CHECK" /clazz /params/limit < pin.out) == $'LoudFilter\nnull' ]] || fail "pin --json: $(cat pin.out)"
"$PETCTL" pin "${loud[@]}" > pin.out 2> /dev/null
[[ $(head -c 1 pin.out) == '{' ]] && grep -q '"limit": NaN' pin.out || fail "pin: $(cat pin.out)"
# Nor may it end petctl as if all were done.
echo '{"clazz": "ExitingFilter", "params": {}}' > exiting.json
exiting=(run exiting.json --plugin "$FIXTURES/exiting_filter.so" --x x.csv)
check_status 1 'error: a class ended the program (it called exit)' "$PETCTL" "${exiting[@]}"
"$PETCTL" "${exiting[@]}" --json 2> /dev/null > exiting.out || true
[[ $("$JSON_CHECK" /error/code < exiting.out) == *plugin_error* ]] || fail "run --json: $(cat exiting.out)"
check_status 1 'error: cannot write to stdout' bash -c '"$@" > /dev/full' - "$PETCTL" run "${loud[@]}" --json

# What other programs say to doctor is a line of its table, and no more.
printf '#!/bin/sh\nprintf "\\033[31mc++ \\r9\\007\\nerror: fake\\n"\n' > forging-c++ && chmod +x forging-c++
CXX=$PWD/forging-c++ "$PETCTL" doctor > doctor.out 2>&1 || fail "doctor: $(cat -v doctor.out)"
harmless doctor.out 'error: fake'
grep -q 'compiler  *\\x1b\[31mc++ \\x0d9\\x07$' doctor.out || fail "doctor: $(cat -v doctor.out)"

# Damage of one class hides no other.
"$PETCTL" push "$FIXTURES/mean_error.so" > /dev/null
echo garbage > storage/plugins/GoodFilter/log/0000000002.json
damage="error: *plugins/GoodFilter/log/0000000002.json' is damaged: it is not JSON"
check_status 4 'MeanError*#1*GoodFilter*damaged*' "$PETCTL" list
check_status 4 "$damage" "$PETCTL" list
check_status 4 "#1*$damage" "$PETCTL" log GoodFilter
check_status 4 "#1*$damage" "$PETCTL" list GoodFilter
check '#1' "$PETCTL" list MeanError
json_damage() {
  local pointer=$1 expected=$2 got=0
  shift 2
  "$PETCTL" "$@" --json > damage.out 2> /dev/null || got=$?
  [[ $got == 4 && $("$JSON_CHECK" "$pointer" /error/code < damage.out) == "$expected"$'\ncorrupt' ]] ||
    fail "$* --json: $(cat damage.out)"
}
json_damage /classes/0/class MeanError list
json_damage /classes/1/damaged true list
json_damage /entries/0/number 1 log GoodFilter
json_damage /versions/0/number 1 list GoodFilter

# Nor does one that may not be read: a link in place of a file, or a folder of somebody else.
rm -r storage/plugins/GoodFilter/log/0000000002.json
mv storage/plugins/GoodFilter/latest.json kept.json
ln -s /etc/hostname storage/plugins/GoodFilter/latest.json
link="error: *plugins/GoodFilter/latest.json': a symbolic link stands where"
check_status 1 "MeanError*#1*GoodFilter*damaged*$link" "$PETCTL" list
check_status 1 "linux-*$link" "$PETCTL" list GoodFilter
check '#1' "$PETCTL" list MeanError
rm storage/plugins/GoodFilter/latest.json
mv kept.json storage/plugins/GoodFilter/latest.json
if [[ $EUID == 0 && -x $(command -v setpriv) ]]; then
  mkdir -p public nobody-cache && chown 65534 nobody-cache && cp "$PETCTL" public/petctl
  chmod 755 "$scratch" && chmod -R a+rX public storage
  cp -r storage/plugins/MeanError storage/plugins/ZLast  # (its entries are of another class)
  nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups public/petctl "$@" --cache "$scratch/nobody-cache"; }
  chmod 711 storage/plugins/GoodFilter
  check_status 1 "MeanError*#1*GoodFilter*damaged*error: cannot open *plugins/GoodFilter': permission denied" nobody list
  check_status 1 'ZLast*damaged*' nobody list
  chmod 755 storage/plugins/GoodFilter && chmod 700 storage/plugins/GoodFilter/log
  check_status 1 "MeanError*#1*GoodFilter*damaged*error: cannot open *plugins/GoodFilter/log': permission denied" nobody list
  chmod 700 storage/plugins  # nothing of it may be read
  check_status 1 "error: cannot open *storage/plugins': permission denied" nobody list
fi
finish

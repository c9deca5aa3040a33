# What a service rejected is printed, and tried again by it when it is forgiven.
cd "$(dirname "$0")"
source ./script_test.sh
source "$OLDPWD/petserve/petserve.sh"

export XDG_DATA_HOME=$scratch/data
crashing=$(sha256sum "$FIXTURES/stamp_crashes.so" | cut -d' ' -f1)
nan=$(sha256sum "$FIXTURES/stamp_nan.so" | cut -d' ' -f1)
check 'nothing is rejected*in */data/petfactory/rejections' "$PETCTL" forgive
check_status 3 "nothing that Stamp means is rejected in */data/petfactory/rejections*try: petctl forgive" \
  "$PETCTL" forgive Stamp
[[ ! -e data/petfactory/rejections ]] || { echo "FAILED: asking made a directory"; exit 1; }

"$PETCTL" push "$FIXTURES/stamp_1.so" > /dev/null
echo '{"clazz": "Stamp", "params": {}}' > stamp.json
printf 'x\n0\n1\n' > samples.csv
echo '{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP64","data":[0]}]}' > zero.json
start forgiving stamp.json --samples samples.csv --poll 0.2
ready
"$PETCTL" push "$FIXTURES/stamp_crashes.so" > /dev/null
eventually 30 'cause="trial/construct"} 1' curl -sS "$url/metrics"
"$PETCTL" push "$FIXTURES/stamp_nan.so" > /dev/null
eventually 30 'cause="trial/call"} 1' curl -sS "$url/metrics"
check '"data":\[1\]' ask POST /v2/models/stamp/infer @zero.json

check "Stamp $nan  *  stamp  trial: " "$PETCTL" forgive
check "Stamp $crashing  *  stamp  trial: crashed (SIGSEGV) in construct" "$PETCTL" forgive
check "\"rejected\": \[*\"hash\": \"$crashing\"*\"pipeline\": \"stamp\"*\"reason\": \"trial: crashed" \
  "$PETCTL" forgive --json

# One, by its first digits: it is the newest that may be tried, and is tried, and found to crash again.
check_status 2 'its first digits, 6 at least' "$PETCTL" forgive "Stamp@${nan:0:5}"
check_status 3 "did you mean 'Stamp'" "$PETCTL" forgive Stmp
check_status 3 'is rejected in' "$PETCTL" forgive Stamp@abcdef
check "Stamp $crashing  forgiven  *crashed" "$PETCTL" forgive "Stamp@${crashing:0:8}"
eventually 30 'cause="trial/construct"} 2' curl -sS "$url/metrics"
eventually 30 "$crashing" "$PETCTL" forgive
check '"data":\[1\]' ask POST /v2/models/stamp/infer @zero.json
stop "$pid"

# All of the class; another directory.
"$PETCTL" forgive Stamp --json > forgiven
for hash in "$nan" "$crashing"; do check "\"forgiven\": \[*\"hash\": \"$hash\"" cat forgiven; done
check 'nothing is rejected' "$PETCTL" forgive
mkdir other
check "nothing is rejected*in $scratch/other" "$PETCTL" forgive --rejections other
# Texts of others, and an object that is damaged.
mkdir other/rejected
printf '{"class_name": "A\\u001b[31m", "reason": "\\u001b]0;x\\u0007", "time": "t", "pipeline": "p"}' > "other/rejected/$nan.json"
echo '{' > "other/rejected/$crashing.json"
check 'A\\x1b\[31m*\\x1b\]0;x' "$PETCTL" forgive --rejections other
check "? $crashing*why cannot be read any more" "$PETCTL" forgive --rejections other
check "forgiven" "$PETCTL" forgive "Stamp@$crashing" --rejections other

# Of several, one that cannot be removed does not stop the others; and nothing is to be seen where nobody may look.
if [[ $EUID == 0 && -x $(command -v setpriv) ]]; then
  chmod 755 "$scratch" && mkdir public sticky sticky/rejected secret secret/within
  install -m 755 "$PETCTL" public/petctl
  chmod 1777 sticky sticky/rejected && chmod 700 secret
  nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups public/petctl "$@"; }
  for hash in "$nan" "$crashing"; do
    echo '{"class_name": "Stamp", "reason": "r", "time": "t", "pipeline": "p"}' > "sticky/rejected/$hash.json"
  done
  chown 65534 "sticky/rejected/$crashing.json"
  check_status 1 "Stamp $crashing  forgiven*error: Stamp $nan cannot be forgiven: *ermitted" \
    nobody forgive Stamp --rejections sticky
  check_status 1 "\"forgiven\": \[\]*\"error\": *cannot be forgiven" nobody forgive Stamp --rejections sticky --json
  check "Stamp $nan" nobody forgive --rejections sticky
  for closed in secret secret/within; do
    check_status 1 "what is rejected in $scratch/$closed cannot be read: Permission denied*try: as the user" \
      nobody forgive --rejections "$closed"
  done
fi
env -u HOME -u XDG_DATA_HOME "$PETCTL" forgive 2> homeless && exit 1
check 'try: --rejections DIR' cat homeless
finish

# The main job on a real S3 server, which tests/servers/with_s3 starts; and other clients of S3 read what
# is written, and write what is read.
source "$(dirname "$0")/script_test.sh"

iris=$SOURCE_ROOT/tests/data/iris
good=$FIXTURES/good_filter.so
better=$FIXTURES/good_filter_v2.so
hash=$(sha256sum "$good" | cut -d' ' -f1)
train=(--x-train "$iris/x_train.npy" --y-train "$iris/y_train.npy" --x "$iris/x_test.npy" --y "$iris/y_test.npy")
cat > s3cfg <<C
[default]
access_key = $AWS_ACCESS_KEY_ID
secret_key = $AWS_SECRET_ACCESS_KEY
host_base = ${AWS_ENDPOINT_URL_S3#http://}
host_bucket = ${AWS_ENDPOINT_URL_S3#http://}
use_https = False
C
cat > rclone.conf <<C
[pets]
type = s3
provider = Ceph
access_key_id = $AWS_ACCESS_KEY_ID
secret_access_key = $AWS_SECRET_ACCESS_KEY
endpoint = $AWS_ENDPOINT_URL_S3
C
s3cmd() { command s3cmd -q --config="$scratch/s3cfg" "$@"; }
rclone() { command rclone --config "$scratch/rclone.conf" "$@"; }

export PET_STORAGE=s3://team/pets
check_status 5 "there is no bucket 'team'*try: the right name" "$PETCTL" list
s3cmd mb s3://team
check 'no classes in s3://team/pets' "$PETCTL" list

# The author, the operator elsewhere.
check "GoodFilter $hash linux-x86_64-gnu #1" "$PETCTL" push "$good" --message 'first version'
check 'latest already, nothing changed' "$PETCTL" push "$good"
check "synced GoodFilter $hash" "$PETCTL" status "$good"
cat > pipeline.json <<'J'
{"clazz": "F3Pipeline", "params": {
  "filters": [{"clazz": "StandardScalerPlugin", "params": {}}, {"clazz": "GoodFilter", "params": {"factor": 2.0}},
              {"clazz": "KnnFilter", "params": {}}],
  "metrics": [{"clazz": "F1", "params": {"average": "weighted"}}]}}
J
export PET_CACHE=$scratch/operator
"$PETCTL" pin pipeline.json --out pinned.json
check 'F1 0.9' "$PETCTL" run pinned.json "${train[@]}" --save fitted.json --out before.npy
check 'GoodFilter*#2' "$PETCTL" push "$better"
check_status 2 '--move-back' "$PETCTL" push "$good"
PET_CACHE=$scratch/third check 'F1 0.9' "$PETCTL" run fitted.json --x "$iris/x_test.npy" --y "$iris/y_test.npy" --out after.npy
cmp before.npy after.npy
check 'F1 0.9' "$PETCTL" run pinned.json "${train[@]}" --offline
check '#2*#1*first version' "$PETCTL" log GoodFilter
check_status 3 "did you mean 'GoodFilter'" "$PETCTL" pull GoodFilte

# Others read and write the same objects.
s3cmd get "s3://team/pets/plugins/GoodFilter/$hash.so" by-s3cmd.so
cmp by-s3cmd.so "$good"
rclone copy pets:team/pets mirror
cmp "mirror/plugins/GoodFilter/$hash.so" "$good"
check '#2*#1' "$PETCTL" log GoodFilter --storage "file://$scratch/mirror"
rclone copy mirror pets:team/copied
PET_CACHE=$scratch/fourth check "GoodFilter" "$PETCTL" pull "GoodFilter@$hash" --storage s3://team/copied
rm -rf third-party && mkdir third-party && echo 'not a binary' > "third-party/$hash.so"
s3cmd put "third-party/$hash.so" "s3://team/copied/plugins/GoodFilter/$hash.so"
PET_CACHE=$scratch/fifth check_status 4 'is damaged: expected sha256' \
  "$PETCTL" pull "GoodFilter@$hash" --storage s3://team/copied

# Two authors at once: both versions are stored, one order in the log.
for file in "$FIXTURES"/{learning_filter,wrapper_pipeline,mean_error}.so; do
  for _ in 1 2 3; do "$PETCTL" push "$file" > /dev/null & done
done
wait
for class in LearningFilter WrapperPipeline MeanError; do
  [[ $("$PETCTL" log "$class" | grep -c '#') == 1 ]] || { echo "FAILED: $class: $("$PETCTL" log "$class")"; exit 1; }
done

# A server that ignores conditions: this one behind a proxy that takes them away, of which no signature may tell.
if nginx=$(PATH=$PATH:/usr/sbin command -v nginx); then
  s3cmd mb s3://open
  printf '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]},
           "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
           "Resource": ["arn:aws:s3:::open", "arn:aws:s3:::open/*"]}]}' > open.json
  s3cmd setpolicy open.json s3://open
  mkdir proxy
  for _ in 1 2 3 4 5; do
    port=$((10000 + RANDOM % 20000))  # below those that the system gives away
    cat > proxy/nginx.conf <<C
pid $scratch/proxy/pid; error_log $scratch/proxy/log; daemon on; events {}
$( ((EUID == 0)) && echo "user $(id -un);")
http {
  access_log off; client_max_body_size 0; client_body_temp_path $scratch/proxy/body; proxy_temp_path $scratch/proxy/temp;
  fastcgi_temp_path $scratch/proxy/f; uwsgi_temp_path $scratch/proxy/u; scgi_temp_path $scratch/proxy/s;
  server { listen 127.0.0.1:$port; location / { proxy_pass $AWS_ENDPOINT_URL_S3; proxy_set_header If-None-Match ""; } }
}
C
    "$nginx" -c "$scratch/proxy/nginx.conf" 2> proxy/start && break
  done
  anybody() { env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY PET_CACHE="$scratch/anybody" "$PETCTL" "$@"; }
  lax="s3://open/pets?endpoint=http://127.0.0.1:$port"
  check_status 1 'the server replaces an object*mode=single-writer' anybody push "$good" --storage "$lax"
  check_lines 1 'FAILED conditional writes' 'try: .*mode=single-writer' -- anybody doctor --storage "$lax"
  single="$lax&mode=single-writer"
  check "GoodFilter $hash linux-x86_64-gnu #1*mode=single-writer" anybody push "$good" --storage "$single"
  check 'latest already, nothing changed' anybody push "$good" --storage "$single"
  check '#2' anybody push "$better" --storage "$single"
  check '#2*#1' anybody log GoodFilter --storage "$lax"
  check_lines 0 'warning conditional writes it has none' 'try: let nobody else' -- anybody doctor --storage "$single"
  # One that honours them is asked for them all the same.
  check '#3' anybody push "$good" --move-back --storage "s3://open/pets?mode=single-writer"
  check_lines 0 'ok conditional writes' -- anybody doctor --storage "s3://open/pets?mode=single-writer"
  kill "$(cat proxy/pid)"
else
  echo "SKIPPED: no nginx: a server that ignores conditions" >&2
fi

# Nobody sees the secret.
AWS_SECRET_ACCESS_KEY=wrong/secret check_status 1 'the credentials are wrong' "$PETCTL" list --verbose
[[ $(AWS_SECRET_ACCESS_KEY=wrong/secret "$PETCTL" list --json --verbose 2>&1) != *wrong/secret* ]] ||
  { echo "FAILED: the secret was printed"; exit 1; }
check_status 2 'credentials do not belong in a URL' "$PETCTL" list --storage s3://key:secret@team

# What doctor finds there: all in order, and each right that is missing.
s3cmd mb s3://clinic
doctor=("$PETCTL" doctor --storage s3://clinic/pets)
policy() {
  printf '{"Version": "2012-10-17", "Statement": [{"Effect": "%s", "Principal": {"AWS": ["*"]}, "Action": [%s],
           "Resource": ["arn:aws:s3:::clinic", "arn:aws:s3:::clinic/*"]}]}' "$1" "$2" > policy.json
  s3cmd setpolicy policy.json s3://clinic
}
check_lines 0 'ok http libcurl/' 'storage s3://clinic/pets' 'ok reachable' "ok clock the server's clock and this machine's agree" \
  'ok encryption' 'ok credentials' 'ok list allowed; nothing' 'ok write' 'ok conditional writes' 'ok remove' 'ok latency' -- "${doctor[@]}"
[[ -z $(s3cmd ls -r s3://clinic) ]] || { echo "FAILED: left behind: $(s3cmd ls -r s3://clinic)"; failures=$((failures + 1)); }
check_lines 0 'ok read allowed' -- "$PETCTL" doctor --storage s3://team/pets --read-only
check_lines 5 "FAILED reachable .*there is no bucket 'nowhere'" 'try: the right name' -- "$PETCTL" doctor --storage s3://nowhere
check_lines 4 'ok reachable' 'FAILED credentials .*the credentials are wrong' 'try: the right key and secret' 'skipped write' \
  -- env AWS_SECRET_ACCESS_KEY=wrong/secret "${doctor[@]}"
! grep -q wrong/secret lines.out || { echo "FAILED: the secret was printed"; failures=$((failures + 1)); }
policy Deny '"s3:PutObject"'
check_lines 4 'ok credentials' 'FAILED write .*403' 'try: s3:GetObject, and to write s3:PutObject' 'skipped conditional writes' \
  'ok latency' -- "${doctor[@]}"
policy Deny '"s3:DeleteObject"'
check_lines 0 'ok write' 'warning remove .*403' "have 'plugins/pet-probe-doctor-.* removed" -- "${doctor[@]}"
policy Deny '"s3:ListBucket"'
check_lines 4 'FAILED credentials .*needs s3:ListBucket' 'skipped list' -- "${doctor[@]}"
policy Allow '"s3:ListBucket", "s3:GetObject"'
check_lines 4 'ok list allowed$' 'ok read' 'FAILED write .*no credentials were found' \
  -- env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "${doctor[@]}"
if [[ -n ${SANITIZE:-} ]]; then
  echo "SKIPPED: a wrong clock: the sanitizer's runtime has to be loaded before faketime's" >&2
elif [[ -z ${PET_REQUIRE_SERVERS:-} && -z $(command -v faketime) ]]; then
  echo "SKIPPED: a wrong clock: no faketime: tools/install-deps --servers installs it" >&2
else
  check_lines 4 "FAILED clock this machine's clock is 59 minutes ahead\|FAILED clock this machine's clock is 60 minutes ahead" \
    'try: set the clock' "FAILED credentials .*this machine's clock is wrong" 'skipped list' -- faketime '+1 hour' "${doctor[@]}"
  check_lines 0 "warning clock this machine's clock is 1[12]. seconds behind" 'ok write' -- faketime '-2 minutes' "${doctor[@]}"
fi
finish

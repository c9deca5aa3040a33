# shellcheck shell=bash
# A CA of the test's own, and certificates of it, in the current directory. To be sourced by the scripts
# beside it that start servers.

# own_ca: ca.pem, ca.key
own_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 \
    -subj "/CN=a CA of the test's own" 2> /dev/null
  mkdir newcerts && touch index.txt && echo 01 > serial
  cat > ca.cnf <<'C'
[ca]
default_ca = own
[own]
dir = .
new_certs_dir = newcerts
database = index.txt
serial = serial
private_key = ca.key
certificate = ca.pem
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
C
}

# certificate NAME HOST valid|expired [MORE]: NAME.pem and NAME.key, also for MORE, as in "DNS:*.localhost"
certificate() {
  local from='-1 hour' to='+1 day'
  [[ $3 == valid ]] || from='-2 days' to='-1 day'
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.csr" \
    -subj "/CN=$2" -addext "subjectAltName=DNS:$2${4:+,$4}" 2> /dev/null
  openssl ca -batch -config ca.cnf -in "$1.csr" -out "$1.pem" -startdate "$(date -u +%Y%m%d%H%M%SZ -d "$from")" \
    -enddate "$(date -u +%Y%m%d%H%M%SZ -d "$to")" 2> /dev/null
}

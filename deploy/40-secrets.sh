#!/usr/bin/env bash
# The secrets and the catalogue. A value comes from the file $SECRETS_DIR/<NAME>, or is asked for; it goes to gcloud on its
# standard input, never on a command line. A secret that has a value keeps it, unless there is such a file.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# read_value NAME: from its file or its owner, into the variable `value`.
read_value() {
  if is_in_file "$1"; then
    value=$(<"$SECRETS_DIR/$1")
  elif [[ -z $DRY_RUN ]]; then
    read -rsp "$1: " value || fail "no value for $1"
    printf '\n'
  fi
  [[ -n $value || -n $DRY_RUN ]] || fail "$1 is empty"
}

is_in_file() {
  [[ -n ${SECRETS_DIR:-} && -f $SECRETS_DIR/$1 ]]
}

has_version() {
  exists secrets versions describe latest --secret="$1"
}

make_secret() {
  exists secrets describe "$1" || cloud secrets create "$1" --replication-policy=automatic
}

# keep SECRET VALUE: as its newest version, unless it is.
keep() {
  if has_version "$1" && [[ $(ask '' secrets versions access latest --secret="$1") == "$2" ]]; then return; fi
  cloud secrets versions add "$1" --data-file=- < <(printf '%s' "$2")
}

keep_secret() {
  local secret value=
  secret=$(secret_name "$1")
  make_secret "$secret"
  if has_version "$secret" && ! is_in_file "$1"; then return; fi
  read_value "$1"
  keep "$secret" "$value"
}

keep_catalog() {
  local file=$ROOT/$CATALOG value=
  [[ $CATALOG != /* ]] || file=$CATALOG
  if [[ -f $file ]]; then
    value=$(<"$file")
  else
    [[ -n $DRY_RUN ]] || fail "$CATALOG is missing: see examples/catalog.json"
  fi
  # A wrong one would only be noticed by processes that can't start with it.
  (cd "$ROOT" && run npx playgrant catalog "$file")
  make_secret playgrant-catalog
  keep playgrant-catalog "$value"
}

let_read() {
  grant secrets add-iam-policy-binding "$2" --member="serviceAccount:$1" \
    --role=roles/secretmanager.secretAccessor
}

say "Secrets"
for name in "${SECRETS[@]}"; do keep_secret "$name"; done
say "The catalogue"
keep_catalog

say "Who reads which secret"
for name in $(secrets_of api); do let_read "$API_ACCOUNT" "$(secret_name "$name")"; done
for name in $(secrets_of worker); do let_read "$WORKER_ACCOUNT" "$(secret_name "$name")"; done
let_read "$API_ACCOUNT" playgrant-catalog
let_read "$WORKER_ACCOUNT" playgrant-catalog

# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is read by the steps
# What all steps share: the settings, and how a command is run. It is sourced.
set -euo pipefail

DEPLOY=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$DEPLOY")
SETTINGS_FILE=${DEPLOY_ENV:-$DEPLOY/env}
DRY_RUN=${DRY_RUN:-}

fail() {
  printf 'deploy: %s\n' "$1" >&2
  exit 78
}

say() {
  printf '\n# %s\n' "$1"
}

show() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
}

# run COMMAND…: shows it, and runs it unless this is a dry run.
run() {
  show "$@"
  [[ -n $DRY_RUN ]] || "$@"
}

# cloud COMMAND…: gcloud, in this project.
cloud() {
  run gcloud "$@" --project="$PROJECT_ID"
}

# exists COMMAND…: does gcloud find it? In a dry run nothing is asked, and nothing is there.
exists() {
  [[ -z $DRY_RUN ]] && gcloud "$@" --project="$PROJECT_ID" --format=none >/dev/null 2>&1
}

# ask SAMPLE COMMAND…: prints what gcloud answers; in a dry run the sample.
ask() {
  local sample=$1
  shift
  if [[ -n $DRY_RUN ]]; then printf '%s\n' "$sample"; else gcloud "$@" --project="$PROJECT_ID"; fi
}

# grant COMMAND…: an IAM binding; one that is there stays. A new account takes some seconds to be known everywhere.
grant() {
  show gcloud "$@" --project="$PROJECT_ID"
  [[ -z $DRY_RUN ]] || return 0
  local pause
  for pause in 5 10 20 0; do
    if gcloud "$@" --project="$PROJECT_ID" --format=none; then return 0; fi
    sleep "$pause"
  done
  fail "this right could not be given"
}

# one_of NAME WORD…: is the setting one of these words?
one_of() {
  local name=$1 word
  shift
  for word in "$@"; do [[ ${!name} != "$word" ]] || return 0; done
  fail "$name is one of: $*"
}

# has WORD LIST…
has() {
  local word=$1 each
  shift
  for each in "$@"; do [[ $each != "$word" ]] || return 0; done
  return 1
}

# setting NAME: is it among SETTINGS?
setting() {
  local each
  for each in "${SETTINGS[@]}"; do [[ $each != "$1="* ]] || return 0; done
  return 1
}

# The name of a secret in Secret Manager: KEYTHAI_API_KEY is kept as playgrant-keythai-api-key.
secret_name() {
  local name=${1,,}
  printf 'playgrant-%s\n' "${name//_/-}"
}

# secrets_of api|worker: the secrets that this process reads. The worker has no admin API.
secrets_of() {
  local each
  for each in "${SECRETS[@]}"; do
    [[ $1 == worker && $each == ADMIN_API_KEYS ]] || printf '%s\n' "$each"
  done
}

read_settings() {
  [[ -f $SETTINGS_FILE ]] || fail "$SETTINGS_FILE is missing: copy deploy/env.example to deploy/env and fill it in"
  SECRETS=() SETTINGS=()
  # shellcheck source=env.example
  source "$SETTINGS_FILE"
  [[ -n ${PROJECT_ID:-} && -n ${REGION:-} ]] || fail "PROJECT_ID and REGION are required: put them into $SETTINGS_FILE"
  one_of RTDN_DELIVERY push pull
  one_of WORKER pool schedule
  one_of LICENSE_KMS yes no
  one_of FIRESTORE_RULES keep replace
  [[ $WORKER == pool || $RTDN_DELIVERY == push ]] || fail "without a worker pool nobody pulls: RTDN_DELIVERY=push"
}

# The names of everything that is made.
names() {
  API=playgrant-api
  POOL=playgrant-worker
  SWEEP=playgrant-sweep
  TOPIC=play-rtdn
  SUBSCRIPTION=playgrant-rtdn
  DEAD=play-rtdn-dead
  ACCOUNTS=iam.gserviceaccount.com
  API_ACCOUNT=playgrant-api@$PROJECT_ID.$ACCOUNTS
  WORKER_ACCOUNT=playgrant-worker@$PROJECT_ID.$ACCOUNTS
  PUSH_ACCOUNT=playgrant-push@$PROJECT_ID.$ACCOUNTS
  SCHEDULER_ACCOUNT=playgrant-scheduler@$PROJECT_ID.$ACCOUNTS
  # What the push subscription says it is for, and the api expects. Any text will do; nobody else's token has it.
  PUSH_AUDIENCE=playgrant-rtdn.$PROJECT_ID
  KMS_KEY=projects/$PROJECT_ID/locations/$REGION/keyRings/playgrant/cryptoKeys/licenses
  REPOSITORY=$REGION-docker.pkg.dev/$PROJECT_ID/playgrant
}

# Google's own account for Pub/Sub, and the api's address, have the project's number in them.
read_number() {
  PROJECT_NUMBER=$(ask 123456789012 projects describe "$PROJECT_ID" --format='value(projectNumber)')
  PUBSUB_AGENT=service-$PROJECT_NUMBER@gcp-sa-pubsub.$ACCOUNTS
  API_URL=https://$API-$PROJECT_NUMBER.$REGION.run.app
}

((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) || fail "bash 4.4 or newer is needed: Cloud Shell has it"
export CLOUDSDK_CORE_DISABLE_PROMPTS=1
read_settings
names

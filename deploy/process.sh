# shellcheck shell=bash
# What a process is: its image and its settings. It is sourced, after read_number.

# image_name: IMAGE if it is given, else that of the commit that is checked out.
image_name() {
  if [[ -n ${IMAGE:-} ]]; then
    printf '%s\n' "$IMAGE"
    return
  fi
  local commit
  commit=$(git -C "$ROOT" rev-parse --short=12 HEAD)
  [[ -n $DRY_RUN || -z $(git -C "$ROOT" status --porcelain --untracked-files=no) ]] ||
    fail "there are changes that are not committed, and an image is named after its commit"
  printf '%s/playgrant:%s\n' "$REPOSITORY" "$commit"
}

# environment_of api|worker ROLES: its settings that are not secret, into the array `environment`.
environment_of() {
  environment=("GOOGLE_CLOUD_PROJECT=$PROJECT_ID" "PLAYGRANT_ROLES=$2")
  [[ $LICENSE_KMS == no ]] || environment+=("LICENSE_KMS_KEY=$KMS_KEY")
  setting PUBLIC_URL || environment+=("PUBLIC_URL=$API_URL")
  [[ $2 != *subscriber* ]] || environment+=("RTDN_SUBSCRIPTION=$SUBSCRIPTION")
  if [[ $1 == api && $RTDN_DELIVERY == push ]]; then
    environment+=("RTDN_PUSH_AUDIENCE=$PUSH_AUDIENCE" "RTDN_PUSH_SERVICE_ACCOUNT=$PUSH_ACCOUNT")
  fi
  environment+=("${SETTINGS[@]}")
}

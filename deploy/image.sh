# shellcheck shell=bash
# Which image is deployed. It is sourced.

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

#!/usr/bin/env bash
# The image, built by Cloud Build and named after the commit. IMAGE=… uses one that is there and builds none.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$DEPLOY/process.sh"

[[ -z ${IMAGE:-} ]] || exit 0
image=$(image_name)

say "The image"
exists artifacts docker images describe "$image" || cloud builds submit "$ROOT" --tag="$image"

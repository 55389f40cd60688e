#!/usr/bin/env bash
# The project: APIs that are used, and the place for images.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apis=(run pubsub firestore firebaserules androidpublisher secretmanager artifactregistry cloudbuild iam
  iamcredentials identitytoolkit logging monitoring)
[[ $LICENSE_KMS == no ]] || apis+=(cloudkms)
[[ $WORKER == pool ]] || apis+=(cloudscheduler)

say "APIs"
cloud services enable "${apis[@]/%/.googleapis.com}"
# Pub/Sub's own account is made when it is first needed; it gets rights before that.
cloud beta services identity create --service=pubsub.googleapis.com

say "A place for images"
exists artifacts repositories describe playgrant --location="$REGION" ||
  cloud artifacts repositories create playgrant --location="$REGION" --repository-format=docker

#!/usr/bin/env bash
# One service account for each process, with the rights it needs in the project. Rights to one key, one secret or one
# subscription are given where these are made. deploy/README.md lists them all.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

account() {
  exists iam service-accounts describe "$1@$PROJECT_ID.$ACCOUNTS" ||
    cloud iam service-accounts create "$1" --display-name="$2"
}

say "Service accounts"
account playgrant-api "playgrant: the API"
account playgrant-worker "playgrant: the worker"
[[ $RTDN_DELIVERY == pull ]] || account playgrant-push "playgrant: Pub/Sub, when it calls the API"
[[ $WORKER == pool ]] || account playgrant-scheduler "playgrant: starts the sweeps"

say "Rights in the project"
database="projects/$PROJECT_ID/databases/(default)"
for member in "$API_ACCOUNT" "$WORKER_ACCOUNT"; do
  grant projects add-iam-policy-binding "$PROJECT_ID" --member="serviceAccount:$member" --role=roles/datastore.user \
    --condition="expression=resource.name==\"$database\",title=playgrant,description=This database alone"
  # Licence mails go to the address that Firebase Auth has verified.
  if has SMTP_URL "${SECRETS[@]}" && ! setting AUTH_ISSUER; then
    grant projects add-iam-policy-binding "$PROJECT_ID" --member="serviceAccount:$member" \
      --role=roles/firebaseauth.viewer --condition=None
  fi
done

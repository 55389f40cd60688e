#!/usr/bin/env bash
# The processes: the api as a service, and what works through what is due, as a worker pool or a job on a schedule.
# Secrets and catalogue are named with their versions: a revision that is rolled back to has those it was deployed with.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$DEPLOY/process.sh"
read_number
image=$(image_name)

# settings_of api|worker ROLES: the flag with all settings that are not secret.
settings_of() {
  local environment
  environment_of "$@"
  # Values have commas in them: gcloud splits at | instead.
  local IFS='|'
  printf -- '--set-env-vars=^|^%s\n' "${environment[*]}"
}

version_of() {
  ask 1 secrets versions describe latest --secret="$1" --format='value(name.basename())'
}

mounts_of() {
  local name secret all=()
  for name in $(secrets_of "$1"); do
    secret=$(secret_name "$name")
    all+=("$name=$secret:$(version_of "$secret")")
  done
  all+=("/etc/playgrant/catalog.json=playgrant-catalog:$(version_of playgrant-catalog)")
  local IFS=,
  printf -- '--set-secrets=%s\n' "${all[*]}"
}

# Probes come from within: on the public address Google keeps paths that end in z to itself.
say "The API"
settings=$(settings_of api api)
mounts=$(mounts_of api)
cloud run deploy "$API" --image="$image" --region="$REGION" --service-account="$API_ACCOUNT" \
  --ingress=all --allow-unauthenticated --port=8080 --timeout=60 --concurrency=80 --cpu=1 --memory=512Mi \
  --min-instances="$API_MIN_INSTANCES" --max-instances="$API_MAX_INSTANCES" --cpu-boost --no-cpu-throttling \
  --startup-probe=httpGet.path=/readyz,httpGet.port=8080,periodSeconds=2,timeoutSeconds=2,failureThreshold=30 \
  --liveness-probe=httpGet.path=/healthz,httpGet.port=8080,periodSeconds=30,timeoutSeconds=5,failureThreshold=3 \
  "$settings" "$mounts"

mounts=$(mounts_of worker)
if [[ $WORKER == pool ]]; then
  say "The worker"
  roles=worker
  [[ $RTDN_DELIVERY == push ]] || roles=subscriber,worker
  settings=$(settings_of worker "$roles")
  cloud beta run worker-pools deploy "$POOL" --image="$image" --region="$REGION" \
    --service-account="$WORKER_ACCOUNT" --scaling="$WORKERS" --cpu=1 --memory=512Mi "$settings" "$mounts"
  exit 0
fi

say "The sweeps, every five minutes"
# Google advises three retries: a task that went well is sometimes taken for one that did not. Sweeping twice is harmless.
settings=$(settings_of worker worker)
cloud run jobs deploy "$SWEEP" --image="$image" --region="$REGION" --service-account="$WORKER_ACCOUNT" \
  --args=dist/sweep.js,all --task-timeout=10m --max-retries=3 --cpu=1 --memory=512Mi "$settings" "$mounts"
grant run jobs add-iam-policy-binding "$SWEEP" --region="$REGION" --member="serviceAccount:$SCHEDULER_ACCOUNT" \
  --role=roles/run.invoker
verb=create
! exists scheduler jobs describe "$SWEEP" --location="$REGION" || verb=update
uri=https://run.googleapis.com/v2/projects/$PROJECT_ID/locations/$REGION/jobs/$SWEEP:run
cloud scheduler jobs "$verb" http "$SWEEP" --location="$REGION" --schedule='*/5 * * * *' --uri="$uri" \
  --http-method=POST --oauth-service-account-email="$SCHEDULER_ACCOUNT"

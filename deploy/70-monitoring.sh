#!/usr/bin/env bash
# What tells a person that something is wrong: a count of errors by event, a look at the API from outside, and the alerts
# of deploy/monitoring. They are known by their display names.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
read_number

# named NAME COMMAND…: the resource of this display name, or nothing.
named() {
  local name=$1
  shift
  ask '' "$@" --filter="displayName=\"$name\"" --format='value(name)' --limit=1
}

say "Count of errors"
verb=create
! exists logging metrics describe playgrant_errors || verb=update
cloud logging metrics "$verb" playgrant_errors --config-from-file="$DEPLOY/monitoring/metric-errors.json"

say "A look from outside"
if [[ -z $(named playgrant-api monitoring uptime list-configs) ]]; then
  cloud monitoring uptime create playgrant-api --resource-type=uptime-url \
    --resource-labels="host=${API_URL#https://},project_id=$PROJECT_ID" --protocol=https --path=/openapi.json --period=5
fi

channel=
if [[ -n $ALERT_EMAIL ]]; then
  say "Who is told"
  find_channel() { named playgrant beta monitoring channels list; }
  [[ -n $(find_channel) ]] ||
    cloud beta monitoring channels create --display-name=playgrant --type=email \
      --channel-labels="email_address=$ALERT_EMAIL"
  channel=$(find_channel)
  [[ -z $DRY_RUN ]] || channel=projects/$PROJECT_ID/notificationChannels/1
fi

say "Alerts"
for file in "$DEPLOY"/monitoring/alert-*.json; do
  title=$(sed -n 's/^  "displayName": "\(.*\)",$/\1/p' "$file")
  policy=$(named "$title" alpha monitoring policies list)
  if [[ -z $policy ]]; then
    cloud alpha monitoring policies create --policy-from-file="$file" ${channel:+--notification-channels="$channel"}
  else
    cloud alpha monitoring policies update "$policy" --policy-from-file="$file" \
      ${channel:+--set-notification-channels="$channel"}
  fi
done

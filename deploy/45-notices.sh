#!/usr/bin/env bash
# Google's notices: a topic that Play publishes to, one subscription, and a place for what could not be delivered. The
# same subscription pushes or is pulled from, so that a change of RTDN_DELIVERY loses and doubles nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
read_number

say "Topics"
for topic in "$TOPIC" "$DEAD"; do
  exists pubsub topics describe "$topic" || cloud pubsub topics create "$topic"
done
grant pubsub topics add-iam-policy-binding "$TOPIC" --role=roles/pubsub.publisher \
  --member=serviceAccount:google-play-developer-notifications@system.gserviceaccount.com

# Pub/Sub deletes a subscription that nobody uses for 31 days: a quiet shop would lose its notices.
common=(--expiration-period=never --message-retention-duration=7d --ack-deadline=60)
# Up to 10 minutes apart, a hundred tries last most of a day: longer than an outage of Google's.
retries=(--min-retry-delay=10s --max-retry-delay=600s --dead-letter-topic="$DEAD" --max-delivery-attempts=100)
push=(--push-endpoint="$API_URL/v1/rtdn" --push-auth-service-account="$PUSH_ACCOUNT"
  --push-auth-token-audience="$PUSH_AUDIENCE")
# An empty endpoint makes it one to pull from.
[[ $RTDN_DELIVERY == push ]] || push=(--push-endpoint=)

say "Subscriptions"
if exists pubsub subscriptions describe "$SUBSCRIPTION"; then
  cloud pubsub subscriptions update "$SUBSCRIPTION" "${common[@]}" "${retries[@]}" "${push[@]}"
else
  cloud pubsub subscriptions create "$SUBSCRIPTION" --topic="$TOPIC" "${common[@]}" "${retries[@]}" "${push[@]}"
fi
# Without a subscription of its own what lands in the dead-letter topic would be gone.
exists pubsub subscriptions describe "$DEAD" ||
  cloud pubsub subscriptions create "$DEAD" --topic="$DEAD" --expiration-period=never --message-retention-duration=31d

say "Rights to them"
grant pubsub topics add-iam-policy-binding "$DEAD" --member="serviceAccount:$PUBSUB_AGENT" --role=roles/pubsub.publisher
grant pubsub subscriptions add-iam-policy-binding "$SUBSCRIPTION" --member="serviceAccount:$PUBSUB_AGENT" \
  --role=roles/pubsub.subscriber
if [[ $RTDN_DELIVERY == push ]]; then
  grant iam service-accounts add-iam-policy-binding "$PUSH_ACCOUNT" --member="serviceAccount:$PUBSUB_AGENT" \
    --role=roles/iam.serviceAccountOpenIdTokenCreator
else
  grant pubsub subscriptions add-iam-policy-binding "$SUBSCRIPTION" --member="serviceAccount:$WORKER_ACCOUNT" \
    --role=roles/pubsub.subscriber
fi

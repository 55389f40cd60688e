import { type Finding, failed, warning } from "../check.ts";
import { type Subscription, shortName } from "./resources.ts";

/** A push that takes longer is sent again while it still runs; Google and Firestore may take so long together. */
const SHORTEST_ACK_DEADLINE = 30;

/** What holds for each subscription, pushed or pulled. */
export function checkDelivery(subscription: Subscription, project: string): Finding[] {
  const { name, topic, detached, expirationPolicy, retryPolicy, ackDeadlineSeconds } = subscription;
  const short = shortName(name);
  const update = `gcloud pubsub subscriptions update ${short} --project=${project}`;
  if (detached || topic === "_deleted-topic_")
    return [
      failed(
        `${short}: is cut off from its topic, so it hears nothing any more`,
        `gcloud pubsub subscriptions delete ${short} --project=${project}, and make it anew: deploy/45-notices.sh does`,
      ),
    ];
  const expires = expirationPolicy === undefined || expirationPolicy.ttl !== undefined;
  const pushed = Boolean(subscription.pushConfig.pushEndpoint);
  const said: readonly [boolean, string, string][] = [
    [
      expires,
      "Pub/Sub deletes it when it is idle for too long (31 days)",
      `${update} --expiration-period=never`,
    ],
    [
      pushed && ackDeadlineSeconds < SHORTEST_ACK_DEADLINE,
      `its acknowledgement deadline of ${ackDeadlineSeconds} s is short`,
      `${update} --ack-deadline=60`,
    ],
    [
      retryPolicy === undefined,
      "what fails is sent again at once, and again",
      `${update} --min-retry-delay=10s --max-retry-delay=600s`,
    ],
  ];
  return said.flatMap(([so, message, fix]) => (so ? [warning(`${short}: ${message}`, fix)] : []));
}

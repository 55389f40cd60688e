import { type Finding, failed, warning } from "../check.ts";
import { type PubSubApi, type Subscription, shortName } from "./resources.ts";
import { checkRight } from "./rights.ts";

/** Pub/Sub's own account in a project; whose project's is not looked at. */
const AGENT = /^serviceAccount:service-\d+@gcp-sa-pubsub\.iam\.gserviceaccount\.com$/;

/** Where what can't be delivered goes: a topic, somebody who keeps it, and Pub/Sub's right to move it there. */
export async function checkDeadLetters(
  api: PubSubApi,
  { name, deadLetterPolicy }: Subscription,
  all: readonly Subscription[],
): Promise<Finding[]> {
  const { project } = api;
  const subscription = shortName(name);
  if (deadLetterPolicy === undefined)
    return [
      warning(
        `${subscription}: has no dead-letter topic, so what can't be delivered is tried for a week and then lost`,
        `gcloud pubsub topics create play-rtdn-dead --project=${project} && gcloud pubsub subscriptions update ${subscription} ` +
          `--project=${project} --dead-letter-topic=play-rtdn-dead --max-delivery-attempts=100`,
      ),
    ];
  const topic = deadLetterPolicy.deadLetterTopic;
  if (!(await api.hasTopic(topic)))
    return [
      failed(
        `${subscription}: its dead-letter topic is gone`,
        `gcloud pubsub topics create play-rtdn-dead --project=${project} && gcloud pubsub subscriptions update ${subscription} ` +
          `--project=${project} --dead-letter-topic=play-rtdn-dead`,
      ),
    ];
  const kept = all.some((other) => other.topic === topic);
  const dead = shortName(topic);
  const unkept = failed(
    `${subscription}: its dead-letter topic ${dead} has no subscription, so what goes there is lost`,
    `gcloud pubsub subscriptions create ${dead} --project=${project} --topic=${dead} --expiration-period=never --message-retention-duration=31d`,
  );
  return [...(kept ? [] : [unkept]), ...(await checkMoving(api, name, topic))];
}

/** Pub/Sub publishes there and acknowledges here, under rules for everybody. */
async function checkMoving(api: PubSubApi, subscription: string, topic: string): Promise<Finding[]> {
  const { project } = api;
  const agent =
    `--project=${project} --member="serviceAccount:service-$(gcloud projects describe ${project} ` +
    '--format="value(projectNumber)")@gcp-sa-pubsub.iam.gserviceaccount.com"';
  const [here, there] = [shortName(subscription), shortName(topic)];
  const found = await Promise.all([
    checkRight(api, {
      resource: topic,
      role: "roles/pubsub.publisher",
      member: AGENT,
      lack: `${here}: Pub/Sub may not publish to the dead-letter topic ${there}`,
      fix: `gcloud pubsub topics add-iam-policy-binding ${there} ${agent} --role=roles/pubsub.publisher`,
    }),
    checkRight(api, {
      resource: subscription,
      role: "roles/pubsub.subscriber",
      member: AGENT,
      lack: `${here}: Pub/Sub may not take dead letters out of it`,
      fix: `gcloud pubsub subscriptions add-iam-policy-binding ${here} ${agent} --role=roles/pubsub.subscriber`,
    }),
  ]);
  return found.flat();
}

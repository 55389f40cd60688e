import type { Config } from "../../config.ts";
import { type Check, type Finding, failed, ok, skipped } from "../check.ts";
import { explainGoogle } from "../google-api.ts";
import { usesPubSub } from "../local.ts";
import { checkDeadLetters } from "../pubsub/dead-letters.ts";
import { checkDelivery } from "../pubsub/delivery.ts";
import { type Doors, findDoors } from "../pubsub/doors.ts";
import { checkPushDoor } from "../pubsub/push-door.ts";
import { type PubSubApi, pubsubApi, type Subscription, shortName } from "../pubsub/resources.ts";
import { checkTopic } from "../pubsub/topic.ts";

/** Google's notices on their way: the topic, the subscription, and where what fails goes. */
export const pubsub: Check = {
  name: "pubsub",
  needs: ({ config }) => (usesPubSub(config) ? ["google"] : []),
  async run(context) {
    const { config } = context;
    const project = config.GOOGLE_CLOUD_PROJECT;
    if (project === undefined) return [skipped("because GOOGLE_CLOUD_PROJECT is not set")];
    const api = pubsubApi(context, project);
    try {
      const doors = await findDoors(api, config);
      const topic = doors.topic === null || isDeleted(doors.topic) ? [] : await checkTopic(api, doors.topic);
      return [...topic, ...(await checkDoors(api, doors, config))];
    } catch (error) {
      const asked = { api: "pubsub.googleapis.com", what: "topics and subscriptions", project };
      return [await explainGoogle(error, { ...asked, role: "roles/pubsub.viewer" }, context)];
    }
  },
};

const isDeleted = (topic: string) => topic === "_deleted-topic_";

/** Which door is expected follows from the settings: push where RTDN_PUSH_AUDIENCE is set, else pull, or a function. */
async function checkDoors(api: PubSubApi, doors: Doors, config: Config): Promise<Finding[]> {
  const { named, pushed, triggers } = doors;
  const pushes = config.RTDN_PUSH_AUDIENCE !== undefined;
  const isPulled = named !== null && !named.pushConfig.pushEndpoint;
  const open = [...(isPulled ? [named] : []), ...pushed, ...triggers];
  const missing =
    open.length === 0 || (pushes && pushed.length === 0) ? [noDoor(doors, config, api.project)] : [];
  const found = await Promise.all(open.map((subscription) => checkOne(api, subscription, doors, config)));
  return [...missing, ...found.flat()];
}

async function checkOne(
  api: PubSubApi,
  subscription: Subscription,
  { all, pushed, triggers }: Doors,
  config: Config,
): Promise<Finding[]> {
  const short = shortName(subscription.name);
  const isPush = pushed.includes(subscription);
  // Firebase made it, and sees to whom it pushes; what it can't deliver for a day the sweeps find.
  const isTrigger = triggers.includes(subscription);
  const said = [
    ...checkDelivery(subscription, api.project),
    ...(isPush ? checkPushDoor(subscription, config, api.project) : []),
    ...(isTrigger ? [] : await checkDeadLetters(api, subscription, all)),
  ];
  if (said.length > 0) return said;
  if (isTrigger) return [ok(`${short}: brings notices to the function developerNotifications`)];
  return [ok(`${short}: ${isPush ? "pushes to the service" : "can be pulled from"}, and is set up well`)];
}

/** Nothing brings the notices to us, in the way that the settings expect. */
function noDoor({ named, topic }: Doors, config: Config, project: string): Finding {
  const name = shortName(config.RTDN_SUBSCRIPTION);
  const from = shortName(topic !== null && !isDeleted(topic) ? topic : "play-rtdn");
  const { RTDN_PUSH_AUDIENCE: audience, RTDN_PUSH_SERVICE_ACCOUNT: account } = config;
  const door =
    audience === undefined
      ? ""
      : ` --push-endpoint=${(config.PUBLIC_URL ?? "https://…").replace(/\/+$/, "")}/v1/rtdn --push-auth-service-account=${account ?? "…"} --push-auth-token-audience=${audience}`;
  const create =
    `gcloud pubsub subscriptions create ${name} --project=${project} --topic=${from} --expiration-period=never ` +
    `--ack-deadline=60 --min-retry-delay=10s --max-retry-delay=600s${door}`;
  if (audience !== undefined)
    return failed(
      "no subscription pushes to /v1/rtdn, though RTDN_PUSH_AUDIENCE is set",
      named === null ? create : pushNamed(name, project, door),
    );
  if (named !== null)
    return failed(
      `${name}: is pushed to another address, so it can't be pulled from`,
      `gcloud pubsub subscriptions modify-push-config ${name} --project=${project} --push-endpoint=, or correct RTDN_SUBSCRIPTION`,
    );
  return failed(
    `there is no subscription ${name}`,
    `${create} (first, if it isn't there: gcloud pubsub topics create ${from} --project=${project})`,
  );
}

function pushNamed(name: string, project: string, door: string): string {
  return `gcloud pubsub subscriptions modify-push-config ${name} --project=${project}${door}`;
}

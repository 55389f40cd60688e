import { pubsub } from "../../src/doctor/checks/pubsub.ts";
import { type Answer, aContext, aStandIn, lines, PROJECT, rootsAt } from "./support.ts";

/** A stand-in of Google's Pub/Sub, with rights, and subscriptions that are set up well. */

export const TOPIC = `projects/${PROJECT}/topics/play-rtdn`;
export const DEAD = `projects/${PROJECT}/topics/play-rtdn-dead`;
export const SUBSCRIPTION = `projects/${PROJECT}/subscriptions/playgrant-rtdn`;
export const PLAY = "serviceAccount:google-play-developer-notifications@system.gserviceaccount.com";
export const AGENT = "serviceAccount:service-123456@gcp-sa-pubsub.iam.gserviceaccount.com";
export const PUSHER = "playgrant-push@shop-123.iam.gserviceaccount.com";

export const PULL = {
  name: SUBSCRIPTION,
  topic: TOPIC,
  pushConfig: {},
  ackDeadlineSeconds: 60,
  expirationPolicy: {},
  retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
  deadLetterPolicy: { deadLetterTopic: DEAD, maxDeliveryAttempts: 100 },
};
export const KEPT = { name: `${SUBSCRIPTION}-dead`, topic: DEAD, expirationPolicy: {} };
export const pushTo = (pushEndpoint: string, oidcToken: object | undefined) => ({
  ...PULL,
  name: `projects/${PROJECT}/subscriptions/by-hand`,
  pushConfig: { pushEndpoint, ...(oidcToken === undefined ? {} : { oidcToken }) },
});
export const PUSH = pushTo("https://licenses.example.com/v1/rtdn", {
  serviceAccountEmail: PUSHER,
  audience: "shop",
});
export const PUSH_SETTINGS = { RTDN_PUSH_AUDIENCE: "shop", RTDN_PUSH_SERVICE_ACCOUNT: PUSHER };

export const grant = (role: string, member: string) => ({
  body: { bindings: [{ role: `roles/pubsub.${role}`, members: [member] }] },
});

/** Google's Pub/Sub with these subscriptions, all rights given; `answers` has what is different. */
export async function atGoogle(
  subscriptions: readonly { readonly name: string; readonly [field: string]: unknown }[],
  environment: Record<string, string> = {},
  answers: Record<string, Answer> = {},
) {
  const each = subscriptions.flatMap((one) => [
    [`GET /v1/${one.name}`, { body: one }],
    [`GET /v1/${one.name}:getIamPolicy`, grant("subscriber", AGENT)],
  ]);
  const server = await aStandIn({
    [`GET /v1/projects/${PROJECT}/subscriptions`]: { body: { subscriptions } },
    [`GET /v1/${TOPIC}`]: {},
    [`GET /v1/${DEAD}`]: {},
    [`GET /v1/${TOPIC}:getIamPolicy`]: grant("publisher", PLAY),
    [`GET /v1/${DEAD}:getIamPolicy`]: grant("publisher", AGENT),
    [`POST /v1/projects/${PROJECT}:getIamPolicy`]: { body: {} },
    ...Object.fromEntries(each),
    ...answers,
  });
  const context = aContext({ GOOGLE_CLOUD_PROJECT: PROJECT, ...environment }, { roots: rootsAt(server.url) });
  return { ...server, told: await lines(pubsub, context) };
}

import { expect, test } from "vitest";
import { pubsub } from "../../src/doctor/checks/pubsub.ts";
import {
  AGENT,
  atGoogle,
  DEAD,
  grant,
  KEPT,
  PLAY,
  PULL,
  PUSH,
  PUSH_SETTINGS,
  PUSHER,
  pushTo,
  SUBSCRIPTION,
  TOPIC,
} from "./pubsub-at-google.ts";
import { ACCESS_TOKEN, aContext, lines, NOWHERE, PROJECT, refusal, rootsAt } from "./support.ts";

const TOPIC_OK = "ok: the topic play-rtdn is there, and Google Play may publish to it";

test("pulled from, and set up well", async () => {
  const { told, authorizations } = await atGoogle([PULL, KEPT]);
  expect(told).toEqual([TOPIC_OK, "ok: playgrant-rtdn: can be pulled from, and is set up well"]);
  expect(new Set(authorizations)).toEqual(new Set([`Bearer ${ACCESS_TOKEN}`]));
});

test("pushed, under whatever name", async () => {
  const { told } = await atGoogle([PUSH, KEPT], PUSH_SETTINGS);
  expect(told).toEqual([TOPIC_OK, "ok: by-hand: pushes to the service, and is set up well"]);
});

test("the one that RTDN_SUBSCRIPTION names may push as well, and may be named in full", async () => {
  const named = { ...PUSH, name: SUBSCRIPTION };
  const { told } = await atGoogle([named, KEPT], { ...PUSH_SETTINGS, RTDN_SUBSCRIPTION: SUBSCRIPTION });
  expect(told).toEqual([TOPIC_OK, "ok: playgrant-rtdn: pushes to the service, and is set up well"]);
});

test("Google's default audience is the endpoint", async () => {
  const url = "https://licenses.example.com/v1/rtdn";
  const settings = { ...PUSH_SETTINGS, RTDN_PUSH_AUDIENCE: url };
  const { told } = await atGoogle([pushTo(url, { serviceAccountEmail: PUSHER }), KEPT], settings);
  expect(told.at(-1)).toMatch(/^ok: by-hand/);
});

const trigger = (id: string) => ({
  ...pushTo("https://developernotifications-x.a.run.app?__GCP_CloudEventsMode=CUSTOM_PUBSUB", {}),
  name: `projects/${PROJECT}/subscriptions/eventarc-asia-southeast1-${id}-123-sub-456`,
  deadLetterPolicy: undefined,
});

test("a function of Firebase's is a door too, whose dead letters are Firebase's affair", async () => {
  const { told } = await atGoogle([trigger("developernotifications")]);
  expect(told).toEqual([TOPIC_OK, expect.stringMatching(/^ok: eventarc-.*brings notices to the function/)]);
  const expiring = { ...trigger("developernotifications"), expirationPolicy: { ttl: "2678400s" } };
  expect((await atGoogle([expiring])).told).toEqual([
    TOPIC_OK,
    expect.stringMatching(/^warning: eventarc-.*deletes it when it is idle/),
  ]);
});

test("a function's trigger of another name counts when RTDN_SUBSCRIPTION names it", async () => {
  const other = trigger("bymyownname");
  expect((await atGoogle([other])).told).toEqual([
    expect.stringMatching(/^failed: there is no subscription/),
  ]);
  const { told } = await atGoogle([other], { RTDN_SUBSCRIPTION: other.name });
  expect(told).toEqual([TOPIC_OK, expect.stringMatching(/^ok: eventarc-/)]);
});

test("no subscription at all", async () => {
  const { told } = await atGoogle([]);
  expect(told).toEqual([
    expect.stringMatching(
      /^failed: there is no subscription playgrant-rtdn → gcloud pubsub subscriptions create playgrant-rtdn --project=shop-123 --topic=play-rtdn --expiration-period=never/,
    ),
  ]);
});

test("push is expected, and nothing pushes", async () => {
  const { told } = await atGoogle([PULL, KEPT], {
    ...PUSH_SETTINGS,
    PUBLIC_URL: "https://licenses.example.com/",
  });
  expect(told).toContainEqual(
    expect.stringMatching(
      /^failed: no subscription pushes to \/v1\/rtdn, .* → gcloud pubsub subscriptions modify-push-config playgrant-rtdn .*--push-endpoint=https:\/\/licenses\.example\.com\/v1\/rtdn --push-auth-service-account=playgrant-push@/,
    ),
  );
});

test("something pushes, and nobody is let in", async () => {
  const { told } = await atGoogle([PUSH, KEPT]);
  expect(told).toContainEqual(
    `failed: by-hand: pushes to /v1/rtdn, which answers 401 to all while RTDN_PUSH_AUDIENCE and RTDN_PUSH_SERVICE_ACCOUNT are not set → Set RTDN_PUSH_AUDIENCE=shop and RTDN_PUSH_SERVICE_ACCOUNT=${PUSHER}`,
  );
});

test("the one to pull from pushes elsewhere", async () => {
  const { told } = await atGoogle([
    { ...PUSH, name: SUBSCRIPTION, pushConfig: { pushEndpoint: "https://old.example.com/hook" } },
    KEPT,
  ]);
  expect(told).toContainEqual(
    expect.stringMatching(
      /^failed: playgrant-rtdn: is pushed to another address, so it can't be pulled from → .*--push-endpoint=,/,
    ),
  );
});

test.each([
  [undefined, "https://a.example/v1/rtdn", /pushes without a token, so each push is answered 401/],
  [
    { serviceAccountEmail: "other@x", audience: "shop" },
    "https://a.example/v1/rtdn",
    /in the name of other@x, but RTDN_PUSH_SERVICE_ACCOUNT is playgrant-push@/,
  ],
  [
    { serviceAccountEmail: PUSHER, audience: "other" },
    "https://a.example/v1/rtdn",
    /with the audience other, but RTDN_PUSH_AUDIENCE is shop/,
  ],
  [
    { serviceAccountEmail: PUSHER, audience: "shop" },
    "http://a.example/v1/rtdn",
    /to an address that isn't https/,
  ],
])("push with %j to %s", async (token, url, told) => {
  const { told: all } = await atGoogle([pushTo(url, token), KEPT], PUSH_SETTINGS);
  expect(all).toEqual([TOPIC_OK, expect.stringMatching(told)]);
  expect(all[1]).toMatch(/^failed: .* → gcloud pubsub subscriptions modify-push-config by-hand/);
});

test("push without the envelope", async () => {
  const bare = { ...PUSH, pushConfig: { ...PUSH.pushConfig, noWrapper: { writeMetadata: true } } };
  const { told } = await atGoogle([bare, KEPT], PUSH_SETTINGS);
  expect(told).toContainEqual(
    expect.stringMatching(
      /^failed: by-hand: pushes without Pub\/Sub's envelope.* → .*update by-hand .*--clear-push-no-wrapper-config/,
    ),
  );
});

test.each([
  ["expirationPolicy", { ttl: "2678400s" }, /deletes it when it is idle .* → .*--expiration-period=never/],
  ["expirationPolicy", undefined, /deletes it when it is idle/],
  ["ackDeadlineSeconds", 10, /deadline of 10 s is short → .*--ack-deadline=60/],
  ["retryPolicy", undefined, /sent again at once.* → .*--min-retry-delay=10s --max-retry-delay=600s/],
  ["deadLetterPolicy", undefined, /has no dead-letter topic.* → .*--dead-letter-topic=play-rtdn-dead/],
])("%s as %j is a warning", async (name, value, told) => {
  const { told: all } = await atGoogle([{ ...PUSH, [name]: value }, KEPT], PUSH_SETTINGS);
  expect(all).toEqual([TOPIC_OK, expect.stringMatching(told)]);
  expect(all[1]).toMatch(/^warning: by-hand: /);
});

test("a puller sets its own deadline", async () => {
  const { told } = await atGoogle([{ ...PULL, ackDeadlineSeconds: 10 }, KEPT]);
  expect(told.at(-1)).toMatch(/^ok/);
});

test.each([{ detached: true }, { topic: "_deleted-topic_" }])("cut off: %j", async (changes) => {
  const { told } = await atGoogle([{ ...PULL, ...changes }, KEPT]);
  expect(told).toContainEqual(expect.stringMatching(/^failed: playgrant-rtdn: is cut off from its topic/));
});

test("the topic is gone", async () => {
  const { told } = await atGoogle([PULL, KEPT], {}, { [`GET /v1/${TOPIC}`]: refusal(404, "NOT_FOUND") });
  expect(told[0]).toMatch(/^failed: the topic play-rtdn is gone.* → gcloud pubsub topics create play-rtdn/);
});

test("dead letters: nobody keeps them, or their topic is gone", async () => {
  const { told } = await atGoogle([PULL]);
  expect(told).toContainEqual(
    expect.stringMatching(
      /^failed: playgrant-rtdn: its dead-letter topic play-rtdn-dead has no subscription.* → gcloud pubsub subscriptions create/,
    ),
  );
  const gone = await atGoogle([PULL, KEPT], {}, { [`GET /v1/${DEAD}`]: refusal(404, "NOT_FOUND") });
  expect(gone.told).toContainEqual(
    expect.stringMatching(/^failed: playgrant-rtdn: its dead-letter topic is gone/),
  );
});

test.each([
  [
    TOPIC,
    /^failed: Google Play may not publish to the topic play-rtdn → gcloud pubsub topics add-iam-policy-binding play-rtdn .*google-play-developer-notifications@/,
  ],
  [
    DEAD,
    /^failed: playgrant-rtdn: Pub\/Sub may not publish to the dead-letter topic .* --role=roles\/pubsub\.publisher/,
  ],
  [
    SUBSCRIPTION,
    /^failed: playgrant-rtdn: Pub\/Sub may not take dead letters out of it .* --role=roles\/pubsub\.subscriber/,
  ],
])(
  "a right that is missing on %s; granted for the project it is there; hidden it is a warning",
  async (name, told) => {
    const path = `GET /v1/${name}:getIamPolicy`;
    const nothing = { [path]: { body: { etag: "x" } } };
    expect((await atGoogle([PULL, KEPT], {}, nothing)).told).toContainEqual(expect.stringMatching(told));
    const members = [PLAY, AGENT];
    const wide = {
      bindings: ["publisher", "subscriber"].map((role) => ({ role: `roles/pubsub.${role}`, members })),
    };
    const project = { ...nothing, [`POST /v1/projects/${PROJECT}:getIamPolicy`]: { body: wide } };
    expect((await atGoogle([PULL, KEPT], {}, project)).told).toEqual([
      expect.stringMatching(/^ok/),
      expect.stringMatching(/^ok/),
    ]);
    const hidden = await atGoogle([PULL, KEPT], {}, { [path]: refusal(403, "PERMISSION_DENIED") });
    expect(hidden.told).toContainEqual(expect.stringMatching(/^warning: whether this is so can't be seen/));
  },
);

test("a right under a condition is none to rely on", async () => {
  const { body } = grant("publisher", PLAY);
  const bindings = body.bindings.map((binding) => ({ ...binding, condition: { expression: "false" } }));
  const { told } = await atGoogle(
    [PULL, KEPT],
    {},
    { [`GET /v1/${TOPIC}:getIamPolicy`]: { body: { bindings } } },
  );
  expect(told[0]).toMatch(/^failed: Google Play may not publish/);
});

test("not ours to look at, an API that is off, and nobody there", async () => {
  const list = `GET /v1/projects/${PROJECT}/subscriptions`;
  const refused = await atGoogle([PULL], {}, { [list]: refusal(403, "PERMISSION_DENIED") });
  expect(refused.told).toEqual([
    expect.stringMatching(/^warning: topics and subscriptions: .*roles\/pubsub\.viewer/),
  ]);
  const off = await atGoogle([PULL], {}, { [list]: refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED") });
  expect(off.told).toEqual([
    expect.stringMatching(/^failed: .*gcloud services enable pubsub\.googleapis\.com/),
  ]);
  const nowhere = aContext({ GOOGLE_CLOUD_PROJECT: PROJECT }, { roots: rootsAt(NOWHERE) });
  expect(await lines(pubsub, nowhere)).toEqual([
    expect.stringMatching(/^failed: topics and subscriptions: .* refuses the connection/),
  ]);
  expect(await lines(pubsub, aContext({}))).toEqual(["skipped: because GOOGLE_CLOUD_PROJECT is not set"]);
});

import { expect, test } from "vitest";
import { pubsub } from "../../src/doctor/checks/pubsub.ts";
import { emulatorProject } from "../support/emulator.ts";
import { aContext, lines } from "./support.ts";

const host = process.env.PUBSUB_EMULATOR_HOST ?? "";
const PUSHER = "push@demo.iam.gserviceaccount.com";
const WELL = {
  ackDeadlineSeconds: 60,
  expirationPolicy: {},
  retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
};

/** A project of the test's own on the emulator. */
function aProject() {
  const project = emulatorProject(import.meta.url);
  const name = (kind: string, id: string) => `projects/${project}/${kind}/${id}`;
  const put = async (path: string, body: object, method = "PUT") => {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(`http://${host}/v1/${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Pub/Sub emulator: ${response.status}`);
  };
  return {
    topic: (id: string) => put(name("topics", id), {}),
    deleteTopic: (id: string) => put(name("topics", id), {}, "DELETE"),
    subscribe: (id: string, topic: string, more: object = {}) =>
      put(name("subscriptions", id), { topic: name("topics", topic), ...WELL, ...more }),
    dead: { deadLetterPolicy: { deadLetterTopic: name("topics", "dead"), maxDeliveryAttempts: 10 } },
    look: (environment: Record<string, string> = {}) =>
      lines(pubsub, aContext({ GOOGLE_CLOUD_PROJECT: project, PUBSUB_EMULATOR_HOST: host, ...environment })),
  };
}

test("what is there is well; the emulator has no rights to look at", async () => {
  const project = aProject();
  await Promise.all([project.topic("play-rtdn"), project.topic("dead")]);
  await project.subscribe("playgrant-rtdn", "play-rtdn", project.dead);
  await project.subscribe("dead", "dead");
  expect(await project.look()).toEqual([
    "ok: the topic play-rtdn is there; the emulator has no rights to look at",
    "ok: playgrant-rtdn: can be pulled from, and is set up well",
  ]);
});

test("push, as the settings say", async () => {
  const project = aProject();
  await Promise.all([project.topic("play-rtdn"), project.topic("dead")]);
  await project.subscribe("dead", "dead");
  const oidcToken = { serviceAccountEmail: PUSHER, audience: "shop" };
  const pushConfig = { pushEndpoint: "http://127.0.0.1:2/v1/rtdn", oidcToken };
  await project.subscribe("pushed", "play-rtdn", { ...project.dead, pushConfig });
  const settings = { RTDN_PUSH_AUDIENCE: "shop", RTDN_PUSH_SERVICE_ACCOUNT: PUSHER };
  expect(await project.look(settings)).toContain("ok: pushed: pushes to the service, and is set up well");
  expect(await project.look({ ...settings, RTDN_PUSH_AUDIENCE: "other" })).toContainEqual(
    expect.stringMatching(/^failed: pushed: pushes with the audience shop, but RTDN_PUSH_AUDIENCE is other/),
  );
});

test("no topic and no subscription", async () => {
  expect(await aProject().look()).toEqual([
    expect.stringMatching(/^failed: there is no subscription playgrant-rtdn/),
  ]);
});

test("a subscription whose topic is gone", async () => {
  const project = aProject();
  await project.topic("play-rtdn");
  await project.subscribe("playgrant-rtdn", "play-rtdn");
  await project.deleteTopic("play-rtdn");
  expect(await project.look()).toContainEqual(
    expect.stringMatching(/^failed: playgrant-rtdn: is cut off from its topic/),
  );
});

test("a subscription made without a thought expires, hurries and loses", async () => {
  const project = aProject();
  await project.topic("play-rtdn");
  await project.subscribe("playgrant-rtdn", "play-rtdn", {
    expirationPolicy: undefined,
    retryPolicy: undefined,
  });
  expect(await project.look()).toEqual([
    expect.stringMatching(/^ok: the topic/),
    expect.stringMatching(/^warning: .*deletes it when it is idle/),
    expect.stringMatching(/^warning: .*sent again at once/),
    expect.stringMatching(/^warning: .*no dead-letter topic/),
  ]);
});

test("dead letters that nobody keeps, and those whose topic is gone", async () => {
  const project = aProject();
  await Promise.all([project.topic("play-rtdn"), project.topic("dead")]);
  await project.subscribe("playgrant-rtdn", "play-rtdn", project.dead);
  expect(await project.look()).toContainEqual(
    expect.stringMatching(/^failed: .*dead-letter topic dead has no subscription/),
  );
  await project.deleteTopic("dead");
  expect(await project.look()).toContainEqual(
    expect.stringMatching(/^failed: .*its dead-letter topic is gone/),
  );
});

import { afterEach, expect, test, vi } from "vitest";

/** What a deploy is told of each function: how it is reached, how much of it may run, which secrets it gets. */

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

async function endpoints(settings: Record<string, string> = {}) {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  const functions = await import("../../functions/src/index.ts");
  return Object.fromEntries(Object.entries(functions).map(([name, each]) => [name, each.__endpoint]));
}

const secrets = (endpoint: { secretEnvironmentVariables?: readonly { key: string }[] } | undefined) =>
  endpoint?.secretEnvironmentVariables?.map(({ key }) => key);

test("there are four, in one region, each with a full processor", async () => {
  const found = await endpoints();
  expect(Object.keys(found).sort()).toEqual(["api", "developerNotifications", "effects", "sweeps"]);
  for (const endpoint of Object.values(found))
    expect(endpoint).toMatchObject({ platform: "gcfv2", region: ["asia-southeast1"], cpu: 1 });
});

test("everybody may call the api, many at once; the others are called by Google alone", async () => {
  const { api, developerNotifications, effects, sweeps } = await endpoints();
  expect(api).toMatchObject({
    httpsTrigger: { invoker: ["public"] },
    ingressSettings: "ALLOW_ALL",
    concurrency: 80,
    minInstances: 0,
  });
  for (const endpoint of [developerNotifications, effects, sweeps])
    expect(endpoint).toMatchObject({ ingressSettings: "ALLOW_INTERNAL_ONLY" });
});

test("a notice that fails comes again, from the topic that Play publishes to", async () => {
  const { developerNotifications } = await endpoints({ RTDN_TOPIC: "my-notices" });
  expect(developerNotifications?.eventTrigger).toMatchObject({
    eventType: "google.cloud.pubsub.topic.v1.messagePublished",
    eventFilters: { topic: "my-notices" },
    retry: true,
  });
});

test("effects and sweeps run every minute, one run at a time", async () => {
  const { effects, sweeps } = await endpoints();
  for (const endpoint of [effects, sweeps])
    expect(endpoint).toMatchObject({
      scheduleTrigger: { schedule: "* * * * *", timeZone: "Etc/UTC", retryConfig: { retryCount: 1 } },
      maxInstances: 1,
      concurrency: 1,
    });
});

test("region, account, warm instances and secrets are the owner's choice, in functions/.env", async () => {
  const found = await endpoints({
    FUNCTIONS_REGION: "europe-west1",
    FUNCTIONS_SERVICE_ACCOUNT: "playgrant@demo.iam.gserviceaccount.com",
    FUNCTIONS_SECRETS: "KEYTHAI_API_KEY, SMTP_URL",
    API_MIN_INSTANCES: "1",
  });
  for (const endpoint of Object.values(found)) {
    expect(endpoint).toMatchObject({
      region: ["europe-west1"],
      serviceAccountEmail: "playgrant@demo.iam.gserviceaccount.com",
    });
    expect(secrets(endpoint)).toEqual(["KEYTHAI_API_KEY", "SMTP_URL"]);
  }
  expect(found.api).toMatchObject({ minInstances: 1 });
});

test("by default they get the secrets that a shop with licences and an admin API has", async () => {
  const { api, ...others } = await endpoints();
  expect(secrets(api)).toEqual(["KEYTHAI_API_KEY", "LICENSE_ENCRYPTION_KEYS", "ADMIN_API_KEYS"]);
  for (const endpoint of Object.values(others))
    expect(secrets(endpoint)).toEqual(["KEYTHAI_API_KEY", "LICENSE_ENCRYPTION_KEYS"]);
});

test("a shop that has none of them gives them none", async () => {
  const { api } = await endpoints({ FUNCTIONS_SECRETS: "" });
  expect(secrets(api)).toEqual([]);
});

test("a number that is none ends the deploy, with a word on where it stands", async () => {
  await expect(endpoints({ API_MIN_INSTANCES: "one" })).rejects.toThrow(
    "API_MIN_INSTANCES in functions/.env",
  );
});

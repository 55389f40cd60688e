import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.ts";
import { type Firebase, startFirebase } from "./support/firebase.ts";
import { openPhone, type Phone } from "./support/phone.ts";

/**
 * The functions as they are deployed, in Firebase's own emulators of Functions, Auth, Firestore and Pub/Sub; the app is
 * Firebase's client SDK, and what it sees it sees through the rules.
 */

const PROJECT = "demo-playgrant";
const PACKAGE = "com.example.app";
const TOPIC = "play-rtdn";
/** Functions start at their first call, on a busy machine. */
const PATIENT = { timeout: 60_000, interval: 200 };

/** In a body that nobody can read. */
const SECRET = "a-token-in-a-broken-body";
/** Characters. */
const PRINTED = 8000;

const catalog = {
  entitlements: {
    premium: { name: "Premium features", integration: { type: "feature" } },
    desktop: {
      name: "Desktop licence",
      integration: { type: "license_key", product: "my-app", policy_id: "01J0000000000000000000PERP" },
    },
  },
  products: [
    { package_name: PACKAGE, product_id: "lifetime", type: "one_time", entitlements: ["premium", "desktop"] },
    { package_name: PACKAGE, product_id: "plan", type: "subscription", entitlements: ["premium"] },
  ],
};

let sandbox: Sandbox;
let firebase: Firebase;
const phones: Phone[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, smtpPort: 0 });
  firebase = await startFirebase({
    projectId: PROJECT,
    catalog,
    settings: {
      PLAY_API_ROOT_URL: `${sandbox.url}/play`,
      KEYTHAI_BASE_URL: `${sandbox.url}/keythai/v1`,
      MAIL_FROM: "Shop <shop@example.com>",
      RTDN_TOPIC: TOPIC,
      FUNCTIONS_SECRETS: "KEYTHAI_API_KEY,LICENSE_ENCRYPTION_KEYS,SMTP_URL",
    },
    secrets: {
      KEYTHAI_API_KEY: sandbox.keythai.apiKey,
      LICENSE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 7).toString("base64")}`,
      SMTP_URL: `smtp://127.0.0.1:${sandbox.smtpPort}`,
    },
  });
  const emulatorHost = firebase.hosts.pubsub;
  sandbox.setRtdn({ kind: "pubsub", projectId: PROJECT, topic: TOPIC, emulatorHost });
});

/** What went wrong in a function stands in what it printed. */
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => void process.stderr.write(firebase.output().slice(-PRINTED)));
});

afterAll(async () => {
  await Promise.all(phones.map((phone) => phone.close()));
  await firebase?.stop();
  await sandbox?.close();
});

async function customer(name: string): Promise<Phone> {
  const phone = await openPhone(firebase, PROJECT, name);
  phones.push(phone);
  return phone;
}

function buys(phone: Phone, productId: string, more: Partial<Parameters<Sandbox["play"]["buy"]>[0]> = {}) {
  const { purchaseToken } = sandbox.play.buy({ uid: phone.uid, packageName: PACKAGE, productId, ...more });
  return { package_name: PACKAGE, product_id: productId, purchase_token: purchaseToken };
}

/** What Cloud Scheduler does each minute: Firebase's emulators have no clock that would. */
async function schedule(name: "effects" | "sweeps", at = new Date()): Promise<void> {
  const url = `http://${firebase.hosts.functions}/functions/projects/${PROJECT}/triggers/asia-southeast1-${name}-0`;
  const headers = { "X-CloudScheduler-ScheduleTime": at.toISOString() };
  expect((await fetch(url, { method: "POST", headers })).status).toBe(200);
}

const premiumOf = ({ uid }: Phone) => `customers/${uid}/entitlements/premium`;

describe("the functions in Firebase's emulators", () => {
  test("a customer signs in and buys, the app verifies, and sees what it has, live", async () => {
    const ann = await customer("ann");
    const premium = await ann.watch(premiumOf(ann));
    const purchase = buys(ann, "lifetime", { notify: false });
    const answer = await ann.call("POST", "/v1/purchases/verify", purchase);
    expect(answer).toMatchObject({
      status: 200,
      body: { purchase: { state: "purchased", access: true }, pending_entitlements: [] },
    });
    await vi.waitFor(() => expect(premium.now()).toMatchObject({ active: true }), PATIENT);
    const grants = await ann.watchAll(`customers/${ann.uid}/grants`);
    await vi.waitFor(() => expect(grants.now()).toHaveLength(2), PATIENT);
    expect(
      grants
        .now()
        .map(({ entitlement_id, status }) => [entitlement_id, status])
        .sort(),
    ).toEqual([
      ["desktop", "Delivered"],
      ["premium", "Delivered"],
    ]);
    const [licence] = sandbox.keythai.licences;
    expect(licence?.metadata).toMatchObject({ customer: ann.uid });
  });

  test("the rules keep a customer out of what is another's, and everybody out of what is the shop's", async () => {
    const [eve, sam] = [await customer("eve"), await customer("sam")];
    const bought = await sam.call("POST", "/v1/purchases/verify", buys(sam, "lifetime", { notify: false }));
    expect(bought.status).toBe(200);
    const denied = { code: "permission-denied" };
    await expect(eve.read(premiumOf(sam))).rejects.toMatchObject(denied);
    await expect(eve.read(`customer_files/${eve.uid}`)).rejects.toMatchObject(denied);
    expect(await sam.read(premiumOf(sam))).toMatchObject({ active: true });
  });

  test("a body that is broken is refused in our words, and printed by nobody", async () => {
    const url = `http://${firebase.hosts.functions}/${PROJECT}/asia-southeast1/api/v1/purchases/verify`;
    const zoe = await customer("zoe");
    const headers = { Authorization: await zoe.authorization(), "Content-Type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: `{"purchase_token":"${SECRET}` });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("Content-Type")).toContain("application/problem+json");
    expect(await answer.json()).toMatchObject({ code: "invalid_request" });
  });

  test("the app was killed: Google's notice alone gives what was paid for, and a refund takes it back", async () => {
    const bob = await customer("bob");
    const premium = await bob.watch(premiumOf(bob));
    const { purchase_token } = buys(bob, "plan", { basePlanId: "monthly", pending: true });
    sandbox.play.act(purchase_token, "pay");
    await vi.waitFor(() => expect(premium.now()).toMatchObject({ active: true, state: "active" }), PATIENT);
    await vi.waitFor(
      () => expect(sandbox.play.purchases(bob.uid)).toMatchObject([{ acknowledged: true }]),
      PATIENT,
    );
    sandbox.play.act(purchase_token, "refund");
    await vi.waitFor(() => expect(premium.now()).toMatchObject({ active: false }), PATIENT);
  });

  test("what has to be tried again, and what was left for later, is done by the schedule", async () => {
    const dan = await customer("dan");
    sandbox.faults.add({ service: "keythai", kind: "status_503", count: null });
    const answer = await dan.call("POST", "/v1/purchases/verify", buys(dan, "lifetime", { notify: false }));
    expect(answer).toMatchObject({ status: 200, body: { pending_entitlements: ["desktop"] } });
    sandbox.faults.clear();
    const grants = await dan.watchAll(`customers/${dan.uid}/grants`);
    await vi.waitFor(
      async () => {
        await schedule("effects");
        expect(grants.now().map(({ entitlement_id }) => entitlement_id)).toContain("desktop");
      },
      { timeout: 60_000, interval: 2000 },
    );
    await vi.waitFor(
      async () => {
        await schedule("effects");
        expect(sandbox.mailbox.to("dan@example.com")).toHaveLength(1);
      },
      { timeout: 60_000, interval: 2000 },
    );
  });

  test("no notice came: a sweep finds that the period has ended", async () => {
    const kim = await customer("kim");
    const premium = await kim.watch(premiumOf(kim));
    const seconds = 8 / (24 * 60 * 60);
    const purchase = buys(kim, "plan", {
      basePlanId: "monthly",
      notify: false,
      periodDays: seconds,
      autoRenewing: false,
    });
    expect((await kim.call("POST", "/v1/purchases/verify", purchase)).status).toBe(200);
    await vi.waitFor(() => expect(premium.now()).toMatchObject({ active: true }), PATIENT);
    sandbox.play.act(purchase.purchase_token, "expire", { notify: false });
    await vi.waitFor(
      async () => {
        await schedule("sweeps");
        expect(premium.now()).toMatchObject({ active: false });
      },
      { timeout: 60_000, interval: 2000 },
    );
  });

  test("no word came of a refund: the hourly sweep finds it in Google's list", async () => {
    const may = await customer("may");
    const premium = await may.watch(premiumOf(may));
    const purchase = buys(may, "lifetime", { notify: false });
    expect((await may.call("POST", "/v1/purchases/verify", purchase)).status).toBe(200);
    await vi.waitFor(() => expect(premium.now()).toMatchObject({ active: true }), PATIENT);
    sandbox.play.act(purchase.purchase_token, "refund", { notify: false });
    const hour = new Date();
    hour.setUTCMinutes(0, 0, 0);
    await schedule("sweeps", hour);
    await vi.waitFor(() => expect(premium.now()).toMatchObject({ active: false }), PATIENT);
  });

  test("nothing secret is in what the functions print", () => {
    const output = firebase.output();
    expect(output).toContain('"event":"effect"');
    for (const { keyLast4 } of sandbox.keythai.licences)
      expect(output).not.toMatch(new RegExp(`KEYT-.*${keyLast4}`));
    expect(output).not.toContain(sandbox.keythai.apiKey);
    expect(output).not.toContain(SECRET);
    expect(output).not.toMatch(/[a-z]{20,}\.AO-J1O/);
  });
});

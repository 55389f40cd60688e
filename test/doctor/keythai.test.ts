import { expect, onTestFinished, test } from "vitest";
import type { FaultInput } from "../../sandbox/faults.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { keythai } from "../../src/doctor/checks/keythai.ts";
import { aCatalog, aContext, aFile, aStandIn, lines, NOWHERE, PERPETUAL } from "./support.ts";

const OTHER = { id: "01J00000000000000000000OTH", code: "other-app", name: "Other" };

async function aShop(license: Parameters<typeof aCatalog>[0] = {}, environment: Record<string, string> = {}) {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const context = aContext({
    PLAYGRANT_STORE: "memory",
    CATALOG_FILE: aFile(JSON.stringify(aCatalog(license))),
    KEYTHAI_API_KEY: sandbox.keythai.apiKey,
    KEYTHAI_BASE_URL: `${sandbox.url}/keythai/v1`,
    LICENSE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString("base64")}`,
    ...environment,
  });
  return { sandbox, look: (timeoutMs?: number) => lines(keythai, context, timeoutMs) };
}

test("a key that reads, and a catalogue that names what is there", async () => {
  const { look, sandbox } = await aShop();
  expect(await look()).toEqual([
    expect.stringMatching(/^ok: the API key reads .* \(license:write\) can't be tried/),
    `ok: entitlement desktop: product my-app, policy ${PERPETUAL}`,
  ]);
  expect(sandbox.keythai.calls).toMatchObject({ create: 0, update: 0 });
});

test("a product that isn't there", async () => {
  const { look } = await aShop({ product: "my-ap" });
  expect(await look()).toContainEqual(
    'failed: entitlement desktop: KeyThai has no product with the code my-ap → Correct "product" in the catalogue. ' +
      "npx playgrant keythai policies lists what there is",
  );
});

test("the product's id in place of its code", async () => {
  const { look } = await aShop({ product: "01J00000000000000000000PRD" });
  expect((await look())[1]).toContain("That is the product's id; its code is my-app");
});

test("a policy that isn't there", async () => {
  const { look } = await aShop({ policy_id: "01JNONE" });
  expect((await look())[1]).toMatch(
    /^failed: entitlement desktop: KeyThai has no policy 01JNONE → Correct "policy_id"/,
  );
});

test("a policy of another product", async () => {
  const { look, sandbox } = await aShop({ policy_id: "01JOTHER" });
  sandbox.keythai.products.push(OTHER);
  sandbox.keythai.policies.push({
    id: "01JOTHER",
    productId: OTHER.id,
    name: "Other",
    type: "perpetual",
    maxMachines: 1,
  });
  expect((await look())[1]).toMatch(
    /^failed: entitlement desktop: the policy 01JOTHER belongs to other-app, not to my-app → Correct "policy_id"/,
  );
});

test("policies that say nothing of their product, all listed for each, are a warning", async () => {
  const { url } = await aStandIn({
    "GET /products": { body: { data: [{ id: "p1", code: "my-app" }, OTHER] } },
    "GET /policies": { body: { data: [{ id: PERPETUAL, name: "P", type: "perpetual" }] } },
  });
  const { look } = await aShop({}, { KEYTHAI_BASE_URL: url });
  expect((await look())[1]).toMatch(/^warning: entitlement desktop: KeyThai doesn't tell whose the policy/);
});

test("policies that say whose they are may be listed for each", async () => {
  const { url } = await aStandIn({
    "GET /products": { body: { data: [{ id: "p1", code: "my-app" }, OTHER] } },
    "GET /policies": { body: { data: [{ id: PERPETUAL, name: "P", type: "perpetual", productId: "p1" }] } },
  });
  const { look } = await aShop({}, { KEYTHAI_BASE_URL: url });
  expect((await look())[1]).toMatch(/^ok: entitlement desktop/);
});

test("a key that KeyThai doesn't know", async () => {
  const { look } = await aShop({}, { KEYTHAI_API_KEY: "kt_live_of_somebody_else" });
  const told = await look();
  expect(told).toEqual([
    expect.stringMatching(/^failed: KeyThai doesn't know the API key \(401\) → Set KEYTHAI_API_KEY/),
  ]);
  expect(told.join()).not.toContain("kt_live");
});

test.each<[FaultInput["kind"], RegExp]>([
  ["status_403", /^failed: the API key may not read \(403, scope license:read\) → Give the key license:read/],
  ["status_429", /^failed: KeyThai says that it is asked too often/],
  ["status_503", /^failed: KeyThai is out of order \(503\)/],
  ["broken_json", /^failed: what answers at KEYTHAI_BASE_URL doesn't speak as KeyThai/],
  ["hang", /^failed: KeyThai gives no answer in time/],
  ["cut_before", /^failed: KeyThai can't be reached/],
])("%s: %s", async (kind, told) => {
  const { look, sandbox } = await aShop();
  sandbox.faults.add({ service: "keythai", kind, count: null });
  expect(await look(1000)).toEqual([expect.stringMatching(told)]);
});

test("nobody listens", async () => {
  const { look } = await aShop({}, { KEYTHAI_BASE_URL: NOWHERE });
  expect(await look()).toEqual([
    "failed: KeyThai can't be reached → Look whether this machine may reach KEYTHAI_BASE_URL",
  ]);
});

test("somebody else answers", async () => {
  const { url } = await aStandIn({});
  const { look } = await aShop({}, { KEYTHAI_BASE_URL: url });
  expect(await look()).toEqual([
    expect.stringMatching(/^failed: what answers at KEYTHAI_BASE_URL .* \(404 UNKNOWN\)/),
  ]);
});

test("no key: nothing is asked. No catalogue: the key is tried all the same", async () => {
  const { look } = await aShop({}, { KEYTHAI_API_KEY: "" });
  expect(await look()).toEqual(["skipped: because KEYTHAI_API_KEY is not right: see settings"]);
  const { look: unsold } = await aShop({}, { KEYTHAI_API_KEY: "", CATALOG_FILE: "/no/such.json" });
  expect(await unsold()).toEqual(["skipped: KEYTHAI_API_KEY is not set: no licenses are sold"]);
  const { look: without } = await aShop({}, { CATALOG_FILE: "/no/such.json" });
  expect(await without()).toEqual([expect.stringMatching(/^ok: the API key reads/)]);
});

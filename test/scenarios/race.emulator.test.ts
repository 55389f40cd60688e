import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { emulatorProject } from "../support/emulator.ts";
import { type Answer, eventually, type Lab, startLab } from "../support/lab.ts";
import type { ServiceProcess } from "../support/processes.ts";
import { keysOf, type Problem, type Verified, verify } from "../support/wire.ts";

/** Many at once, over two processes on one Firestore: one purchase, one set of grants, one licence, one acknowledgement. */

let lab: Lab;
let services: [ServiceProcess, ServiceProcess];

beforeAll(async () => {
  // Every verify asks Google: nothing is answered from our own record, so all of them race.
  lab = await startLab(emulatorProject(import.meta.url), {
    rtdn: "none",
    env: { VERIFY_FRESH_SECONDS: "0", VERIFY_RATE_PER_MINUTE: "10000", PLAYGRANT_ROLES: "api,worker" },
  });
  services = await Promise.all([lab.start(), lab.start()]);
});

afterEach(async () => {
  expect(await lab.leaks()).toEqual([]);
});

afterAll(() => lab?.stop());

const either = (index: number): ServiceProcess => services[index % 2 === 0 ? 0 : 1];

async function storm(uid: string, productId: string, token: string) {
  const notice = lab.sandbox.play.notifications.find(({ purchaseToken }) => purchaseToken === token);
  if (notice === undefined) throw new Error("the purchase was not told");
  const verifies = Array.from({ length: 100 }, (_, index) =>
    verify(lab, either(index), uid, productId, token),
  );
  // Every message twice: Pub/Sub delivers at least once.
  const pushes = Array.from({ length: 50 }, (_, index) =>
    lab.push(either(index), notice, `${notice.messageId}${index % 25}`),
  );
  return { verifies: await Promise.all(verifies), pushes: await Promise.all(pushes) };
}

async function idle(): Promise<void> {
  await eventually(async () => expect(await lab.documents("outbox")).toEqual([]), 40_000);
}

function statuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function purchasesOfCustomer(uid: string) {
  return (await lab.documents("purchases")).filter(({ data }) => data.customer_id === uid);
}

const eventsOfCustomer = async (uid: string) =>
  (await lab.documents("grant_events")).filter(({ data }) => data.customer_id === uid);

const licencesOf = (uid: string) =>
  lab.sandbox.keythai.licences.filter(({ metadata }) => metadata.customer === uid);

test("a hundred verifies and fifty pushes of one purchase make one of everything", async () => {
  const token = lab.buy("ann", "lifetime");
  const { verifies, pushes } = await storm("ann", "lifetime", token);
  expect(statuses(verifies)).toEqual({ 200: 100 });
  expect(statuses(pushes)).toEqual({ 204: 50 });
  for (const { body } of verifies) {
    expect(body.purchase).toMatchObject({ state: "purchased", access: true, product_id: "lifetime" });
    expect(body.entitlements.filter((row) => row.active).map((row) => row.entitlement_id)).toEqual([
      "desktop",
      "premium",
    ]);
    expect(body.grants.map((grant) => grant.entitlement_id)).toContain("premium");
  }
  await idle();

  expect(await purchasesOfCustomer("ann")).toHaveLength(1);
  const last = await verify(lab, either(0), "ann", "lifetime", token);
  expect(last.body.grants.map((grant) => [grant.entitlement_id, grant.status]).sort()).toEqual([
    ["desktop", "Delivered"],
    ["premium", "Delivered"],
  ]);
  expect(await lab.documents("customers/ann/grants")).toHaveLength(2);
  expect((await eventsOfCustomer("ann")).map(({ data }) => data.type).sort()).toEqual([
    "entitlement_grant.created",
    "entitlement_grant.created",
    "entitlement_grant.delivered",
    "entitlement_grant.delivered",
  ]);
  expect(licencesOf("ann")).toHaveLength(1);
  const shown = new Set([...verifies, last].flatMap(({ body }) => keysOf(body.grants)));
  expect(shown.size).toBe(1);
  const [key = ""] = shown;
  expect(lab.sandbox.keythai.findByKey(key)?.id).toBe(licencesOf("ann")[0]?.id);
  expect(await lab.documents("license_orphans")).toEqual([]);
  expect(lab.sandbox.play.purchase(token)).toMatchObject({ acknowledged: true, calls: { acknowledge: 1 } });
}, 120_000);

test("of a purchase of three there are three licences, however many ask", async () => {
  const token = lab.buy("bob", "lifetime", { quantity: 3 });
  const { verifies, pushes } = await storm("bob", "lifetime", token);
  expect(statuses(verifies)).toEqual({ 200: 100 });
  expect(statuses(pushes)).toEqual({ 204: 50 });
  await idle();

  expect(await purchasesOfCustomer("bob")).toHaveLength(1);
  const last = await verify(lab, either(1), "bob", "lifetime", token);
  expect(last.body.purchase.quantity).toBe(3);
  expect(last.body.pending_entitlements).toEqual([]);
  expect(new Set(keysOf(last.body.grants)).size).toBe(3);
  expect(licencesOf("bob")).toHaveLength(3);
  const grants = await lab.documents("customers/bob/grants");
  expect(grants.filter(({ data }) => data.entitlement_id === "desktop")).toHaveLength(3);
  expect(grants.every(({ data }) => data.status === "Delivered")).toBe(true);
  expect(await lab.documents("license_orphans")).toEqual([]);
  expect(lab.sandbox.play.purchase(token)).toMatchObject({ acknowledged: true, calls: { acknowledge: 1 } });
}, 120_000);

test("of two customers who present one unclaimed token exactly one wins", async () => {
  for (let round = 0; round < 5; round += 1) {
    const rivals = [`carl${round}`, `dora${round}`];
    const token = lab.buy("nobody", "lifetime", { obfuscatedAccountId: null });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const uid = rivals[index % 2] ?? "";
        return verify(lab, either(Math.floor(index / 2)), uid, "lifetime", token).then((answer) => ({
          uid,
          answer,
        }));
      }),
    );
    const winners = new Set(answers.filter(({ answer }) => answer.status === 200).map(({ uid }) => uid));
    expect(winners.size).toBe(1);
    const [winner = ""] = winners;
    for (const { uid, answer } of answers) {
      if (uid === winner) expect(answer.status).toBe(200);
      else {
        const { body } = answer as Answer<Verified | Problem>;
        expect(body).toMatchObject({ status: 409, code: "purchase_owned_by_another_customer" });
      }
    }
    await idle();
    expect(await purchasesOfCustomer(winner)).toHaveLength(1);
    expect(licencesOf(winner)).toHaveLength(1);
    const loser = rivals.find((uid) => uid !== winner) ?? "";
    expect(licencesOf(loser)).toEqual([]);
    expect(await lab.documents(`customers/${loser}/grants`)).toEqual([]);
    expect(await lab.documents(`customers/${loser}/entitlements`)).toEqual([]);
    expect(lab.sandbox.play.purchase(token).calls.acknowledge).toBe(1);
  }
}, 120_000);

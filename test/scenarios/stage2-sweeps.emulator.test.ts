import { Timestamp } from "@google-cloud/firestore";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keysOf } from "../support/wire.ts";
import { openShop, type Shop } from "./support/shop-floor.ts";

/** Sweeps run by hand, as processes beside the service: what was missed is found, once. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(import.meta.url);
});

afterAll(async () => {
  expect(await shop?.leaks()).toEqual([]);
  await shop?.close();
});

/** The first comparison with KeyThai is due a day after the licence was made: here it is due now. */
async function compareLicences(): Promise<string> {
  const keys = await shop.lab.db.collection("license_keys").get();
  const past = Timestamp.fromMillis(Date.now() - 1000);
  await Promise.all(keys.docs.map(({ ref }) => ref.update({ check_at: past })));
  const { code, stdout } = await shop.sweep(["licenses"]);
  expect(code).toBe(0);
  await shop.settled();
  return stdout;
}

test("a name or settings that are wrong are said at once, all of them, and no secret with them", async () => {
  const wrong = { PURCHASE_TRANSFER: "maybe", LICENSE_ENCRYPTION_KEYS: "lab:not-a-key-but-secret" };
  const [unknown, misled] = await Promise.all([shop.sweep(["everything"]), shop.sweep(["all"], wrong)]);
  expect(unknown).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining("voided") });
  expect(misled).toMatchObject({ code: 78, stdout: "" });
  for (const name of Object.keys(wrong)) expect(misled.stderr).toContain(name);
  expect(misled.stderr).not.toContain("not-a-key-but-secret");
});

test("refunds whose notices were lost are found in Google's list, by two sweeps at once and only once", async () => {
  const token = shop.lab.buy("ann", "lifetime");
  await shop.verified("ann", "lifetime", token);
  const plan = shop.subscribe("bob");
  await shop.verified("bob", "plan", plan);
  const seats = shop.lab.buy("cleo", "seats", { quantity: 3 });
  await shop.verified("cleo", "seats", seats);
  await shop.settled();
  shop.act(token, "refund", { notify: false });
  // Google's answer still reads active: the list alone knows.
  shop.act(plan, "refund", { notify: false, keepState: true });
  shop.act(seats, "refund", { notify: false, quantity: 1 });
  const early = shop.lab.buy("dirk", "lifetime", { notify: false });
  shop.act(early, "refund", { notify: false, keepState: true });

  const runs = await Promise.all([shop.sweep(["voided"]), shop.sweep(["voided", "--json"])]);
  expect(runs.map(({ code }) => code)).toEqual([0, 0]);
  expect(runs[0]?.stdout).toMatch(/^voided: 4 in Google's list of voids, \d with voids new to us\n$/);
  expect(JSON.parse(runs[1]?.stdout ?? "")).toMatchObject({ voided: { found: 4, failed: 0 } });
  await shop.settled();
  expect(await shop.told("ann")).toEqual(["desktop Revoked: refund", "premium Revoked: refund"]);
  expect(await shop.told("bob")).toEqual(["premium Revoked: refund", "studio Revoked: refund"]);
  expect([...shop.standing("ann"), ...shop.standing("bob")]).toEqual(["revoked", "revoked"]);
  expect(shop.standing("cleo")).toEqual(["active", "active", "revoked"]);
  // A void that came before its purchase.
  expect((await shop.verified("dirk", "lifetime", early)).purchase).toMatchObject({
    state: "refunded",
    access: false,
  });
  expect(shop.standing("dirk")).toEqual([]);
  expect(shop.play.purchase(early).acknowledged).toBe(false);
});

test("a key disabled at KeyThai ends its grant until it is enabled again, and it is the same key then", async () => {
  const token = shop.subscribe("dan");
  const [key = ""] = keysOf((await shop.verified("dan", "plan", token)).grants);
  await shop.settled();
  const licence = shop.keythai.findByKey(key);
  if (licence === undefined) throw new Error("KeyThai has no licence for the key shown");
  licence.status = "suspended";
  expect(await compareLicences()).toContain("1 standing otherwise");
  expect(await shop.told("dan")).toEqual(["premium Delivered", "studio Revoked: license_key_disabled"]);
  for (const action of ["renew", "hold", "recover"]) {
    shop.act(token, action);
    await shop.settled();
  }
  expect(await shop.told("dan")).toContain("studio Revoked: license_key_disabled");
  expect(licence.status).toBe("suspended");
  licence.status = "active";
  await compareLicences();
  expect(await shop.told("dan")).toContain("studio Delivered");
  expect(new Set(keysOf(await shop.grants("dan")))).toEqual(new Set([key]));
  expect(shop.standing("dan")).toEqual(["active"]);
});

test("an acknowledgement that was lost with its process is made good by hand, before Google takes the purchase back", async () => {
  shop.faults.add({ service: "play", kind: "hang", path: ":acknowledge", count: null });
  // Google waits for half of a prepaid plan of two days.
  const short = { basePlanId: "prepaid", autoRenewing: false, periodDays: 2 };
  const token = shop.lab.buy("uma", "plan", short);
  await shop.verified("uma", "plan", token);
  await shop.at().kill("SIGKILL");
  const lost = await shop.lab.db.collection("outbox").get();
  await Promise.all(lost.docs.map(({ ref }) => ref.delete()));
  shop.faults.clear();
  const { code, stdout } = await shop.sweep(["all"]);
  expect(code).toBe(0);
  expect(stdout).toContain("unacknowledged: 1 waiting to be acknowledged, 1 to be acknowledged anew\n");
  expect(stdout).toContain("effects: 1 due, 1 done\n");
  expect(shop.play.purchase(token)).toMatchObject({ acknowledged: true, calls: { acknowledge: 1 } });
  await shop.restart();
});

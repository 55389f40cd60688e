import { Timestamp } from "@google-cloud/firestore";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Licence } from "../../sandbox/keythai/model.ts";
import { emulatorProject } from "../support/emulator.ts";
import { eventually, type Lab, startLab } from "../support/lab.ts";
import type { ServiceProcess } from "../support/processes.ts";
import {
  entitlementsOf,
  type GrantRow,
  grantsOf,
  keysOf,
  purchasesOf,
  type Verified,
  verify,
} from "../support/wire.ts";

/** Customers' lives on Google's emulators, once with notices pushed and once with notices pulled: both end alike. */

describe.each(["push", "pull"] as const)("with notices by %s", (rtdn) => {
  let lab: Lab;
  let service: ServiceProcess;

  beforeAll(async () => {
    lab = await startLab(emulatorProject(`${import.meta.url}-${rtdn}`), { rtdn });
    service = await lab.start();
  });
  afterEach(async () => {
    expect(await lab.leaks()).toEqual([]);
  });
  afterAll(() => lab?.stop());

  const act = (token: string, action: string, input = {}) =>
    lab.sandbox.play.act(token, action, input).purchaseToken;

  /** Every notice has been handled, and what followed from it done. */
  async function settled(): Promise<void> {
    const { play } = lab.sandbox;
    await play.delivered();
    const sent = play.notifications.reduce((sum, { attempts }) => sum + attempts, 0);
    await eventually(async () => {
      expect(lab.output.lines("notification").length).toBeGreaterThanOrEqual(sent);
      expect(await lab.documents("outbox")).toEqual([]);
    }, 30_000);
  }

  /** All that was ever told of this purchase comes three times more, and not one document is written. */
  async function replayed(...tokens: string[]): Promise<void> {
    await settled();
    const before = await versions();
    const { play } = lab.sandbox;
    const notices = play.notifications.filter(({ purchaseToken }) => tokens.includes(purchaseToken ?? ""));
    expect(notices.length).toBeGreaterThan(0);
    for (let time = 0; time < 3; time += 1) for (const notice of notices) play.redeliver(notice);
    await settled();
    expect(await versions()).toEqual(before);
  }

  /** All but what sweeps note for themselves. */
  const versions = async () => {
    const kept = (await lab.everything()).filter(({ path }) => !path.startsWith("sweep_marks/"));
    return Object.fromEntries(kept.map(({ path, updateTime }) => [path, updateTime]));
  };

  async function verified(uid: string, productId: string, token: string): Promise<Verified> {
    const { status, body } = await verify(lab, service, uid, productId, token);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  }

  const entitlements = (uid: string) => entitlementsOf(lab, service, uid);

  /** `premium Delivered`, `studio Revoked: plan_changed`, oldest first. */
  const told = (grants: readonly GrantRow[]) =>
    [...grants]
      .sort((a, b) => (a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1 : 0))
      .map(({ entitlement_id, status, revocation_reason: why }) =>
        why === null ? `${entitlement_id} ${status}` : `${entitlement_id} ${status}: ${why}`,
      );

  async function grantsNow(uid: string): Promise<string[]> {
    return told(await grantsOf(lab, service, uid)).sort();
  }

  const licencesOf = (uid: string): Licence[] =>
    lab.sandbox.keythai.licences.filter(({ metadata }) => metadata.customer === uid);

  const statusesOf = (uid: string) => licencesOf(uid).map(({ status }) => status);

  function licence(key: string | undefined): Licence {
    const found = lab.sandbox.keythai.findByKey(key ?? "");
    if (found === undefined) throw new Error("KeyThai has no licence for the key shown");
    return found;
  }

  const seconds = (time: string | null | undefined) => Math.ceil(Date.parse(time ?? "") / 1000);

  test("bought at once: everything is in the answer, and lies in Firestore as the contract says", async () => {
    const token = lab.buy("once", "lifetime");
    const { purchase, grants, pending_entitlements } = await verified("once", "lifetime", token);
    expect(purchase).toMatchObject({ state: "purchased", access: true, quantity: 1, expires_at: null });
    expect(pending_entitlements).toEqual([]);
    expect(told(grants).sort()).toEqual(["desktop Delivered", "premium Delivered"]);
    const [key] = keysOf(grants);
    expect(licence(key)).toMatchObject({
      status: "active",
      expiresAt: null,
      metadata: {
        order: purchase.order_id,
        purchase: purchase.id,
        grant: grants.find(({ entitlement_id }) => entitlement_id === "desktop")?.id,
        customer: "once",
        slot: expect.stringMatching(/^slt_[0-9a-f]{32}$/),
      },
    });
    await replayed(token);
    expect(lab.sandbox.play.purchase(token)).toMatchObject({ acknowledged: true, calls: { acknowledge: 1 } });
    expect((await verified("once", "lifetime", token)).purchase.acknowledged).toBe(true);
    expect(licencesOf("once")).toHaveLength(1);

    const [premium] = (await lab.documents("customers/once/entitlements")).filter(({ path }) =>
      path.endsWith("/premium"),
    );
    expect(premium?.data).toEqual({
      entitlement_id: "premium",
      active: true,
      expires_at: null,
      access_until: null,
      state: "purchased",
      will_renew: false,
      purchase_ids: [purchase.id],
      product_ids: ["lifetime"],
      updated_at: expect.any(Timestamp),
    });
    const rows = await lab.documents("customers/once/grants");
    expect(rows).toHaveLength(2);
    for (const { path, data } of rows) {
      const shown = grants.find(({ id }) => path === `customers/once/grants/${id}`);
      const { access_url: _link, ...row } = shown ?? ({} as GrantRow);
      const masked =
        row.license_key === null
          ? null
          : { ...row.license_key, key: expect.stringMatching(/^[^A-Z0-9]+.{4}$/) };
      expect(data).toEqual({ ...row, license_key: masked });
      expect(Object.keys(data).sort()).toEqual(GRANT_FIELDS);
    }
    const shownLast4 = rows.map(({ data }) => data.license_key?.key.slice(-4)).find(Boolean);
    expect(shownLast4).toBe(key?.slice(-4));
  });

  test("PromptPay: pending, the app is killed, paid in the bank's app, granted by the notice alone", async () => {
    const token = lab.buy("qr", "lifetime", { pending: true });
    const before = await verified("qr", "lifetime", token);
    expect(before.purchase).toMatchObject({ state: "pending", access: false });
    expect(before.grants).toEqual([]);
    expect(before.pending_entitlements).toEqual([]);
    expect(licencesOf("qr")).toEqual([]);
    // Another one's app never got to us at all: the account id names whose it is.
    const unseen = lab.buy("qr-unseen", "lifetime", { pending: true });

    act(token, "pay");
    act(unseen, "pay");
    await settled();
    for (const uid of ["qr", "qr-unseen"]) {
      const { premium, desktop } = await entitlements(uid);
      expect([premium?.active, desktop?.active]).toEqual([true, true]);
      expect(statusesOf(uid)).toEqual(["active"]);
    }
    for (const paid of [token, unseen]) {
      expect(lab.sandbox.play.purchase(paid)).toMatchObject({
        acknowledged: true,
        calls: { acknowledge: 1 },
      });
    }
    const after = await verified("qr", "lifetime", token);
    expect(after.purchase).toMatchObject({ id: before.purchase.id, state: "purchased", access: true });
    expect(licence(keysOf(after.grants)[0])).toBe(licencesOf("qr")[0]);
    expect(keysOf((await verified("qr-unseen", "lifetime", unseen)).grants)).toHaveLength(1);
    await replayed(token, unseen);
  });

  test("a subscription is bought, renewed, cancelled and runs out", async () => {
    const uid = "sub";
    const token = lab.buy(uid, "plan", { basePlanId: "monthly" });
    const bought = await verified(uid, "plan", token);
    await settled();
    const [key] = keysOf((await verified(uid, "plan", token)).grants);
    expect(bought.purchase).toMatchObject({ type: "subscription", state: "active", auto_renewing: true });
    const leeway = 72 * 3_600_000;
    const first = (await entitlements(uid)).studio;
    expect(Date.parse(first?.access_until ?? "") - Date.parse(first?.expires_at ?? "")).toBe(leeway);
    expect(licence(key)).toMatchObject({ status: "active", expiresAt: seconds(first?.access_until) });
    await replayed(token);

    act(token, "renew");
    await settled();
    const renewed = (await entitlements(uid)).studio;
    expect(Date.parse(renewed?.expires_at ?? "")).toBeGreaterThan(Date.parse(first?.expires_at ?? ""));
    expect(licence(key)).toMatchObject({ status: "active", expiresAt: seconds(renewed?.access_until) });
    expect(licencesOf(uid)).toHaveLength(1);
    await replayed(token);

    act(token, "cancel");
    await settled();
    const cancelled = (await entitlements(uid)).studio;
    expect(cancelled).toMatchObject({ active: true, state: "canceled", will_renew: false });
    expect(cancelled?.access_until).toBe(renewed?.expires_at);
    expect(licence(key)).toMatchObject({ status: "active", expiresAt: seconds(cancelled?.access_until) });
    expect(await grantsNow(uid)).toEqual(["premium Delivered", "studio Delivered"]);
    await replayed(token);

    act(token, "expire");
    await settled();
    const over = await entitlements(uid);
    for (const row of [over.premium, over.studio]) {
      expect(row).toMatchObject({ active: false, state: "expired", will_renew: false });
      expect(Date.parse(row?.access_until ?? "")).toBeLessThanOrEqual(Date.parse(row?.updated_at ?? ""));
    }
    expect(statusesOf(uid)).toEqual(["revoked"]);
    expect(await grantsNow(uid)).toEqual([
      expect.stringMatching(/^premium Revoked: subscription_(expired|cancelled)$/),
      expect.stringMatching(/^studio Revoked: subscription_(expired|cancelled)$/),
    ]);
    const [purchase] = await purchasesOf(lab, service, uid);
    expect(purchase).toMatchObject({ state: "expired", access: false });
    await replayed(token);
  });

  test("on hold the licence rests; recovered, the same key lives again under a new grant", async () => {
    const uid = "hold";
    const token = lab.buy(uid, "plan", { basePlanId: "monthly" });
    await verified(uid, "plan", token);
    await settled();
    const [before] = (await grantsOf(lab, service, uid)).filter(
      ({ entitlement_id }) => entitlement_id === "studio",
    );
    const key = before?.license_key?.key;

    act(token, "hold");
    await settled();
    expect(await grantsNow(uid)).toEqual([
      "premium Revoked: subscription_on_hold",
      "studio Revoked: subscription_on_hold",
    ]);
    expect(licence(key).status).toBe("suspended");
    expect((await entitlements(uid)).studio).toMatchObject({ active: false, state: "on_hold" });
    await replayed(token);

    act(token, "recover");
    await settled();
    const after = (await grantsOf(lab, service, uid)).find(
      ({ entitlement_id, status }) => entitlement_id === "studio" && status === "Delivered",
    );
    expect(after?.id).not.toBe(before?.id);
    expect(after?.metadata.regrant_of).toBe(before?.id);
    expect(after?.license_key?.key).toBe(key);
    const { studio } = await entitlements(uid);
    expect(studio).toMatchObject({ active: true, state: "active" });
    expect(licence(key)).toMatchObject({ status: "active", expiresAt: seconds(studio?.access_until) });
    expect(licencesOf(uid)).toHaveLength(1);
    await replayed(token);
  });

  test("a change of plan takes the old back before it gives the new", async () => {
    const uid = "change";
    const old = lab.buy(uid, "plan", { basePlanId: "monthly" });
    await verified(uid, "plan", old);
    await settled();
    const [oldKey] = keysOf(await grantsOf(lab, service, uid));

    const token = act(old, "change_plan", { productId: "plan_max" });
    await settled();
    const grants = await grantsOf(lab, service, uid);
    expect(told(grants).sort()).toEqual([
      "premium Delivered",
      "premium Revoked: plan_changed",
      "studio Delivered",
      "studio Revoked: plan_changed",
    ]);
    const next = grants.find((row) => row.entitlement_id === "studio" && row.status === "Delivered");
    expect(next?.metadata.product_id).toBe("plan_max");
    expect(next?.license_key?.key).not.toBe(oldKey);
    expect(licence(oldKey).status).toBe("revoked");
    expect(licence(next?.license_key?.key).status).toBe("active");
    expect(licencesOf(uid)).toHaveLength(2);
    // One subscription, one chain.
    expect(new Set(grants.map(({ subscription_id }) => subscription_id)).size).toBe(1);

    const events = (await lab.documents("grant_events")).filter(({ data }) => data.customer_id === uid);
    for (const entitlement of ["premium", "studio"]) {
      const at = (type: string, product: string) =>
        events.find(
          ({ data }) =>
            data.type === `entitlement_grant.${type}` &&
            data.grant.entitlement_id === entitlement &&
            data.grant.metadata.product_id === product,
        );
      const revoked = at("revoked", "plan");
      const created = at("created", "plan_max");
      expect(revoked?.data.occurred_at.toMillis()).toBeLessThanOrEqual(created?.data.occurred_at.toMillis());
      expect((revoked?.updateTime ?? "") <= (created?.updateTime ?? "-")).toBe(true);
    }
    const { premium, studio } = await entitlements(uid);
    expect(premium).toMatchObject({ active: true, product_ids: ["plan_max"] });
    expect(studio).toMatchObject({ active: true, product_ids: ["plan_max"] });
    expect(lab.sandbox.play.purchase(token)).toMatchObject({ acknowledged: true });
    const rows = await purchasesOf(lab, service, uid);
    expect(rows.map(({ product_id, access }) => [product_id, access]).sort()).toEqual([
      ["plan", false],
      ["plan_max", true],
    ]);
    await verified(uid, "plan_max", token);
    await replayed(old, token);
  });

  test("a refund takes back what was refunded: one of three units, then the rest; and all of a single one", async () => {
    const token = lab.buy("units", "lifetime", { quantity: 3 });
    const single = lab.buy("single", "lifetime");
    expect(keysOf((await verified("units", "lifetime", token)).grants)).toHaveLength(3);
    await verified("single", "lifetime", single);
    await settled();

    act(token, "refund", { quantity: 1 });
    act(single, "refund");
    await settled();
    expect(statusesOf("units").sort()).toEqual(["active", "active", "revoked"]);
    const held = (await grantsOf(lab, service, "units")).filter(({ status }) => status === "Delivered");
    for (const key of keysOf(held)) expect(licence(key).status).toBe("active");
    expect(keysOf(held)).toHaveLength(2);
    expect((await entitlements("units")).desktop?.active).toBe(true);
    expect(statusesOf("single")).toEqual(["revoked"]);
    expect(await grantsNow("single")).toEqual(["desktop Revoked: refund", "premium Revoked: refund"]);
    expect((await entitlements("single")).premium).toMatchObject({ active: false, state: "refunded" });
    expect((await purchasesOf(lab, service, "single"))[0]).toMatchObject({
      state: "refunded",
      access: false,
    });
    await replayed(token, single);

    act(token, "refund");
    await settled();
    expect(statusesOf("units")).toEqual(["revoked", "revoked", "revoked"]);
    expect((await entitlements("units")).desktop?.active).toBe(false);
    expect((await purchasesOf(lab, service, "units"))[0]).toMatchObject({ state: "refunded", access: false });
    await replayed(token);
  });

  test("what a dead process left, another one does", async () => {
    const env = { EFFECT_LEASE_SECONDS: "3", VERIFY_WAIT_MS: "60000" };
    const dying = await lab.start({ ...env, PLAYGRANT_ROLES: "api" });
    lab.sandbox.faults.add({ service: "keythai", kind: "hang", path: "POST /keythai/v1/licenses", count: 1 });
    const token = lab.buy("heir", "lifetime", { notify: false });
    const cut = verify(lab, dying, "heir", "lifetime", token).catch(() => "cut");
    await eventually(() => expect(lab.sandbox.faults.list()).toEqual([]));
    await dying.kill("SIGKILL");
    expect(await cut).toBe("cut");
    expect(licencesOf("heir")).toEqual([]);

    const heir = await lab.start(env);
    await eventually(() => expect(statusesOf("heir")).toEqual(["active"]), 60_000);
    await settled();
    const { body } = await verify(lab, heir, "heir", "lifetime", token);
    expect(licence(keysOf(body.grants)[0]).status).toBe("active");
    expect(lab.sandbox.play.purchase(token)).toMatchObject({ acknowledged: true });
    expect(await lab.documents("license_orphans")).toEqual([]);
    expect(await heir.kill("SIGTERM")).toMatchObject({ code: 0 });
    service = await restart();
  }, 120_000);

  async function restart(): Promise<ServiceProcess> {
    const next = await lab.start();
    await service.kill("SIGTERM");
    return next;
  }

  test("SIGTERM: what is in flight is finished, then it goes, in time", async () => {
    const one = await lab.start();
    lab.sandbox.faults.add({
      service: "keythai",
      kind: "slow",
      delayMs: 1500,
      path: "POST /keythai/v1/licenses",
    });
    const token = lab.buy("late", "lifetime", { notify: false });
    const answer = verify(lab, one, "late", "lifetime", token);
    await eventually(() => expect(lab.sandbox.faults.list()).toEqual([]));
    const ending = await one.kill("SIGTERM");
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(keysOf(body.grants)).toHaveLength(1);
    expect(ending).toMatchObject({ code: 0, signal: null });
    expect(ending.ms).toBeLessThan(8_000);
    // Nothing was left to its lease running out.
    expect(await lab.documents("outbox")).toEqual([]);
    expect(statusesOf("late")).toEqual(["active"]);
    service = await restart();
  }, 60_000);
});

const GRANT_FIELDS = [
  "id",
  "business_id",
  "customer_id",
  "entitlement_id",
  "integration_type",
  "status",
  "payment_id",
  "subscription_id",
  "license_key",
  "digital_product_delivery",
  "oauth_url",
  "oauth_expires_at",
  "delivered_at",
  "revoked_at",
  "revocation_reason",
  "error_code",
  "error_message",
  "metadata",
  "created_at",
  "updated_at",
].sort();

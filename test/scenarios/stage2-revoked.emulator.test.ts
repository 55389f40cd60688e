import { afterAll, beforeAll, expect, test } from "vitest";
import { verify } from "../support/wire.ts";
import type { AdminGrant } from "./support/desk.ts";
import { openShop, type Shop } from "./support/shop-floor.ts";

/** What a person has revoked stays revoked, whatever Google says next and whoever is quicker. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(import.meta.url, { services: 2, env: { PURCHASE_TRANSFER: "allow" } });
});

afterAll(async () => {
  expect(await shop?.leaks()).toEqual([]);
  await shop?.close();
});

const revoke = (id = "", desk = 0) => shop.admin<AdminGrant>(`/grants/${id}/revoke`, { body: {} }, desk);

async function subscribed(uid: string) {
  const token = shop.subscribe(uid);
  const { grants } = await shop.verified(uid, "plan", token);
  await shop.settled();
  const idOf = (entitlement: string) => grants.find((grant) => grant.entitlement_id === entitlement)?.id;
  return { token, studio: idOf("studio"), premium: idOf("premium") };
}

test("neither renewal, hold and recovery, nor a new plan, nor another customer undoes it", async () => {
  const { act, settled } = shop;
  const { token, studio } = await subscribed("rob");
  expect((await revoke(studio)).body).toMatchObject({ status: "Revoked", revocation_reason: "manual" });
  for (const action of ["renew", "hold", "recover", "pause", "resume"]) {
    act(token, action);
    await settled();
    expect(await shop.told("rob"), action).toContain("studio Revoked: manual");
    expect(shop.standing("rob"), action).toEqual(["revoked"]);
  }
  const next = act(token, "change_plan", { productId: "plan_max", basePlanId: "monthly" });
  await settled();
  await shop.verified("rob", "plan_max", next);
  await shop.verified("sue", "plan_max", next);
  act(next, "renew");
  await settled();
  expect(await shop.told("sue")).toEqual(["premium Delivered"]);
  expect([...shop.standing("rob"), ...shop.standing("sue")]).toEqual(["revoked"]);
});

test("revoked while on hold: the row stays as it ended, the licence dies, and nothing comes back", async () => {
  const { token, studio } = await subscribed("hal");
  shop.act(token, "hold");
  await shop.settled();
  expect(shop.standing("hal")).toEqual(["suspended"]);
  expect((await revoke(studio)).body).toMatchObject({
    id: studio,
    revocation_reason: "subscription_on_hold",
  });
  await shop.settled();
  expect(shop.standing("hal")).toEqual(["revoked"]);
  shop.act(token, "recover");
  await shop.settled();
  expect(await shop.told("hal")).toEqual([
    "premium Delivered",
    "premium Revoked: subscription_on_hold",
    "studio Revoked: subscription_on_hold",
  ]);
  expect(shop.standing("hal")).toEqual(["revoked"]);
});

test("revoked at one process while the other hears of a renewal or a recovery", async () => {
  for (const [round, actions] of [["renew"], ["hold", "recover"], ["renew", "hold", "recover"]].entries()) {
    const uid = `race${round}`;
    const { token, studio, premium } = await subscribed(uid);
    const revoked = [revoke(studio, round), revoke(premium, round)];
    for (const action of actions) shop.act(token, action);
    const verified = verify(shop.lab, shop.at(round + 1), uid, "plan", token);
    for (const { status } of await Promise.all([...revoked, verified])) expect(status).toBe(200);
    await shop.settled();
    await shop.verified(uid, "plan", token);
    await shop.settled();
    expect((await shop.told(uid)).filter((line) => !line.includes("Revoked"))).toEqual([]);
    expect(shop.standing(uid)).toEqual(["revoked"]);
  }
});

import { DAY } from "../../src/domain/instant.ts";
import { giveGrant } from "../../src/use-cases/admin/give-grant.ts";
import { retryGrant } from "../../src/use-cases/admin/retry-grant.ts";
import { revokeGrant } from "../../src/use-cases/admin/revoke-grant.ts";
import { customer, must } from "../support/builders.ts";
import { IN_FORCE } from "./kit/cells.ts";
import type { Chapter } from "./kit/scenario.ts";
import type { Stage } from "./kit/stage.ts";

const KEY = "support";

/** The newest row of an entitlement. */
async function rowOf({ world }: Stage, entitlementId: string): Promise<string> {
  const { grants } = await world.dump();
  const rows = grants.filter((grant) => grant.entitlementId === entitlementId);
  return must(rows.sort((a, b) => b.createdAt - a.createdAt)[0]).id;
}

async function revokes(s: Stage, entitlementId: string): Promise<void> {
  const id = await rowOf(s, entitlementId);
  await s.world.clock.run(revokeGrant(s.world.alive().ports, id, KEY));
  await s.world.settle();
}

async function gives(s: Stage, entitlementId: string, days: number | null): Promise<void> {
  const { clock, alive, settle } = s.world;
  const expiresAt = days === null ? null : clock.now() + days * DAY;
  const request = { customerId: customer("ann"), entitlementId, expiresAt, note: null };
  await clock.run(giveGrant(alive().ports, request, KEY));
  await settle();
}

/** Somebody switches the newest licence at KeyThai itself. */
function atKeyThai({ world }: Stage, status: "active" | "suspended" | "revoked"): void {
  must(world.sandbox.keythai.licences.at(-1)).status = status;
}

const STUDIO_TAKEN = {
  ...IN_FORCE,
  access: "premium: yes; studio: no",
  grant: "premium: delivered; studio: revoked: manual",
  licence: "revoked",
};

const DISABLED = {
  ...IN_FORCE,
  access: "premium: yes; studio: no",
  grant: "premium: delivered; studio: revoked: license_key_disabled",
};

export const byHand: Chapter = {
  title: "By hand: revokes, gifts, licences switched at KeyThai",
  file: "by-hand.ts",
  scenarios: [
    {
      id: "manual-revoke",
      state: "active",
      event: "one grant revoked by an admin",
      ...STUDIO_TAKEN,
      story: async (s) => {
        await s.subscribed();
        await revokes(s, "studio");
      },
    },
    {
      id: "manual-revoke-renewed",
      state: "active, one grant revoked by an admin",
      event: "renewed (2), and verified again: it stays revoked",
      ...STUDIO_TAKEN,
      story: async (s) => {
        await s.subscribed();
        await revokes(s, "studio");
        await s.days(31);
        await s.verifies();
      },
    },
    {
      id: "licence-disabled",
      state: "active",
      event: "its licence is suspended at KeyThai",
      ...DISABLED,
      licence: "suspended",
      story: async (s) => {
        await s.subscribed();
        atKeyThai(s, "suspended");
        await s.days(1.2);
      },
    },
    {
      id: "licence-enabled",
      state: "active, licence suspended at KeyThai",
      event: "resumed there",
      ...IN_FORCE,
      grant: "premium: delivered; studio: revoked: license_key_disabled, then delivered",
      story: async (s) => {
        await s.subscribed();
        atKeyThai(s, "suspended");
        await s.days(1.2);
        atKeyThai(s, "active");
        await s.days(1.2);
      },
    },
    {
      id: "licence-revoked-there",
      state: "active",
      event: "its licence is revoked at KeyThai, for good",
      ...DISABLED,
      licence: "revoked",
      story: async (s) => {
        await s.subscribed();
        atKeyThai(s, "revoked");
        await s.days(1.2);
      },
    },
    {
      id: "delivery-fails",
      state: "–",
      event: "bought (1), and KeyThai refuses to make a licence",
      // What is in the app waits for no licence.
      access: "yes",
      grant: "desktop: failed; premium: delivered",
      licence: "none",
      acknowledge: "acknowledged",
      story: async (s) => {
        s.world.sandbox.faults.add({
          service: "keythai",
          kind: "status_403",
          code: "QUOTA_EXCEEDED",
          count: null,
        });
        await s.bought("lifetime");
      },
    },
    {
      id: "delivery-retried",
      state: "purchased, its delivery failed",
      event: "tried again by an admin",
      ...IN_FORCE,
      grant: "desktop: failed, then delivered; premium: delivered",
      story: async (s) => {
        s.world.sandbox.faults.add({
          service: "keythai",
          kind: "status_403",
          code: "QUOTA_EXCEEDED",
          count: null,
        });
        await s.bought("lifetime");
        s.world.sandbox.faults.clear();
        await s.days(1);
        const id = await rowOf(s, "desktop");
        await s.world.clock.run(retryGrant(s.world.alive().ports, id, KEY));
        await s.world.settle();
      },
    },
    {
      id: "gift",
      state: "–",
      event: "a licence is given without a purchase",
      ...IN_FORCE,
      acknowledge: "–",
      story: (s) => gives(s, "desktop", null),
    },
    {
      id: "gift-ends",
      state: "given for ten days",
      event: "they are over",
      access: "no",
      grant: "revoked: subscription_expired (gift_ended)",
      licence: "revoked",
      acknowledge: "–",
      story: async (s) => {
        await gives(s, "desktop", 10);
        await s.days(10);
      },
    },
    {
      id: "gift-beside-subscription",
      state: "active, and given the same for longer",
      event: "the subscription expires (13)",
      ...IN_FORCE,
      access: "premium: until its end; studio: no",
      grant:
        "premium: revoked: subscription_cancelled, then delivered; studio: revoked: subscription_cancelled",
      licence: "revoked",
      story: async (s) => {
        await s.subscribed();
        await s.google("cancel");
        await s.days(1);
        await gives(s, "premium", 90);
        await s.days(30);
      },
    },
  ],
};

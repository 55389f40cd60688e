import { describe, expect, it } from "vitest";
import { announce, introduce } from "../../src/domain/announce.ts";
import { type CustomerFile, emptyCustomerFile } from "../../src/domain/entitlements.ts";
import { type GrantEvent, grantEvents } from "../../src/domain/grant-events.ts";
import {
  type CustomerId,
  type GrantId,
  type LicenseKeyId,
  type SlotId,
  slotId,
} from "../../src/domain/ids.ts";
import type { Slot } from "../../src/domain/slot.ts";
import { ANN, BEN, grant, NOW, only, slot } from "../support/builders.ts";

function eventsOf(customerId: CustomerId, id: string): GrantEvent[] {
  return grantEvents(null, grant({ id: id as GrantId, customerId }), NOW);
}

describe("announcing", () => {
  it("asks for one effect a customer, with its events in their order", () => {
    const events = [...eventsOf(ANN, "a1"), ...eventsOf(BEN, "b1"), ...eventsOf(ANN, "a2")];
    expect(announce(events, NOW).map(({ effect, dueAt }) => ({ effect, dueAt }))).toEqual([
      {
        effect: {
          kind: "publish_events",
          customerId: ANN,
          eventIds: ["a1_created", "a1_delivered", "a2_created", "a2_delivered"],
        },
        dueAt: NOW,
      },
      {
        effect: { kind: "publish_events", customerId: BEN, eventIds: ["b1_created", "b1_delivered"] },
        dueAt: NOW,
      },
    ]);
  });

  it("asks for nothing where nothing happened", () => {
    expect(announce([], NOW)).toEqual([]);
  });

  it("always names a customer's effect alike", () => {
    const [first] = announce(eventsOf(ANN, "a1"), NOW);
    const [again] = announce(eventsOf(ANN, "a2"), NOW + 1);
    const [other] = announce(eventsOf(BEN, "b1"), NOW);
    expect(again?.id).toBe(first?.id);
    expect(other?.id).not.toBe(first?.id);
  });
});

const KEY = { id: "key_1" as LicenseKeyId, masked: "****-0001" };
const withKey = slot({ grant: grant({ id: "g1" as GrantId, licenseKey: KEY }) });
const feature = slot({
  id: slotId(ANN, "sub_1", "pro", 0),
  entitlementId: "pro",
  grant: grant({ id: "g2" as GrantId, entitlementId: "pro" }),
});
const waiting = slot({ id: slotId(ANN, "sub_1", "seat", 0), entitlementId: "seat" });

function fileOf(slots: readonly Slot[], contact: CustomerFile["contact"] = null): CustomerFile {
  return {
    ...emptyCustomerFile(ANN),
    contact,
    slots: Object.fromEntries(slots.map((one) => [one.id, one])) as Record<SlotId, Slot>,
  };
}

describe("an introduction", () => {
  const told = { email: "ann@example.com", language: "th" } as const;

  it("brings the letters about keys that waited for an address, and no others", () => {
    const introduced = introduce(fileOf([withKey, feature, waiting]), ANN, told, NOW);
    expect(introduced?.customer.contact).toEqual(told);
    expect(only(introduced?.effects ?? []).effect).toEqual({
      kind: "send_mail",
      customerId: ANN,
      grantId: "g1",
      news: "delivered",
    });
  });

  it("begins the file of one whom nobody knew", () => {
    const introduced = introduce(null, BEN, told, NOW);
    expect(introduced).toEqual({ customer: { ...emptyCustomerFile(BEN), contact: told }, effects: [] });
  });

  it("is nothing where nothing is new, or nothing is told", () => {
    expect(introduce(fileOf([withKey], told), ANN, told, NOW)).toBeNull();
    expect(introduce(fileOf([withKey], told), ANN, { email: null, language: null }, NOW)).toBeNull();
    expect(introduce(fileOf([withKey]), ANN, { email: null, language: null }, NOW)).toBeNull();
    expect(introduce(null, ANN, { email: null, language: null }, NOW)).toBeNull();
  });

  it("of another address asks for the letters that the former one may have refused", () => {
    const moved = introduce(fileOf([withKey], told), ANN, { email: "ann@example.org", language: null }, NOW);
    expect(moved).toMatchObject({ customer: { contact: { email: "ann@example.org", language: "th" } } });
    expect(moved?.effects.map(({ effect }) => effect.kind)).toEqual(["send_mail"]);
  });

  it("of a language alone mails nothing", () => {
    expect(introduce(fileOf([withKey]), ANN, { email: null, language: "en" }, NOW)?.effects).toEqual([]);
  });
});

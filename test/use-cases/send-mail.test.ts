import { beforeEach, describe, expect, it } from "vitest";
import { announce } from "../../src/domain/announce.ts";
import type { Contact } from "../../src/domain/contact.ts";
import { OutsideError } from "../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/instant.ts";
import type { Purchase } from "../../src/domain/purchase.ts";
import { revokeGrant } from "../../src/use-cases/admin/revoke-grant.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import { verifyPurchase } from "../../src/use-cases/verify-purchase.ts";
import {
  ANN,
  BEN,
  lineItem,
  must,
  NOW,
  oneTime,
  only,
  PACKAGE,
  product,
  subscription,
  token,
} from "../support/builders.ts";
import type { Process } from "../support/ports.ts";
import { googleSays, heldKey, slotsFor, syncOf } from "./support/acts.ts";
import { createOuter, type Outer, waitingEffects } from "./support/owner.ts";

let outer: Outer;
let service: Process;

beforeEach(() => {
  outer = createOuter();
  service = outer.world.process();
});

const TOLD: Contact = { email: "ann@example.com", language: null };
const HELD = subscription({ state: "on_hold", items: [lineItem({ expiresAt: NOW - HOUR })] });
const EXPIRED = subscription({ state: "expired", items: [lineItem({ expiresAt: NOW - HOUR })] });
const RENEWED = subscription({ items: [lineItem({ expiresAt: NOW + 40 * DAY, orderId: "GPA.1..0" })] });
const UPGRADE = subscription({
  replaces: token("first"),
  items: [lineItem({ productId: "lumen_studio", orderId: "GPA.2" })],
});

/** The app presents a purchase and tells how its customer is reached; all that follows is done. */
async function present(name: string, purchase: Purchase, contact: Contact = TOLD): Promise<void> {
  googleSays(outer.world, name, purchase);
  const productId = must(purchase.items[0]).productId;
  await outer.world.run(
    verifyPurchase(service.ports, {
      customerId: ANN,
      packageName: PACKAGE,
      productId,
      token: token(name),
      contact,
    }),
  );
  await service.settle();
}

/** A notice tells of a change. */
async function told(name: string, purchase: Purchase, settles = true): Promise<void> {
  googleSays(outer.world, name, purchase);
  await outer.world.run(syncOf(service, name));
  if (settles) await service.settle();
}

const letters = () => outer.mailbox.letters;
const kinds = () => letters().map(({ kind }) => kind);
const key = async () => heldKey(outer.world, only(slotsFor(outer.world, "desktop")));
const mailed = () =>
  outer.world.memory.tables.audit
    .flatMap(({ changes }) => changes)
    .filter(({ kind }) => kind === "mail")
    .map(({ summary }) => summary);
const bounce = () => new OutsideError("refused", "smtp_550", "The mail server answered 550.");
const greylisted = () => new OutsideError("busy", "smtp_451", "The mail server answered 451.");

describe("the letter with a key", () => {
  it("goes out once, to the address that the app told, and is in the timeline", async () => {
    await present("first", oneTime());
    await present("first", oneTime());
    expect(only(letters())).toMatchObject({
      to: "ann@example.com",
      kind: "delivered",
      key: await key(),
      language: null,
      productName: "Desktop licence",
      news: { formerMasked: null, until: null },
    });
    expect(mailed()).toEqual(["mailed the licence key"]);
  });

  it("is written in the customer's language", async () => {
    await present("first", oneTime(), { ...TOLD, language: "th" });
    expect(only(letters()).language).toBe("th");
  });

  it("is one for each key", async () => {
    await present("first", oneTime({ items: [product({ productId: "credit_pack_50", quantity: 3 })] }));
    expect(new Set(letters().map((letter) => letter.key)).size).toBe(3);
    expect(new Set(letters().map(({ id }) => id)).size).toBe(3);
  });

  it("says until when it works", async () => {
    await present("first", subscription());
    expect(only(letters()).news).toMatchObject({ until: NOW + 13 * DAY });
  });

  it("is not sent where the row was taken away before it went out", async () => {
    outer.mailbox.manner = greylisted;
    googleSays(outer.world, "first", oneTime());
    const { ports } = service;
    const request = {
      customerId: ANN,
      packageName: PACKAGE,
      productId: "lumen_lifetime",
      token: token("first"),
      contact: TOLD,
    };
    await outer.world.run(verifyPurchase(ports, request));
    await outer.world.clock.idle();
    const row = must(only(slotsFor(outer.world, "desktop")).grant);
    await outer.world.run(revokeGrant(ports, row.id, "owner"));
    outer.mailbox.manner = () => null;
    await service.settle();
    expect(kinds()).toEqual(["revoked"]);
  });
});

describe("whom it goes to", () => {
  const NOBODY: Contact = { email: null, language: null };

  it("nobody: no letter and no error, until the app tells", async () => {
    await present("first", oneTime(), NOBODY);
    expect([letters(), waitingEffects(outer)]).toEqual([[], []]);
    expect(outer.world.log.filter(({ level }) => level !== "info")).toEqual([]);
    await present("first", oneTime(), { email: "ann@example.com", language: "en" });
    expect(only(letters())).toMatchObject({ to: "ann@example.com", language: "en", key: await key() });
    await present("first", oneTime(), { email: "ann@example.org", language: "en" });
    expect(letters()).toHaveLength(1);
  });

  it("is looked up where the app told nothing", async () => {
    outer.addresses.set(ANN, "looked-up@example.com");
    await present("first", oneTime(), NOBODY);
    expect(only(letters()).to).toBe("looked-up@example.com");
    await present("first", oneTime(), TOLD);
    expect(letters()).toHaveLength(1);
  });

  it("is tried again while it can't be looked up, for a day", async () => {
    outer.addresses.set(ANN, new OutsideError("busy", "accounts_unavailable", "Firebase Auth answered 503"));
    await present("first", oneTime(), NOBODY);
    expect(outer.world.clock.now() - NOW).toBeGreaterThanOrEqual(DAY);
    expect([letters(), mailed(), waitingEffects(outer)]).toEqual([[], [], []]);
    expect(outer.world.log.filter(({ level }) => level === "error")).toMatchObject([
      { event: "mail.no_address" },
    ]);
    await present("first", oneTime(), TOLD);
    expect(only(letters())).toMatchObject({ kind: "delivered" });
  });

  it("is no other customer: only the owner's own app tells an address", async () => {
    await present("first", oneTime(), NOBODY);
    const theirs = {
      customerId: BEN,
      packageName: PACKAGE,
      productId: "lumen_lifetime",
      token: token("first"),
    };
    const contact = { email: "ben@example.com", language: null };
    await outer.world.run(verifyPurchase(service.ports, { ...theirs, contact })).catch(() => undefined);
    await service.settle();
    expect(letters()).toEqual([]);
  });
});

describe("after a hold", () => {
  it("the same key is not told again: it works again", async () => {
    await present("first", subscription());
    await told("first", HELD);
    await told("first", RENEWED);
    expect(kinds()).toEqual(["delivered", "revoked", "restored"]);
    expect(letters().map((letter) => letter.key)).toEqual([await key(), null, null]);
    expect(letters()[1]?.news).toMatchObject({ reason: "subscription_on_hold" });
    expect(new Set(letters().map(({ id }) => id)).size).toBe(3);
  });

  it("and another one it works again once more", async () => {
    await present("first", subscription());
    for (let count = 0; count < 2; count += 1) {
      await told("first", HELD);
      await told("first", RENEWED);
    }
    expect(kinds()).toEqual(["delivered", "revoked", "restored", "revoked", "restored"]);
  });

  it("the key is told at last where it couldn't be before", async () => {
    outer.mailbox.manner = greylisted;
    googleSays(outer.world, "first", subscription());
    const request = {
      customerId: ANN,
      packageName: PACKAGE,
      productId: "lumen_pro",
      token: token("first"),
      contact: TOLD,
    };
    await outer.world.run(verifyPurchase(service.ports, request));
    await told("first", HELD, false);
    await outer.world.clock.idle();
    await told("first", RENEWED, false);
    await outer.world.clock.idle();
    outer.mailbox.manner = () => null;
    await service.settle();
    expect(
      letters()
        .map((letter) => letter.key)
        .filter((one) => one !== null),
    ).toEqual([await key()]);
  });
});

describe("after a change of plan", () => {
  it("one letter tells the new key and that the former one is over", async () => {
    await present("first", subscription());
    const former = must(only(slotsFor(outer.world, "desktop")).shown);
    await present("second", UPGRADE);
    expect(kinds()).toEqual(["delivered", "delivered"]);
    expect(letters()[1]).toMatchObject({ key: await key(), news: { formerMasked: former.masked } });
    expect(letters()[1]?.id).not.toBe(letters()[0]?.id);
  });

  it("is one letter as well where the end of the old plan is told first", async () => {
    await present("first", subscription());
    const ended = subscription({
      state: "expired",
      endedBy: "replacement",
      items: [lineItem({ expiresAt: NOW - HOUR })],
    });
    await told("first", ended, false);
    await outer.world.clock.idle();
    expect(kinds()).toEqual(["delivered"]);
    await present("second", UPGRADE);
    expect(kinds()).toEqual(["delivered", "delivered"]);
  });

  it("to one without a licence the end of the former key is told, in time", async () => {
    await present("first", subscription());
    const cloud = lineItem({ productId: "lumen_cloud", orderId: "GPA.2" });
    await present("second", subscription({ replaces: token("first"), items: [cloud] }));
    expect(letters()[1]).toMatchObject({ kind: "revoked", news: { reason: "plan_changed" } });
    expect(letters()[1]?.at).toBe(NOW + 10 * MINUTE);
  });

  it("asked for again it says nothing more: nothing was restored", async () => {
    await present("first", subscription());
    await present("second", UPGRADE);
    const events = [...outer.world.memory.tables.events.values()];
    const effects = announce(events, outer.world.clock.now());
    await outer.world.memory.webhookRecords.plan([], effects, false);
    await service.settle();
    expect(kinds()).toEqual(["delivered", "delivered"]);
  });
});

describe("the letter about an end", () => {
  it.each([
    ["subscription_expired", EXPIRED],
    ["subscription_on_hold", HELD],
  ] as const)("gives the reason: %s", async (reason, purchase) => {
    await present("first", subscription());
    const { masked } = must(only(slotsFor(outer.world, "desktop")).shown);
    await told("first", purchase);
    expect(letters()[1]).toMatchObject({ kind: "revoked", key: null, news: { reason, masked } });
    expect(mailed()).toEqual(["mailed the licence key", "mailed that the licence works no more"]);
  });
});

describe("a mail server that fails", () => {
  it("is tried again with the same Message-ID, and a letter goes out once", async () => {
    const ids: string[] = [];
    let left = 4;
    outer.mailbox.manner = ({ id }) => {
      ids.push(id);
      left -= 1;
      return left > 0 ? greylisted() : null;
    };
    await present("first", oneTime());
    expect(new Set(ids).size).toBe(1);
    expect([ids.length, letters().length]).toEqual([4, 1]);
    expect(mailed()).toEqual(["mailed the licence key"]);
  });

  it("that bounces a letter six times is believed, and the timeline says so", async () => {
    let tries = 0;
    outer.mailbox.manner = () => {
      tries += 1;
      return bounce();
    };
    await present("first", oneTime());
    expect(tries).toBe(6);
    expect(outer.world.clock.now() - NOW).toBeLessThan(10 * MINUTE);
    expect(mailed()).toEqual(["could not mail the licence key: smtp_550"]);
    expect(waitingEffects(outer)).toEqual([]);
    await present("first", oneTime());
    expect(tries).toBe(6);
  });

  it("that is down for a day is given up, and the timeline says so", async () => {
    outer.mailbox.manner = greylisted;
    await present("first", oneTime());
    const waited = outer.world.clock.now() - NOW;
    expect(waited).toBeGreaterThanOrEqual(DAY);
    expect(waited).toBeLessThan(DAY + HOUR);
    expect(mailed()).toEqual(["could not mail the licence key: smtp_451"]);
    expect(outer.world.log.filter(({ level }) => level === "error")).toMatchObject([
      { event: "mail.given_up" },
    ]);
  });

  it("is never spoken of with an address or a key in the log", async () => {
    outer.mailbox.manner = bounce;
    await present("first", oneTime());
    const text = JSON.stringify(
      outer.world.log.map(({ event, fields, error }) => [event, fields, String(error)]),
    );
    expect(text).not.toContain("ann@example.com");
    expect(text).not.toContain(must(await key()));
  });
});

describe.each(["dies_before", "dies_after"] as const)("a process that %s", (kind) => {
  it("at any of its calls costs no letter, and makes none with another Message-ID", async () => {
    for (let at = 1; ; at += 1) {
      outer = createOuter();
      service = outer.world.process();
      const full = outer.world.process({ background: "full" });
      googleSays(outer.world, "first", oneTime());
      const request = {
        customerId: ANN,
        packageName: PACKAGE,
        productId: "lumen_lifetime",
        token: token("first"),
        contact: TOLD,
      };
      await outer.world.run(verifyPurchase(full.ports, request));
      while (!waitingEffects(outer).includes("send_mail"))
        await outer.world.run(runDueEffects(full.ports, 100));
      const victim = outer.world.process({ fate: { at, kind } });
      runDueEffects(victim.ports, 100).catch(() => undefined);
      await outer.world.clock.idle();
      outer.world.clock.advance(outer.world.settings.leaseMs + 1);
      await service.settle();
      expect({ at, ids: new Set(letters().map(({ id }) => id)).size }).toEqual({ at, ids: 1 });
      const lost = kind === "dies_after" && victim.calls.at(-1) === "mailer.send";
      const unrecorded = kind === "dies_before" && victim.calls.at(-1) === "mailRecords.settle";
      expect({ at, count: letters().length }).toEqual({
        at,
        count: victim.struck() && (lost || unrecorded) ? 2 : 1,
      });
      expect(mailed()).toEqual(["mailed the licence key"]);
      if (!victim.struck()) break;
    }
  });
});

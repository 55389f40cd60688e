import fc from "fast-check";
import { describe as describeAlways, expect, test as testAlways } from "vitest";
import { type AccessRules, accessOf } from "../../src/domain/access.ts";
import { changeSlots } from "../../src/domain/apply-commands.ts";
import { desiredGrants } from "../../src/domain/desired-grants.ts";
import { diffGrants } from "../../src/domain/diff-grants.ts";
import { emptyCustomerFile, slotsOf } from "../../src/domain/entitlements.ts";
import type { GrantStatus } from "../../src/domain/grant.ts";
import { DAY, HOUR } from "../../src/domain/instant.ts";
import { NO_OBSERVATIONS, type Observation, observe } from "../../src/domain/observation.ts";
import type { LineItem, Purchase, PurchaseState } from "../../src/domain/purchase.ts";
import { type PurchaseRecord, purchaseRef } from "../../src/domain/purchase-file.ts";
import { closeAttempt, nextStep, openAttempt, type Slot, wantedAccess } from "../../src/domain/slot.ts";
import { recordApplied, recordDelivered, recordFailure } from "../../src/domain/slot-record.ts";
import { retarget, type SlotChange, settleRows } from "../../src/domain/slot-rows.ts";
import {
  ANN,
  lineItem,
  must,
  NOW,
  oneTime,
  PACKAGE,
  POLICY,
  product,
  record,
  refOf,
  slot,
  subscription,
  target,
  token,
} from "../support/builders.ts";
import { Shop } from "../support/shop.ts";

/** Mutants are judged by the tables and stories alone: lives drawn by lot would make the score a matter of luck. */
const mutating = process.env.STRYKER_MUTATOR_WORKER !== undefined;
const describe = describeAlways.skipIf(mutating);
const test = testAlways.skipIf(mutating);

// ---------------------------------------------------------------- Arbitrary things that Google may say

const ORDERS = ["GPA.1", "GPA.2", "GPA.3"];
const moment = fc.integer({ min: -20, max: 20 }).map((days) => NOW + days * DAY);
const orderId = fc.constantFrom(...ORDERS, null);

const subscriptionItem: fc.Arbitrary<LineItem> = fc
  .record({
    productId: fc.constantFrom("lumen_pro", "lumen_studio", "lumen_cloud"),
    basePlanId: fc.constantFrom("monthly-auto", "club-monthly", null),
    orderId,
    expiresAt: fc.option(moment, { freq: 8 }),
    autoRenewing: fc.constantFrom(true, false, null),
    leaving: fc.boolean(),
  })
  .map((fields) => lineItem(fields));

const subscriptionState = fc.constantFrom<PurchaseState>(
  "pending",
  "active",
  "in_grace_period",
  "on_hold",
  "paused",
  "canceled",
  "expired",
  "pending_purchase_canceled",
  "unknown",
);

/** @param link The token that it replaces; a link never changes. */
function subscriptionAnswer(link: string | null = null): fc.Arbitrary<Purchase> {
  return fc
    .record({
      state: subscriptionState,
      items: fc.array(subscriptionItem, { minLength: 1, maxLength: 3 }),
      acknowledged: fc.boolean(),
      endedBy: fc.constantFrom("user", "developer", "system", "replacement", null),
    })
    .map((fields) => subscription({ ...fields, replaces: link === null ? null : token(link) }));
}

const oneTimeItem: fc.Arbitrary<LineItem> = fc
  .record({
    productId: fc.constantFrom("lumen_lifetime", "credit_pack_50", "course_pack"),
    orderId,
    quantity: fc.integer({ min: 1, max: 3 }),
    refundableQuantity: fc.option(fc.integer({ min: 0, max: 3 })),
    consumed: fc.boolean(),
    rental: fc.boolean(),
  })
  .map((fields) => product(fields));

const oneTimeAnswer: fc.Arbitrary<Purchase> = fc
  .record({
    state: fc.constantFrom<PurchaseState>("pending", "purchased", "canceled", "refunded", "unknown"),
    items: fc.array(oneTimeItem, { minLength: 1, maxLength: 2 }),
    acknowledged: fc.boolean(),
    startedAt: fc.option(moment, { freq: 8 }),
  })
  .map((fields) => oneTime(fields));

const observation: fc.Arbitrary<Observation> = fc.oneof(
  fc
    .record({ orderId, extent: fc.constantFrom("full" as const, "units" as const), at: fc.constant(NOW) })
    .map((order): Observation => ({ kind: "voided", order })),
  fc.constant<Observation>({ kind: "revoked" }),
);

/** One thing that happens: an answer of Google's about a token, with or without a notice; or the worker runs. */
type Event =
  | {
      readonly kind: "sync";
      readonly name: string;
      readonly answer: Purchase;
      readonly observation: Observation | null;
      readonly hours: number;
      readonly runner: string | null;
    }
  | { readonly kind: "work"; readonly fail: boolean; readonly hours: number };

function syncEvent(name: string, answer: fc.Arbitrary<Purchase>): fc.Arbitrary<Event> {
  return fc.record({
    kind: fc.constant("sync" as const),
    name: fc.constant(name),
    answer,
    observation: fc.option(observation, { freq: 2, nil: null }),
    hours: fc.integer({ min: 0, max: 72 }),
    runner: fc.constantFrom(null, "lease"),
  });
}

const life: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    syncEvent("first", subscriptionAnswer()),
    syncEvent("second", subscriptionAnswer("first")),
    syncEvent("third", subscriptionAnswer("second")),
    syncEvent("phone", oneTimeAnswer),
    fc.record({
      kind: fc.constant("work" as const),
      fail: fc.boolean(),
      hours: fc.integer({ min: 0, max: 72 }),
    }),
  ),
  { minLength: 1, maxLength: 12 },
);

/** Plays a life; the shop itself refuses revived rows and events told twice. */
function play(
  events: readonly Event[],
  afterEach: (shop: Shop, again?: () => void) => void = () => {},
): Shop {
  const shop = new Shop();
  for (const event of events) {
    shop.now += event.hours * HOUR;
    if (event.kind === "sync") {
      const { observation, runner } = event;
      const answer = plausible(shop, event.name, event.answer);
      shop.sync(event.name, answer, { observation, runner });
      followUp(shop);
      afterEach(shop, () => {
        shop.sync(event.name, answer, { observation });
        expect(shop.last).toBeNull();
      });
    } else {
      const waiting = slotsOf(shop.customers.get(ANN) ?? null).filter((each) => nextStep(each) === "deliver");
      if (event.fail) for (const each of waiting) shop.fail(each);
      else shop.fulfilAll();
      afterEach(shop);
    }
  }
  return shop;
}

/** What has begun is never pending again, and Google lets nothing take the place of what has not begun. */
function plausible(shop: Shop, name: string, answer: Purchase): Purchase {
  const known = shop.purchases.get(refOf(name, answer.type).id);
  if (known !== undefined && !isWaiting(known) && NOT_YET.has(answer.state)) {
    return { ...answer, state: known.answer === null ? "expired" : "unknown" };
  }
  const link = answer.replaces === null ? null : purchaseRef(PACKAGE, "subscription", answer.replaces).id;
  const old = link === null ? undefined : shop.purchases.get(link);
  return old !== undefined && isWaiting(old) ? { ...answer, state: "pending" } : answer;
}

function isWaiting({ answer }: PurchaseRecord): boolean {
  return answer !== null && NOT_YET.has(answer.state);
}

const NOT_YET: ReadonlySet<PurchaseState> = new Set(["pending", "pending_purchase_canceled", "unknown"]);

/** Runs the syncs that a sync asked for; Google says about those tokens what it said last. */
function followUp(shop: Shop): void {
  for (const name of ["first", "second", "third"]) {
    const known = shop.purchases.get(refOf(name).id);
    const asked = shop.effects.some(
      ({ effect }) => effect.kind === "sync_purchase" && effect.purchaseId === known?.id,
    );
    if (asked && known?.answer) shop.sync(name, known.answer);
  }
}

// ---------------------------------------------------------------- Properties

describe("the sync decision", () => {
  test("is idempotent: what it wrote, decided again, writes nothing", () => {
    fc.assert(
      fc.property(life, (events) => {
        play(events, (_, again) => again?.());
      }),
      { numRuns: 300 },
    );
  });

  test("keeps what the contract promises of entitlements: whatever happens, in any order", () => {
    fc.assert(
      fc.property(life, (events) => {
        play(events, (shop) => {
          for (const row of Object.values(shop.customers.get(ANN)?.entitlements ?? {})) {
            expect(row.updatedAt).toBeLessThanOrEqual(shop.now);
            if (row.active) {
              expect(row.purchaseIds.length).toBeGreaterThan(0);
              if (row.accessUntil !== null) expect(row.accessUntil).toBeGreaterThan(row.updatedAt);
              if (row.accessUntil === null) expect(row.expiresAt).toBeNull();
            } else {
              expect(row.accessUntil).not.toBeNull();
              expect(must(row.accessUntil)).toBeLessThanOrEqual(row.updatedAt);
              expect(["active", "in_grace_period", "canceled", "purchased"]).not.toContain(row.state);
            }
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  test("an entitlement is active exactly while a slot wants it, and a row is open only then", () => {
    fc.assert(
      fc.property(life, (events) => {
        play(events, (shop) => {
          const file = shop.customers.get(ANN) ?? emptyCustomerFile(ANN);
          for (const each of slotsOf(file)) {
            if (each.grant !== null) {
              expect(wantedAccess(each).kind).toBe("active");
              expect(["Pending", "Delivered"]).toContain(each.grant.status);
              expect(shop.grants.get(each.grant.id)).toEqual(each.grant);
            }
          }
          const open = [...shop.grants.values()].filter(
            (row) => row.status === "Pending" || row.status === "Delivered",
          );
          expect(open.map((row) => row.id).sort()).toEqual(
            slotsOf(file)
              .flatMap((each) => each.grant?.id ?? [])
              .sort(),
          );
        });
      }),
      { numRuns: 300 },
    );
  });

  test("in the end the licences that live are those that are wanted", () => {
    fc.assert(
      fc.property(life, (events) => {
        const shop = play(events.filter((event) => event.kind === "sync"));
        shop.fulfilAll();
        for (const each of slotsOf(shop.customers.get(ANN) ?? null)) {
          const wanted = wantedAccess(each);
          const none = each.applied.kind === "none";
          if (wanted.kind === "active")
            expect(each.applied).toEqual({
              kind: "active",
              productId: each.target.productId,
              until: wanted.until,
              spoiled: false,
              unsure: [],
            });
          else expect(none || each.applied.kind === "suspended").toBe(true);
          expect(nextStep(each)).toBe("none");
        }
      }),
      { numRuns: 200 },
    );
  });

  test("one token's slots are never aimed at by a token that it replaced", () => {
    fc.assert(
      fc.property(life, (events) => {
        play(events, (shop) => {
          for (const each of slotsOf(shop.customers.get(ANN) ?? null)) {
            const purchase = must(shop.purchases.get(must(each.target.purchaseId)));
            if (purchase.observations.supersededBy !== null) expect(each.target.access.kind).toBe("ended");
          }
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe("access", () => {
  const rules: AccessRules = { renewalLeewayMs: 72 * HOUR, rentalPeriod: "P5D" };
  const answers = fc.oneof(subscriptionAnswer(), oneTimeAnswer);
  const seen = fc.array(observation, { maxLength: 3 }).map((all) => all.reduce(observe, NO_OBSERVATIONS));

  test("never outlives `until`, and never comes back by the clock alone", () => {
    fc.assert(
      fc.property(answers, seen, moment, (answer, observations, now) => {
        for (const item of answer.items) {
          const access = accessOf(item, answer, observations, rules, now);
          if (access?.kind !== "active") {
            const later = accessOf(item, answer, observations, rules, now + 400 * DAY);
            expect(later?.kind === "active").toBe(false);
            continue;
          }
          if (access.until === null) continue;
          expect(access.until).toBeGreaterThan(now);
          expect(accessOf(item, answer, observations, rules, access.until)?.kind).toBe("ended");
          expect(accessOf(item, answer, observations, rules, access.until - 1)).toEqual(access);
        }
      }),
    );
  });

  test("is never later than Google's end but for the leeway of what renews", () => {
    fc.assert(
      fc.property(subscriptionAnswer(), seen, moment, (answer, observations, now) => {
        for (const item of answer.items) {
          const access = accessOf(item, answer, observations, rules, now);
          if (access?.kind !== "active") continue;
          const extra = must(access.until) - must(item.expiresAt);
          const mayRenew =
            item.autoRenewing === true &&
            !item.leaving &&
            (answer.state === "active" || answer.state === "in_grace_period");
          expect(extra).toBe(mayRenew ? rules.renewalLeewayMs : 0);
        }
      }),
    );
  });
});

describe("the difference", () => {
  test("applied once leaves nothing to do", () => {
    fc.assert(
      fc.property(subscriptionAnswer(), subscriptionAnswer(), (before, after) => {
        const [first, second] = [before, after].map((answer) =>
          desiredGrants(record({ answer }), ANN, [], POLICY, NOW),
        );
        const owned = new Set([record().id]);
        let file = emptyCustomerFile(ANN);
        for (const desired of [must(first), must(second)]) {
          const changes = diffGrants(desired, slotsOf(file), owned).map((command): SlotChange => {
            if (command.kind !== "open") return retarget(command.slot, command.target, NOW);
            const { slotId: id, entitlementId, target: aim } = command.desired;
            // Nothing is delivered here, so what ends leaves at once.
            return retarget(slot({ id, entitlementId, target: aim }), aim, NOW);
          });
          file = changeSlots(file, changes, NOW).customer;
          expect(diffGrants(desired, slotsOf(file), owned)).toEqual([]);
        }
      }),
    );
  });
});

/** entitlement-grants.md section 3. */
const LEGAL: Record<GrantStatus | "none", readonly GrantStatus[]> = {
  none: ["Pending", "Delivered"],
  Pending: ["Pending", "Delivered", "Failed", "Revoked"],
  Delivered: ["Delivered", "Revoked"],
  Failed: [],
  Revoked: [],
};

describe("a slot, whatever is wanted of it and however late what was done is recorded", () => {
  const aim = fc.record({
    access: fc.constantFrom(
      { kind: "active", until: NOW + DAY } as const,
      { kind: "active", until: NOW + 9 * DAY } as const,
      { kind: "active", until: null } as const,
      { kind: "suspended", reason: "subscription_on_hold", detail: null } as const,
      { kind: "ended", reason: "subscription_expired", detail: null } as const,
    ),
    productId: fc.constantFrom("lumen_pro", "lumen_studio"),
    orderId: fc.constantFrom("GPA.1", "GPA.2"),
  });

  /** What happens to a slot. A step is begun, the target may move, and only then is the outcome recorded. */
  const happening = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("aim" as const), aim }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("work" as const),
        outcome: fc.constantFrom("done", "failed", "crashed"),
        meanwhile: fc.array(aim, { maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("block" as const) }) },
  );

  test.each(["in_sync", "at_once", "on_delivery"] as const)(
    "%s: rows move only as they may, each event comes once, and no row shows what was taken back",
    (opens) => {
      fc.assert(
        fc.property(fc.array(happening, { maxLength: 20 }), (happenings) => {
          const statuses = new Map<string, GrantStatus>();
          const told = new Set<string>();
          const revokedKeys = new Set<string>();
          let file = emptyCustomerFile(ANN);
          let current = slot({ opens });

          const keep = (change: SlotChange): void => {
            for (const { before, after } of change.rows) {
              const known = statuses.get(after.id) ?? "none";
              expect(before?.status ?? "none").toBe(known);
              expect(LEGAL[known]).toContain(after.status);
              statuses.set(after.id, after.status);
            }
            const changed = changeSlots(file, [change], NOW);
            for (const event of changed.events) {
              expect(told.has(event.id)).toBe(false);
              told.add(event.id);
            }
            file = changed.customer;
            current = change.slot;
            const shown = current.grant?.status === "Delivered" ? current.grant.licenseKey : null;
            if (shown !== null && current.applied.kind !== "none")
              expect(revokedKeys.has(shown.id)).toBe(false);
          };

          keep(settleRows(current, NOW));
          for (const happening of happenings) {
            if (happening.kind === "aim") keep(retarget(current, target(happening.aim), NOW));
            else if (happening.kind === "block") keep(settleRows({ ...current, blocked: true }, NOW));
            else work(happening.outcome, happening.meanwhile);
          }
          // Left alone, it settles.
          for (let count = 0; nextStep(current) !== "none"; count += 1) {
            expect(count).toBeLessThan(6);
            work("done", []);
          }
          const wanted = wantedAccess(current);
          const expected = wanted.kind === "active" && current.failure === null ? "active" : "not active";
          expect(current.applied.kind === "active" ? "active" : "not active").toBe(expected);
          if (expected === "active")
            expect(current.grant).toMatchObject({
              status: "Delivered",
              productId: current.target.productId,
              licenseKey: current.shown,
            });

          function work(outcome: string, meanwhile: readonly Parameters<typeof target>[0][]): void {
            const step = nextStep(current);
            if (step === "none") return;
            if (step === "abandon") {
              keep({ slot: closeAttempt(current), rows: [] });
              return;
            }
            const begun: Slot = step === "deliver" ? openAttempt(current, "lease") : current;
            keep({ slot: begun, rows: [] });
            if (step === "revoke" && begun.shown !== null) revokedKeys.add(begun.shown.id);
            for (const next of meanwhile) keep(retarget(current, target(next), NOW));
            if (outcome === "crashed") return;
            if (step === "deliver") {
              const id = `key_${begun.attempts}` as never;
              const delivered = { state: { id }, shown: { id, masked: "****" } };
              if (outcome === "done") keep(recordDelivered(current, begun.target.productId, delivered, NOW));
              else keep(recordFailure(current, { code: "c", message: "m" }, NOW));
            } else if (
              outcome === "done" &&
              current.shown?.id === begun.shown?.id &&
              current.applied.kind !== "none"
            ) {
              const wanted = wantedAccess(begun);
              keep(recordApplied(current, step, wanted.kind === "active" ? wanted.until : null, NOW));
            }
          }
        }),
        { numRuns: 500 },
      );
    },
  );
});

test("ids in all that is written reveal no token", () => {
  fc.assert(
    fc.property(life, (events) => {
      const shop = play(events);
      const all = JSON.stringify([
        [...shop.purchases],
        [...shop.customers],
        [...shop.grants],
        shop.events,
        shop.effects,
      ]);
      expect(all).not.toContain("token-of-");
      for (const id of shop.purchases.keys()) expect(id).toMatch(/^pur_[0-9a-f]{32}$/);
      for (const row of shop.grants.values())
        expect([row.id, row.slotId, row.chainId ?? refOf("x").id]).toEqual([
          expect.stringMatching(/^egr_[0-9a-f]{32}$/),
          expect.stringMatching(/^slt_[0-9a-f]{32}$/),
          expect.stringMatching(/^(sub|pur)_[0-9a-f]{32}$/),
        ]);
      for (const event of shop.events)
        expect(event.id).toMatch(/^egr_[0-9a-f]{32}_(created|delivered|failed|revoked)$/);
      for (const { id } of shop.effects) expect(id).toMatch(/^[a-z_]+:(slt|pur|lan)_[0-9a-f]{32}$/);
    }),
    { numRuns: 100 },
  );
});

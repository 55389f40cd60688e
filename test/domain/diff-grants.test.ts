import { describe, expect, test } from "vitest";
import { applyCommands, changeSlots } from "../../src/domain/apply-commands.ts";
import type { Desired } from "../../src/domain/desired-grants.ts";
import { type Command, diffGrants } from "../../src/domain/diff-grants.ts";
import { emptyCustomerFile } from "../../src/domain/entitlements.ts";
import type { PurchaseId, SlotId } from "../../src/domain/ids.ts";
import type { Slot, Target } from "../../src/domain/slot.ts";
import { recordDelivered } from "../../src/domain/slot-record.ts";
import { retarget } from "../../src/domain/slot-rows.ts";
import {
  ANN,
  EXPIRED,
  must,
  NOW,
  ON_HOLD,
  only,
  PACKAGE,
  POLICY,
  refOf,
  slot,
  target,
} from "../support/builders.ts";

const MINE = refOf("mine").id;
const OLD = refOf("old").id;
const OTHER = refOf("other").id;

function id(name: string): SlotId {
  return `slt_${name}` as SlotId;
}

function wish(name: string, aim: Partial<Target> = {}): Desired {
  return { slotId: id(name), entitlementId: "desktop", target: target({ purchaseId: MINE, ...aim }) };
}

function have(name: string, aim: Partial<Target> = {}): Slot {
  return slot({ id: id(name), target: target({ purchaseId: MINE, ...aim }) });
}

function told(commands: readonly Command[]): string[] {
  return commands.map(
    (command) => `${command.kind} ${command.kind === "open" ? command.desired.slotId : command.slot.id}`,
  );
}

function diff(desired: Desired[], slots: Slot[], ...owned: PurchaseId[]): Command[] {
  return diffGrants(desired, slots, new Set(owned.length === 0 ? [MINE] : owned));
}

describe("the difference between what is wanted and what is there", () => {
  test.each<[string, Desired[], Slot[], string[]]>([
    ["nothing of nothing", [], [], []],
    ["as it should be", [wish("a")], [have("a")], []],
    ["new", [wish("a")], [], ["open slt_a"]],
    ["new, but not open", [wish("a", { access: ON_HOLD }), wish("b", { access: EXPIRED })], [], []],
    ["another end", [wish("a")], [have("a", { expiresAt: NOW })], ["retarget slt_a"]],
    ["on hold", [wish("a", { access: ON_HOLD })], [have("a")], ["close slt_a"]],
    ["back from hold", [wish("a")], [have("a", { access: ON_HOLD })], ["retarget slt_a"]],
    ["over", [wish("a", { access: EXPIRED })], [have("a")], ["close slt_a"]],
    ["no longer given", [], [have("a")], ["close slt_a"]],
    ["no longer given, and ended before", [], [have("a", { access: EXPIRED })], []],
    [
      "closes come before all else",
      [wish("new"), wish("keep", { orderId: "GPA.2" }), wish("gone", { access: EXPIRED })],
      [have("keep"), have("gone"), have("dropped")],
      ["close slt_dropped", "close slt_gone", "open slt_new", "retarget slt_keep"],
    ],
  ])("%s", (_, desired, slots, expected) => expect(told(diff(desired, slots))).toEqual(expected));

  test("what is no longer given at all ends as a plan change, and renews no more", () => {
    const command = only(diff([], [have("a")]));
    expect(command).toMatchObject({
      target: {
        access: { kind: "ended", reason: "plan_changed", detail: null },
        willRenew: false,
        purchaseId: MINE,
      },
    });
  });

  describe("slots that another purchase aims at", () => {
    const theirs = [have("a", { purchaseId: OTHER })];
    test("are left alone", () => expect(diff([], theirs)).toEqual([]));
    test("are not closed by an older token's end", () =>
      expect(diff([wish("a", { access: EXPIRED })], theirs)).toEqual([]));
    test("are not suspended by it either", () =>
      expect(diff([wish("a", { access: ON_HOLD })], theirs)).toEqual([]));
    test("are taken over by one that gives access", () =>
      expect(told(diff([wish("a")], theirs))).toEqual(["retarget slt_a"]));
  });

  test("the purchase it replaces has its slots closed in the same breath", () => {
    const slots = [
      have("a", { purchaseId: OLD }),
      have("b", { purchaseId: OLD }),
      have("c", { purchaseId: OTHER }),
    ];
    expect(told(diff([wish("a")], slots, MINE, OLD))).toEqual(["close slt_b", "retarget slt_a"]);
    expect(told(diff([wish("a", { access: ON_HOLD })], slots, MINE, OLD))).toEqual([
      "close slt_b",
      "close slt_a",
    ]);
  });
});

describe("commands turned into changes", () => {
  const file = (...slots: Slot[]) => ({
    ...emptyCustomerFile(ANN),
    slots: Object.fromEntries(slots.map((each) => [each.id, each])),
  });
  const apply = (commands: Command[], slots: Slot[] = [], closed = {}) =>
    applyCommands(commands, file(...slots), closed, PACKAGE, POLICY.catalog, NOW);

  test("a new slot is what the catalogue says it is", () => {
    const change = apply([{ kind: "open", desired: wish("a") }]);
    expect(only(change.changed)).toEqual(have("a"));
    expect(change.customer.slots[id("a")]).toEqual(have("a"));
    expect(only(change.entitlements)).toMatchObject({ entitlementId: "desktop", active: true });
  });

  test("a slot that had left comes back with its past", () => {
    const closed = { [id("a")]: { generation: 3, attempts: 5, blocked: true } };
    const change = apply([{ kind: "open", desired: wish("a") }], [], closed);
    expect(only(change.changed)).toMatchObject({ generation: 3, attempts: 5, blocked: true });
    expect(change.events).toEqual([]);
  });

  test("an entitlement that left the catalogue can't be opened any more", () => {
    const change = apply([{ kind: "open", desired: { ...wish("a"), entitlementId: "gone" } }]);
    expect(change).toEqual({
      customer: emptyCustomerFile(ANN),
      changed: [],
      entitlements: [],
      grants: [],
      events: [],
    });
  });

  test("a slot that settles leaves the file, and its entitlement says why", () => {
    const change = apply(
      [
        {
          kind: "close",
          slot: have("a"),
          target: must(wish("a", { access: EXPIRED, state: "expired" })).target,
        },
      ],
      [have("a")],
    );
    expect(change.customer.slots).toEqual({});
    expect(only(change.changed).target.access).toEqual(EXPIRED);
    expect(only(change.entitlements)).toMatchObject({ active: false, state: "expired", accessUntil: NOW });
    expect(change.customer.entitlements).toEqual({ desktop: only(change.entitlements) });
  });

  test("revokes are told before all else, whatever the order of the slots", () => {
    const opening = retarget(slot({ id: id("new"), opens: "in_sync" }), target(), NOW);
    const given = recordDelivered(
      slot({ id: id("old") }),
      "lumen_pro",
      { state: null, shown: null },
      NOW,
    ).slot;
    const closing = retarget(given, target({ access: EXPIRED }), NOW);
    const change = changeSlots(file(given), [opening, closing], NOW);
    expect(change.events.map((event) => event.type)).toEqual([
      "entitlement_grant.revoked",
      "entitlement_grant.created",
      "entitlement_grant.delivered",
    ]);
    expect(change.events.every((event) => event.occurredAt === NOW)).toBe(true);
  });

  test("of a row that changes twice in one commit the last is kept", () => {
    const role = slot({ opens: "at_once", integrationType: "discord" });
    const opened = retarget(role, target(), NOW);
    const given = recordDelivered(opened.slot, "lumen_pro", { state: null, shown: null }, NOW);
    const change = changeSlots(file(), [{ slot: given.slot, rows: [...opened.rows, ...given.rows] }], NOW);
    expect(only(change.grants).status).toBe("Delivered");
  });

  test("entitlements that did not change are not written", () => {
    const change = apply([{ kind: "open", desired: wish("a") }]);
    const again = changeSlots(change.customer, [], NOW + 1);
    expect(again.entitlements).toEqual([]);
    expect(again.customer).toEqual(change.customer);
  });
});

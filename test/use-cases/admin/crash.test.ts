import { describe, expect, it } from "vitest";
import { AppError, OutsideError } from "../../../src/domain/errors.ts";
import { reviewId } from "../../../src/domain/ids.ts";
import { DAY } from "../../../src/domain/instant.ts";
import { answerReview } from "../../../src/use-cases/admin/answer-review.ts";
import { giveGrant } from "../../../src/use-cases/admin/give-grant.ts";
import { retryGrant } from "../../../src/use-cases/admin/retry-grant.ts";
import { revokeGrant } from "../../../src/use-cases/admin/revoke-grant.ts";
import { ANN, must, NOW, oneTime, PACKAGE, token } from "../../support/builders.ts";
import { createWorld, type Fate, type Process, type World } from "../../support/ports.ts";
import { eventCounts, findLicenceFaults, googleSays, verify } from "../support/acts.ts";

/** What a person does, whose process may die under it; the person tries once more. */
interface Deed {
  readonly name: string;
  before(world: World): Promise<void>;
  act(world: World, by: Process): Promise<unknown>;
}

const desktopOf = (world: World) =>
  must([...world.memory.tables.grants.values()].find(({ entitlementId }) => entitlementId === "desktop")).id;

async function sold(world: World): Promise<void> {
  googleSays(world, "first", oneTime());
  const shop = world.process();
  await verify(world, shop, "first");
  await shop.settle();
}

const DEEDS: readonly Deed[] = [
  {
    name: "giving a licence",
    before: async () => undefined,
    act: (_world, { ports }) =>
      giveGrant(ports, { customerId: ANN, entitlementId: "desktop", expiresAt: null, note: null }, "eve"),
  },
  {
    name: "revoking a licence",
    before: sold,
    act: (world, { ports }) => revokeGrant(ports, desktopOf(world), "eve"),
  },
  {
    name: "retrying a licence",
    before: async (world) => {
      world.licenses.failNext("issue", new OutsideError("refused", "keythai_quota_exceeded", "Full."));
      await sold(world);
    },
    act: (world, { ports }) =>
      retryGrant(ports, desktopOf(world), "eve").catch((error) => {
        // The first try was heard after all.
        if (!(error instanceof AppError) || error.code !== "grant_not_failed") throw error;
      }),
  },
  {
    name: "answering a refund review",
    before: async (world) => {
      const review = { packageName: PACKAGE, orderId: "GPA.1", refundReason: null, receivedAt: NOW };
      const pendingRefundToken = token("refund");
      await world.memory.intake.addRefundReview({ ...review, pendingRefundToken, answerBy: NOW + DAY });
    },
    act: (_world, { ports }) => answerReview(ports, reviewId(token("refund")), "decline", "eve"),
  },
];

/** How everything stands at the end. Google may hear an answer twice: it counts the first. */
async function outcome(world: World) {
  const { grants, refundReviews } = world.memory.tables;
  return {
    faults: await findLicenceFaults(world),
    events: eventCounts(world),
    grants: [...grants.values()].map(({ id, status }) => `${id} ${status}`).sort(),
    held: Object.values(world.customer(ANN).entitlements).map((row) => [row.entitlementId, row.active]),
    reviews: [...refundReviews.values()].map(({ preference, answeredAt }) => [
      preference,
      answeredAt !== null,
    ]),
    told: new Set(world.play.reviews.map(({ preference }) => preference)),
    deeds: new Set(
      world.memory.tables.audit.flatMap(({ actor, changes }) => (actor === "eve" ? changes[0]?.summary : [])),
    ),
    left: [...world.memory.tables.outbox.keys()],
  };
}

async function unharmed({ before, act }: Deed) {
  const world = createWorld();
  await before(world);
  const by = world.process();
  await world.run(act(world, by));
  await world.clock.idle();
  const calls = by.calls.length;
  await world.process().settle();
  return { calls, end: await outcome(world) };
}

async function struck({ before, act }: Deed, fate: Fate): Promise<World> {
  const world = createWorld();
  await before(world);
  const victim = world.process({ fate });
  act(world, victim).catch(() => undefined);
  await world.clock.idle();
  world.clock.advance(world.settings.leaseMs + 1);
  const heir = world.process();
  await world.run(act(world, heir));
  await world.clock.idle();
  await heir.settle();
  victim.thaw();
  await world.clock.idle();
  await heir.settle();
  return world;
}

describe.each(DEEDS)("$name", (deed) => {
  it.each(["dies_before", "dies_after", "freezes_before", "freezes_after"] as const)(
    "ends alike when the process %s any of its calls",
    async (kind) => {
      const { calls, end } = await unharmed(deed);
      expect(calls).toBeGreaterThan(3);
      for (let at = 1; at <= calls; at += 1) {
        const world = await struck(deed, { at, kind });
        expect({ at, ...(await outcome(world)) }).toEqual({ at, ...end });
      }
    },
  );
});

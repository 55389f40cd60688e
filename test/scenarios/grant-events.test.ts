import { describe, expect, it } from "vitest";
import type { Grant } from "../../src/domain/grant.ts";
import { DAY } from "../../src/domain/instant.ts";
import { giveGrant } from "../../src/use-cases/admin/give-grant.ts";
import { retryGrant } from "../../src/use-cases/admin/retry-grant.ts";
import { revokeGrant } from "../../src/use-cases/admin/revoke-grant.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import { customer, must } from "../support/builders.ts";
import type { Fate } from "../support/life.ts";
import type { TakenLetter } from "../world/mailbox.ts";
import { deduplicated, type Received, readBody } from "../world/receivers.ts";
import type { Replica } from "../world/replica.ts";
import { PACKAGE } from "../world/shop.ts";
import { createWorld, type World } from "../world/world.ts";

/**
 * Every way of a grant through its state machine (entitlement-grants.md section 3) that our integrations can go, with a
 * process that dies at each of its calls in turn. Whoever comes after it finishes the work; in the end the owner's systems
 * and the customer have been told the same as if nothing had happened.
 */
interface Story {
  readonly name: string;
  /** What happened before, all in good order. @returns What the act is about. */
  before(world: World): Promise<string>;
  /** What happens now; whoever did it does it again when it wasn't heard. */
  act(world: World, by: Replica, about: string): Promise<unknown>;
  /** What Google does, once. */
  google?(world: World, about: string): void;
  /** What the act brings about, in words; the rows of features and licences alike. */
  readonly tells: readonly string[];
}

const DEDUPLICATES = "https://careful.example/hook";
const COLLECTS = "https://naive.example/hook";
const ANN = customer("ann");

function buy(world: World, productId: string, more = {}): string {
  return world.sandbox.play.buy({ uid: "ann", packageName: PACKAGE, productId, ...more }).purchaseToken;
}

/** Bought, verified, and all that follows done. */
async function owned(world: World, productId: string, more = {}): Promise<string> {
  const token = buy(world, productId, more);
  await world.verify("ann", productId, token);
  await world.settle();
  return token;
}

const plan = { basePlanId: "monthly", periodDays: 30 };
const refuseLicences = (world: World) => {
  world.trouble = ({ service, what }) =>
    service === "keythai" && what.startsWith("POST") ? { kind: "status", status: 403 } : null;
};
const brought = (world: World, by: Replica) => world.deliverDue(by);
const grantOf = async (world: World, entitlementId: string): Promise<Grant> =>
  must((await world.dump()).grants.filter((grant) => grant.entitlementId === entitlementId).at(-1));

const stories: readonly Story[] = [
  {
    name: "(none) → Pending → Delivered and (none) → Delivered: a purchase",
    before: async (world) => buy(world, "lifetime"),
    act: (world, by, token) => world.verify("ann", "lifetime", token, by),
    tells: ["desktop created", "desktop delivered", "premium created", "premium delivered"],
  },
  {
    name: "the same for several units",
    before: async (world) => buy(world, "seats", { quantity: 2 }),
    act: (world, by, token) => world.verify("ann", "seats", token, by),
    tells: ["seat created", "seat created", "seat delivered", "seat delivered"],
  },
  {
    name: "Pending → Failed: a licence that is refused",
    before: async (world) => {
      refuseLicences(world);
      return buy(world, "lifetime");
    },
    act: (world, by, token) => world.verify("ann", "lifetime", token, by),
    tells: ["desktop created", "desktop failed", "premium created", "premium delivered"],
  },
  {
    name: "a failed one tried again: another row",
    before: async (world) => {
      refuseLicences(world);
      await owned(world, "lifetime");
      world.trouble = null;
      return (await grantOf(world, "desktop")).id;
    },
    act: (world, by, id) => world.until(by, retryGrant(by.ports, id, "owner")),
    tells: ["desktop created", "desktop delivered"],
  },
  {
    name: "Failed → Revoked: by hand",
    before: async (world) => {
      refuseLicences(world);
      await owned(world, "lifetime");
      return (await grantOf(world, "desktop")).id;
    },
    act: (world, by, id) => world.until(by, revokeGrant(by.ports, id, "owner")),
    tells: ["desktop revoked"],
  },
  {
    name: "Delivered → Revoked: by hand",
    before: async (world) => {
      await owned(world, "lifetime");
      return (await grantOf(world, "desktop")).id;
    },
    act: (world, by, id) => world.until(by, revokeGrant(by.ports, id, "owner")),
    tells: ["desktop revoked"],
  },
  {
    name: "Delivered → Revoked: a hold",
    before: (world) => owned(world, "plan", plan),
    google: (world, token) => void world.sandbox.play.act(token, "hold"),
    act: brought,
    tells: ["premium revoked", "studio revoked"],
  },
  {
    name: "a recovery: other rows, the same key",
    before: async (world) => {
      const token = await owned(world, "plan", plan);
      world.sandbox.play.act(token, "hold");
      await world.settle();
      return token;
    },
    google: (world, token) => void world.sandbox.play.act(token, "recover"),
    act: brought,
    tells: ["premium created", "premium delivered", "studio created", "studio delivered"],
  },
  {
    name: "a change of plan: the old rows end, others begin",
    before: (world) => owned(world, "plan", plan),
    google: (world, token) =>
      void world.sandbox.play.act(token, "change_plan", { productId: "plan_max", ...plan }),
    act: brought,
    tells: [
      "extra created",
      "extra delivered",
      "premium created",
      "premium delivered",
      "premium revoked",
      "studio created",
      "studio delivered",
      "studio revoked",
    ],
  },
  {
    name: "Delivered → Revoked: an end",
    before: (world) => owned(world, "plan", plan),
    google: (world, token) => void world.sandbox.play.act(token, "expire"),
    act: brought,
    tells: ["premium revoked", "studio revoked"],
  },
  {
    name: "Delivered → Revoked: a refund",
    before: (world) => owned(world, "lifetime"),
    google: (world, token) => void world.sandbox.play.act(token, "refund"),
    act: brought,
    tells: ["desktop revoked", "premium revoked"],
  },
  {
    name: "a gift",
    before: async () => "desktop",
    act: (world, by, entitlementId) =>
      world.until(
        by,
        giveGrant(by.ports, { customerId: ANN, entitlementId, expiresAt: null, note: null }, "owner"),
      ),
    tells: ["desktop created", "desktop delivered"],
  },
  {
    name: "a gift's end",
    before: async (world) => {
      const expiresAt = world.clock.now() + DAY;
      const request = { customerId: ANN, entitlementId: "premium", expiresAt, note: null };
      const [by] = world.replicas;
      await world.until(must(by), giveGrant(must(by).ports, request, "owner"));
      await world.settle();
      return "premium";
    },
    google: (world) => world.clock.advance(DAY + 1),
    act: (world, by) => world.until(by, runDueEffects(by.ports, 10)),
    tells: ["premium revoked"],
  },
];

interface Told {
  readonly world: World;
  readonly victim: Replica;
  /** What came since the act began. */
  readonly at: (url: string) => Received[];
  readonly letters: readonly TakenLetter[];
}

/** Plays a story; a process may die over it. */
async function play(story: Story, fate: Fate | null): Promise<Told> {
  const world = createWorld({ mail: true });
  world.contacts.set("ann", { email: "ann@example.com", language: null });
  world.addresses.set("ann", "ann@example.com");
  for (const url of [DEDUPLICATES, COLLECTS]) await world.listen(url);
  const about = await story.before(world);
  const told = world.receivers.received.length;
  const mailed = world.mailbox.letters.length;
  story.google?.(world, about);
  const victim = world.start();
  if (fate !== null) victim.strike(fate.kind, fate.at);
  await story.act(world, victim, about);
  // It has until its leases run out, or for ever.
  const heir = world.start();
  if (victim.state === "dead") await story.act(world, heir, about).catch(() => undefined);
  await world.settle(heir);
  return {
    world,
    victim,
    at: (url) => world.receivers.received.slice(told).filter((one) => one.url === url),
    letters: world.mailbox.letters.slice(mailed),
  };
}

async function inWords(world: World, received: readonly Received[]): Promise<string[]> {
  const { grants } = await world.dump();
  return received.map(({ body }) => {
    const { grantId, type } = readBody(body);
    return `${must(grants.find(({ id }) => id === grantId)).entitlementId} ${type}`;
  });
}

/** The events that a row's history calls for, in their order. */
function historyOf({ deliveredAt, failure, revokedAt }: Grant): string[] {
  return [
    "created",
    ...(deliveredAt === null ? [] : ["delivered"]),
    ...(failure === null ? [] : ["failed"]),
    ...(revokedAt === null ? [] : ["revoked"]),
  ];
}

/** Of all that a deduplicating receiver has ever heard, each row's events: those of its history, once, in order. */
async function faultsOfRows({ world }: Told): Promise<string[]> {
  const heard = deduplicated(world.receivers.at(DEDUPLICATES)).map(({ body }) => readBody(body));
  const { grants } = await world.dump();
  return grants.flatMap((grant) => {
    const types = heard.filter(({ grantId }) => grantId === grant.id).map(({ type }) => type);
    const should = historyOf(grant);
    return types.join() === should.join() ? [] : [`${grant.id}: ${types.join()} and not ${should.join()}`];
  });
}

/** Repetitions are of what was under way when the process died, at most one for each endpoint, and byte for byte the same. */
async function faultsOfRepetitions({ world, victim, at }: Told): Promise<string[]> {
  const { deliveries } = await world.dump();
  return [DEDUPLICATES, COLLECTS].flatMap((url) => {
    const received = at(url);
    const copies = Map.groupBy(received, ({ id }) => id);
    const repeated = [...copies].filter(([, all]) => all.length > 1);
    const unlike = repeated.filter(([, all]) => new Set(all.map(({ body }) => body)).size > 1);
    const recorded = repeated.filter(
      ([id, all]) =>
        deliveries.some(({ eventId, attempts }) => eventId === id && attempts.length >= all.length) &&
        !deliveries.some(({ eventId, attempts }) => eventId === id && attempts.length < all.length),
    );
    const sent = victim.state === "dead" && victim.calls.includes("webhooks.send");
    return [
      ...unlike.map(([id]) => `${id} was sent with two bodies`),
      ...recorded.map(([id]) => `${id} was sent again though it was recorded`),
      ...(repeated.length > (sent ? 1 : 0) ? [`${repeated.length} repetitions at ${url}`] : []),
    ];
  });
}

/** By what they tell, copies counted once. */
function lettersOf({ letters }: Told): string[] {
  return [...new Map(letters.map(({ id, kind }) => [id, kind])).values()].toSorted();
}

/** A key goes out under one Message-ID, and is the one that its row shows; a second copy only where its record was lost. */
async function faultsOfLetters({ world, victim, letters }: Told): Promise<string[]> {
  const { licenseKeys } = await world.dump();
  const byKey = Map.groupBy(
    letters.filter(({ key }) => key !== null),
    ({ key }) => key,
  );
  const ids = [...byKey].map(([, all]) => new Set(all.map(({ id }) => id)));
  const strange = ids.filter((each) => !licenseKeys.some(({ id }) => each.has(`${id}_delivered` as never)));
  const distinct = new Set(letters.map(({ id }) => id)).size;
  const copies = letters.length - distinct;
  const sent = victim.state === "dead" && victim.calls.includes("mailer.send");
  return [
    ...ids.filter((each) => each.size > 1).map((each) => `one key, ${each.size} Message-IDs`),
    ...strange.map(() => "a key that nobody holds was mailed"),
    ...(copies > (sent ? distinct : 0) ? [`${copies} copies`] : []),
  ];
}

describe.each(stories)("$name", (story) => {
  it("is told as it happened", async () => {
    const told = await play(story, null);
    const words = await inWords(told.world, told.at(COLLECTS));
    expect(words.toSorted()).toEqual(story.tells);
    expect(await inWords(told.world, told.at(DEDUPLICATES))).toEqual(words);
    expect(await faultsOfRows(told)).toEqual([]);
  });

  it.each(["dies_before", "dies_after"] as const)(
    "is told the same when a process %s at any of its calls",
    async (kind) => {
      const calm = await play(story, null);
      expect(calm.victim.calls.length).toBeGreaterThan(5);
      for (let at = 1; at <= calm.victim.calls.length; at += 1) {
        const told = await play(story, { at, kind });
        expect({ at, state: told.victim.state }).toEqual({ at, state: "dead" });
        const words = await inWords(told.world, deduplicated(told.at(COLLECTS)));
        expect({ at, words: words.toSorted() }).toEqual({ at, words: story.tells });
        expect({ at, rows: await faultsOfRows(told) }).toEqual({ at, rows: [] });
        expect({ at, repetitions: await faultsOfRepetitions(told) }).toEqual({ at, repetitions: [] });
        expect({ at, letters: lettersOf(told) }).toEqual({ at, letters: lettersOf(calm) });
        expect({ at, letters: await faultsOfLetters(told) }).toEqual({ at, letters: [] });
      }
    },
  );
});

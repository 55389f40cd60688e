import { DAY, type Instant } from "../../src/domain/instant.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import type { Sweep } from "../../src/use-cases/sweep.ts";
import { createSweeps } from "../../src/use-cases/sweeps.ts";
import { type CostedShop, NOTHING_SPENT, plus, type Spent } from "./costed-shop.ts";

/** What passing time cost, by what it was spent on, and how often. */
export type Ledger = Readonly<Record<string, { readonly times: number; readonly spent: Spent }>>;

/** Later than anything here. */
const FOREVER = Date.UTC(2100, 0);
/** Looked after by a sweep from then on: src/use-cases/sweep-unacknowledged.ts. */
const ACKNOWLEDGED_WITHIN = 2 * DAY;
const MAX_AT_ONE_MOMENT = 20;

/**
 * Time passes, and all that falls due on the way happens at its moment: what Google does by itself, its notices, effects
 * and sweeps. Looks in vain are not part of it.
 */
export async function passTime(shop: CostedShop, until: Instant): Promise<Ledger> {
  const ledger: Record<string, { times: number; spent: Spent }> = {};
  const book = async (name: string, run: () => Promise<unknown>) => {
    const spent = await shop.spend(run);
    const { times, spent: before } = ledger[name] ?? { times: 0, spent: NOTHING_SPENT };
    ledger[name] = { times: times + 1, spent: plus(before, spent) };
  };
  const sweeps = new Map(createSweeps().map((sweep) => [sweep.name, sweep]));
  let stuck = 0;
  for (;;) {
    const next = await nextMoment(shop);
    stuck = next.at <= shop.now() ? stuck + 1 : 0;
    if (stuck > MAX_AT_ONE_MOMENT) throw new Error(`${next.what} is due again and again`);
    if (next.at > until) {
      shop.moveTo(until);
      return ledger;
    }
    shop.moveTo(next.at);
    await happen(shop, sweeps.get(next.what), next.what, book);
  }
}

type Book = (name: string, run: () => Promise<unknown>) => Promise<void>;

async function happen(shop: CostedShop, sweep: Sweep | undefined, what: string, book: Book): Promise<void> {
  shop.sandbox.play.tick();
  const notices = await shop.notices();
  for (const notice of notices) await book("notices", () => shop.send(notice));
  if (what === "effects") await book(what, () => runDueEffects(shop.ports, 50));
  // Where a notice has just told it all, a sweep has nothing left to find.
  else if (sweep !== undefined && notices.length === 0) await book(what, () => sweep.run(shop.ports));
}

interface Moment {
  readonly at: Instant;
  /** `google`, `effects`, or a sweep by its name. */
  readonly what: string;
}

/** The soonest; looked for beside the counting. */
async function nextMoment({ sandbox, ports }: CostedShop): Promise<Moment> {
  const { records, sweepRecords, outbox, store } = ports;
  const [[ref], [key], [open], { oldestDueAt }] = await Promise.all([
    records.dueForSync(FOREVER, 1),
    sweepRecords.keysToCheck(FOREVER, 1),
    sweepRecords.unacknowledged(0, FOREVER, 1),
    outbox.backlog(FOREVER),
  ]);
  const ids = { purchaseId: ref?.id ?? null, relatedId: null, customerId: null, formerId: null };
  const purchase = ref === undefined ? null : (await store.load(ids)).file.purchase;
  const moments: { readonly at: Instant | null | undefined; readonly what: string }[] = [
    { at: sandbox.play.nextAt(), what: "google" },
    { at: oldestDueAt, what: "effects" },
    { at: purchase?.nextSyncAt, what: "due" },
    { at: key?.checkAt, what: "licenses" },
    { at: open === undefined ? null : open.acknowledgeBy - ACKNOWLEDGED_WITHIN, what: "unacknowledged" },
  ];
  const known = moments.map(({ at, what }): Moment => ({ at: at ?? FOREVER, what }));
  return known.reduce((first, other) => (other.at < first.at ? other : first));
}

export function total(ledger: Ledger): Spent {
  return Object.values(ledger)
    .map(({ spent }) => spent)
    .reduce(plus, NOTHING_SPENT);
}

import { AppError } from "../../src/domain/errors.ts";
import { HOUR, type Instant, MINUTE } from "../../src/domain/instant.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import type { Sweep } from "../../src/use-cases/sweep.ts";
import type { WorldClock } from "./clock.ts";
import type { NoticeChannel } from "./notices.ts";
import type { Replica } from "./replica.ts";
import type { Storage } from "./storage.ts";
import { createForesight, nextEffect } from "./sweeps.ts";

export interface TimeParts {
  readonly clock: WorldClock;
  /** Itself, past all trouble. */
  readonly storage: Storage;
  readonly channel: NoticeChannel;
  readonly lastVoid: () => Instant | null;
  /** Lets Google do what falls due by now, of itself. */
  google(): void;
  /** When Google next does something of itself; null: never. */
  googleNext(): Instant | null;
  alive(): Replica;
  until<T>(by: Replica, work: Promise<T>): Promise<T | undefined>;
  deliverDue(by?: Replica): Promise<number>;
}

/** Many more than anything needs. */
const MAX_ROUNDS = 5_000;
/** What a lease of somebody dead is waited for at once, in ms. */
const STEP_MS = 1_000;
/** What is put off for longer is no retry but an appointment: the end of a gift. */
const RETRY_WITHIN = 12 * HOUR;

/** How time passes in a world, and what a worker does meanwhile. */
export function createTime(parts: TimeParts) {
  const { clock, storage, channel, lastVoid, alive, until, deliverDue, google, googleNext } = parts;
  const sweptAt = new Map<string, Instant>();
  const startedAt = clock.now();
  const foresight = createForesight({ storage, lastVoid });

  /** When a sweep runs next: as often as it says, and only when there is something for it. */
  async function nextSweep({ name, everyMs }: Sweep): Promise<Instant | null> {
    const earliest = (sweptAt.get(name) ?? startedAt - everyMs) + everyMs;
    const seen = foresight[name];
    if (seen === undefined) return earliest;
    const next = await seen();
    return next === null ? null : Math.max(next, earliest);
  }

  /** A worker that the store fails says so in its log, and comes again. */
  async function work(by: Replica, task: (by: Replica) => Promise<unknown>): Promise<unknown> {
    try {
      return await until(by, task(by));
    } catch (error) {
      if (error instanceof AppError && error.retryable) return undefined;
      throw error;
    }
  }

  /** Runs the sweeps that are due. @returns How many ran, and when the others are. */
  async function sweepDue(by: Replica): Promise<{ ran: number; later: Instant[] }> {
    const next = await Promise.all(by.sweeps.map(nextSweep));
    const later: Instant[] = [];
    let ran = 0;
    for (const [index, sweep] of by.sweeps.entries()) {
      const at = next[index] ?? null;
      if (at === null) continue;
      if (at > clock.now()) later.push(at);
      else {
        sweptAt.set(sweep.name, clock.now());
        await work(by, ({ ports }) => sweep.run(ports));
        ran += 1;
      }
    }
    return { ran, later };
  }

  /** Everything that is due by now, and what follows from it at once. @returns When sweeps are due next. */
  async function runDue(by?: Replica): Promise<Instant[]> {
    for (let round = 0; ; round += 1) {
      if (round > MAX_ROUNDS) throw new Error("what is due never comes to an end");
      google();
      const came = await deliverDue(by);
      const effects = await work(by ?? alive(), ({ ports }) => runDueEffects(ports, 100));
      const { ran, later } = await sweepDue(by ?? alive());
      if (came + Number(effects ?? 0) + ran === 0) return later;
    }
  }

  async function nextMoments(): Promise<Instant[]> {
    const moments = [await nextEffect(storage), channel.nextAt()];
    return moments.filter((moment) => moment !== null);
  }

  /** What is due already and still there is leased to somebody: its lease has to run out. */
  async function waitFor(moment: Instant): Promise<void> {
    if (moment > clock.now()) clock.advance(moment - clock.now());
    else await clock.outwait(STEP_MS);
  }

  return {
    async settle(by?: Replica): Promise<void> {
      for (let round = 0; ; round += 1) {
        if (round > MAX_ROUNDS) throw new Error("it never settles");
        const resting = (await runDue(by)).filter((moment) => moment <= clock.now() + MINUTE);
        const near = (await nextMoments()).filter((moment) => moment - clock.now() <= RETRY_WITHIN);
        const next = [...near, ...resting];
        if (next.length === 0) return;
        await waitFor(Math.min(...next));
      }
    },

    async pass(ms: number, by?: Replica): Promise<void> {
      const end = clock.now() + ms;
      for (;;) {
        const sweeps = await runDue(by);
        const moments = [...(await nextMoments()), ...sweeps, googleNext() ?? end];
        const next = Math.min(end, ...moments);
        if (next >= end && clock.now() >= end) return;
        await waitFor(next);
      }
    },
  };
}

import { setTimeout as wait } from "node:timers/promises";
import type { Instant } from "../../src/domain/instant.ts";
import type { Clock } from "../../src/ports.ts";
import { VirtualClock } from "../use-cases/support/virtual-clock.ts";

/** The time of a world, moved forward by whoever plays in it. */
export interface WorldClock extends Clock {
  advance(ms: number): void;
  /** The outcome of something. Virtual time passes whenever all waits for it; real time passes by itself. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** Lets pass the time after which another process's lease is over. */
  outwait(ms: number): Promise<void>;
}

/** Time that stands still unless told otherwise: for a store in memory. */
export function virtualClock(start: Instant): WorldClock {
  const clock = new VirtualClock(start);
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms) => clock.sleep(ms),
    advance: (ms) => clock.advance(ms),
    run: (promise) => clock.run(promise),
    outwait: async (ms) => clock.advance(ms),
  };
}

/**
 * Real time whose date is moved forward at will: for the Firestore emulator, which tells by its own clock how old a lease
 * is.
 */
export function shiftedClock(start: Instant): WorldClock {
  const base = start - performance.now();
  let ahead = 0;
  return {
    now: () => Math.floor(base + ahead + performance.now()),
    monotonic: () => performance.now(),
    sleep: (ms) => wait(ms, undefined, { ref: false }),
    advance: (ms) => {
      ahead += ms;
    },
    run: (promise) => promise,
    outwait: (ms) => wait(Math.min(ms, 250)),
  };
}

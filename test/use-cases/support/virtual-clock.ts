import { setImmediate as turn } from "node:timers/promises";
import type { Instant } from "../../../src/domain/instant.ts";
import type { Clock } from "../../../src/ports.ts";

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** Longest pause that {@link VirtualClock.idle} lets pass: those of a store between two tries. */
const SHORT_MS = 100;

/**
 * Time that passes only when it is told to, or when all that runs is waiting for it: what a test sees does not depend on
 * how fast the machine is. Works for code whose every wait is this clock's.
 */
export class VirtualClock implements Clock {
  #elapsed = 0;
  readonly #start: Instant;
  readonly #sleepers = new Set<Sleeper>();

  constructor(start: Instant) {
    this.#start = start;
  }

  now(): Instant {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers.add({ at: this.#elapsed + ms, wake: resolve });
    return promise;
  }

  advance(ms: number): void {
    const until = this.#elapsed + ms;
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.#sleepers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.wake();
    }
    this.#elapsed = until;
  }

  advanceTo(instant: Instant): void {
    if (instant > this.now()) this.advance(instant - this.now());
  }

  /** The outcome of something; whenever it waits for time, time passes. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    for (let quiet = 0; !settled; quiet += 1) {
      await turn();
      const next = this.#next();
      if (settled || next === undefined) {
        if (quiet > 1_000) throw new Error("it waits for something that never comes");
        continue;
      }
      quiet = 0;
      this.advance(Math.max(0, next.at - this.#elapsed));
    }
    return promise;
  }

  /** Lets everything go on until it waits for more than a moment. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet += 1) {
      await turn();
      const next = this.#next();
      if (next === undefined || next.at - this.#elapsed > SHORT_MS) continue;
      quiet = 0;
      this.advance(Math.max(0, next.at - this.#elapsed));
    }
  }

  #next(): Sleeper | undefined {
    return [...this.#sleepers].sort((a, b) => a.at - b.at)[0];
  }
}

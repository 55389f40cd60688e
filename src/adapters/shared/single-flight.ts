import type { Join } from "../../ports.ts";

/**
 * Runs something for a key; see {@link createNextFlight}.
 *
 * @param run Called at most once. Of several calls that share a run, the one with the highest rank gives it.
 * @param rank Higher goes first (0). Of equals the call that came first gives the run.
 */
export type NextFlight<T> = (key: string, run: () => Promise<T>, rank?: number) => Promise<T>;

interface Boarding<T> extends PromiseWithResolvers<T> {
  run: () => Promise<T>;
  rank: number;
}

/**
 * Lets calls for one key share a run, but never one that had begun before they came: what a call gets was fetched
 * after it asked (architecture rule 6). The first call runs at once; all that come while it runs share the next run,
 * which starts when that one ends, well or badly. Twenty calls at once are thus two runs at most, and there is never
 * more than one at a time for a key.
 *
 * All sharers get the same value, so treat it as read-only, or the same error. An error ends only its own run. A key
 * at rest takes no memory.
 *
 * @example
 * const flight = createNextFlight<Answer>();
 * const answer = await flight(purchaseId, () => ask(purchaseId));
 */
export function createNextFlight<T>(): NextFlight<T> {
  /** A key is here while a run is under way; the value is what starts after it. */
  const lanes = new Map<string, Boarding<T> | null>();

  async function fly(key: string, run: () => Promise<T>): Promise<T> {
    lanes.set(key, null);
    try {
      return await run();
    } finally {
      land(key);
    }
  }

  function land(key: string): void {
    const next = lanes.get(key) ?? null;
    if (next === null) lanes.delete(key);
    else fly(key, next.run).then(next.resolve, next.reject);
  }

  return (key, run, rank = 0) => {
    const waiting = lanes.get(key);
    if (waiting === undefined) return fly(key, run);
    if (waiting === null) {
      const boarding = { ...Promise.withResolvers<T>(), run, rank };
      lanes.set(key, boarding);
      return boarding.promise;
    }
    if (rank > waiting.rank) Object.assign(waiting, { run, rank });
    return waiting.promise;
  };
}

/**
 * One such sharing for all kinds of runs, as the core asks for it. The type is the caller's word: a key must always stand
 * for the same kind of run, so begin it with what it is about (`sync …`).
 */
export function createJoin(): Join {
  const flight = createNextFlight<unknown>();
  return <T>(key: string, run: () => Promise<T>) => flight(key, run) as Promise<T>;
}

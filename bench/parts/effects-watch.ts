import type { Queue } from "../../src/domain/effect.ts";
import type { Background, Log } from "../../src/ports.ts";

/** Longer than a lease whose owner failed, and one back-off after it. */
const LONGEST_DRAIN_MS = 120_000;

export interface EffectsWatch {
  /** Held: the service is told that this process has no room, so that effects are put down and not run. */
  hold(held: boolean): void;
  /** Effects finished in this process so far. */
  done(): number;
  /** Resolves when so many have been finished. */
  reach(count: number): Promise<void>;
  /** What went otherwise than well since the last call, by what the log calls it. */
  troubles(): Readonly<Record<string, number>>;
}

/** Counts the service's own log lines, one for each effect, and can hold effects back. */
export function watchEffects(ports: { readonly background: Background; readonly log: Log }): EffectsWatch {
  let held = false;
  let done = 0;
  let waiting: { readonly count: number; resolve(): void }[] = [];
  const { hasRoom } = ports.background;
  Object.assign(ports.background, { hasRoom: (queue?: Queue) => !held && hasRoom(queue) });
  let troubles: Record<string, number> = {};
  const trouble = (what: string) => {
    troubles[what] = (troubles[what] ?? 0) + 1;
  };
  const { info, warn, error } = ports.log;
  const watched: Log["info"] = (event, fields) => {
    info(event, fields);
    if (event !== "effect") return;
    const well = fields?.outcome === "done" || fields?.outcome === "completed";
    if (!well) return trouble(`${fields?.kind} ${fields?.outcome}`);
    done += 1;
    const reached = waiting.filter(({ count }) => count <= done);
    waiting = waiting.filter(({ count }) => count > done);
    for (const { resolve } of reached) resolve();
  };
  const told =
    (log: Log["warn"]): Log["warn"] =>
    (event, ...rest) => {
      trouble(event);
      log(event, ...rest);
    };
  Object.assign(ports.log, { info: watched, warn: told(warn), error: told(error) });
  return {
    hold: (on) => {
      held = on;
    },
    done: () => done,
    reach: (count) =>
      new Promise((resolve, reject) => {
        if (done >= count) return resolve();
        const late = () =>
          reject(new Error(`${count - done} effects still open: ${JSON.stringify(troubles)}`));
        const timer = setTimeout(late, LONGEST_DRAIN_MS);
        waiting.push({ count, resolve: () => resolve(clearTimeout(timer)) });
      }),
    troubles: () => {
      const since = troubles;
      troubles = {};
      return since;
    },
  };
}

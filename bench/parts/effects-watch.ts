import type { Background, Log } from "../../src/ports.ts";

export interface EffectsWatch {
  /** Held: the service is told that this process has no room, so that effects are put down and not run. */
  hold(held: boolean): void;
  /** Effects finished in this process so far. */
  done(): number;
  /** Resolves when so many have been finished. */
  reach(count: number): Promise<void>;
}

/** Counts the service's own log lines, one for each effect, and can hold effects back. */
export function watchEffects(ports: { readonly background: Background; readonly log: Log }): EffectsWatch {
  let held = false;
  let done = 0;
  let waiting: { readonly count: number; resolve(): void }[] = [];
  const { hasRoom } = ports.background;
  Object.assign(ports.background, { hasRoom: () => !held && hasRoom() });
  const { info } = ports.log;
  const watched: Log["info"] = (event, fields) => {
    info(event, fields);
    if (event !== "effect" || (fields?.outcome !== "done" && fields?.outcome !== "completed")) return;
    done += 1;
    const reached = waiting.filter(({ count }) => count <= done);
    waiting = waiting.filter(({ count }) => count > done);
    for (const { resolve } of reached) resolve();
  };
  Object.assign(ports.log, { info: watched });
  return {
    hold: (on) => {
      held = on;
    },
    done: () => done,
    reach: (count) =>
      done >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
  };
}

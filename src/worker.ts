import type { Chance, Clock, Log } from "./ports.ts";
import { beginDueEffects } from "./use-cases/run-effects.ts";
import type { SweepPorts } from "./use-cases/sweep.ts";
import { createSweeps, runSweep } from "./use-cases/sweeps.ts";

const EFFECTS_AT_ONCE = 50;

export interface Worker {
  /** Stops looking for work and waits for what is running. */
  stop(): Promise<void>;
}

/**
 * The `worker` role: what is due, whoever asked for it. Any number may run side by side, and each sweep goes at its own
 * pace: one that fails or hangs holds up no other.
 */
export function startWorker(ports: SweepPorts): Worker {
  const stopping = new AbortController();
  const effects = createEffectsPass(ports);
  const loops = createSweeps().map((sweep) => {
    const pass = sweep.name === "effects" ? effects.pass : async () => (await runSweep(ports, sweep)).more;
    return loop(ports, stopping.signal, sweep, pass);
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
      await effects.ended();
    },
  };
}

/** Unlike in a sweep run by hand, a slow effect holds up no other: each that ends makes room for the next. */
function createEffectsPass(ports: SweepPorts) {
  const running = new Set<Promise<void>>();
  return {
    pass: async (): Promise<boolean> => {
      const begun = await beginDueEffects(ports, EFFECTS_AT_ONCE - running.size);
      for (const effect of begun) {
        running.add(effect);
        void effect.then(() => running.delete(effect));
      }
      if (running.size >= EFFECTS_AT_ONCE) await Promise.race(running);
      return begun.length > 0;
    },
    ended: () => Promise.all(running),
  };
}

interface Loop {
  readonly name: string;
  readonly everyMs: number;
}

/** @param pass Says whether there may be more at once; else, and after a failure, comes a rest. */
async function loop(
  { clock, chance, log }: { clock: Clock; chance: Chance; log: Log },
  signal: AbortSignal,
  { name, everyMs }: Loop,
  pass: () => Promise<boolean>,
): Promise<void> {
  while (!signal.aborted) {
    const more = await pass().catch((error) => {
      log.error("worker.failed", { kind: name }, error);
      return false;
    });
    // Never longer than said, and never in step with other workers that were started together.
    if (!more) await rest(clock, everyMs * (0.8 + 0.2 * chance()), signal);
  }
}

async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  signal.addEventListener("abort", wake, { once: true });
  await Promise.race([clock.sleep(ms), promise]);
  signal.removeEventListener("abort", wake);
}

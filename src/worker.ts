import type { Clock, Log } from "./ports.ts";
import { type EffectPorts, runDueEffects } from "./use-cases/run-effects.ts";
import { sweepDuePurchases } from "./use-cases/sweep-due-purchases.ts";

const EFFECTS_AT_ONCE = 50;
const PURCHASES_AT_ONCE = 100;
/** An empty look at the outbox is one read: often enough that nobody waits long for what another process left. */
const EFFECTS_EVERY_MS = 1000;
/** A period that ended is settled within a minute (contract section 5). */
const PURCHASES_EVERY_MS = 20_000;

export interface Worker {
  /** Stops looking for work and waits for what is running. */
  stop(): Promise<void>;
}

/** The `worker` role: what is due, whoever asked for it. Any number may run side by side. */
export function startWorker(ports: EffectPorts): Worker {
  const stopping = new AbortController();
  const loops = [
    loop("effects", EFFECTS_EVERY_MS, () => runDueEffects(ports, EFFECTS_AT_ONCE), EFFECTS_AT_ONCE),
    loop(
      "due_purchases",
      PURCHASES_EVERY_MS,
      () => sweepDuePurchases(ports, PURCHASES_AT_ONCE),
      PURCHASES_AT_ONCE,
    ),
  ];

  /** Again at once while there is a full load, else after a rest. */
  async function loop(
    name: string,
    everyMs: number,
    pass: () => Promise<number>,
    full: number,
  ): Promise<void> {
    while (!stopping.signal.aborted) {
      const found = await guarded(ports.log, name, pass);
      if (found < full) await rest(ports.clock, everyMs, stopping.signal);
    }
  }

  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function guarded(log: Log, name: string, pass: () => Promise<number>): Promise<number> {
  try {
    return await pass();
  } catch (error) {
    log.error("worker.failed", { kind: name }, error);
    return 0;
  }
}

async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  await Promise.race([clock.sleep(ms), stopped]);
}

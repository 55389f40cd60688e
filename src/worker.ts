import type { Clock, Log } from "./ports.ts";
import { beginDueEffects, type EffectPorts } from "./use-cases/run-effects.ts";
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
  const { signal } = stopping;
  const running = new Set<Promise<void>>();

  /** A slow effect holds up no other: each that ends makes room for the next. */
  const effects = async (): Promise<boolean> => {
    const begun = await beginDueEffects(ports, EFFECTS_AT_ONCE - running.size);
    for (const effect of begun) {
      running.add(effect);
      void effect.then(() => running.delete(effect));
    }
    if (running.size >= EFFECTS_AT_ONCE) await Promise.race(running);
    return begun.length > 0;
  };
  const purchases = async () => (await sweepDuePurchases(ports, PURCHASES_AT_ONCE)) === PURCHASES_AT_ONCE;

  const loops = [
    loop(ports, signal, "effects", EFFECTS_EVERY_MS, effects),
    loop(ports, signal, "due_purchases", PURCHASES_EVERY_MS, purchases),
  ];
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
      await Promise.all(running);
    },
  };
}

/** @param pass Says whether there may be more at once; else, and after a failure, comes a rest. */
async function loop(
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
  name: string,
  everyMs: number,
  pass: () => Promise<boolean>,
): Promise<void> {
  while (!signal.aborted) {
    const more = await pass().catch((error) => {
      log.error("worker.failed", { kind: name }, error);
      return false;
    });
    if (!more) await rest(clock, everyMs, signal);
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

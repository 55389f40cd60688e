import type { Queue } from "./domain/effect.ts";
import { MINUTE, SECOND } from "./domain/instant.ts";
import type { Chance, Clock, Log, Outbox } from "./ports.ts";
import { createQueuePass } from "./use-cases/queue-pass.ts";
import type { SweepPorts } from "./use-cases/sweep.ts";
import { createSweeps, runSweep } from "./use-cases/sweeps.ts";

/** Of each queue, at the same time: none can take another's place. */
const AT_ONCE = { core: 50, mail: 8, endpoint: 16, left: 8 };
/** How often is looked into each: whoever commits begins at once, so this is for what was left or has to be repeated. */
const EVERY = { core: SECOND, others: 2 * SECOND, endpoints: 5 * SECOND, left: MINUTE };
/** What has been due for so long is in a queue that nobody works through: its endpoint was removed. */
const LEFT_AFTER = 15 * MINUTE;

export interface Worker {
  /** Stops looking for work and waits for what is running. */
  stop(): Promise<void>;
}

/**
 * The `worker` role: what is due, whoever asked for it. Any number may run side by side, and each sweep and each queue goes
 * at its own pace: one that fails or hangs holds up no other.
 */
export function startWorker(ports: SweepPorts): Worker {
  const stopping = new AbortController();
  const { signal } = stopping;
  const sweeps = createSweeps()
    .filter(({ name }) => name !== "effects")
    .map((sweep) => loop(ports, signal, sweep, async () => (await runSweep(ports, sweep)).more));
  const queues = [
    workThrough(ports, signal, { queue: "core", atOnce: AT_ONCE.core, everyMs: EVERY.core }),
    workThrough(ports, signal, { queue: "mail", atOnce: AT_ONCE.mail, everyMs: EVERY.others }),
    workForEndpoints(ports, signal),
    workThrough(overdue(ports), signal, { queue: null, atOnce: AT_ONCE.left, everyMs: EVERY.left }),
  ];
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all([...sweeps, ...queues]);
    },
  };
}

/** As if it were a while ago: only what nobody has looked at since then is due. */
function overdue(ports: SweepPorts): SweepPorts {
  const { outbox } = ports;
  const lease: Outbox["lease"] = (now, limit) => outbox.lease(now - LEFT_AFTER, limit);
  return { ...ports, outbox: { ...outbox, lease } };
}

interface QueueWork {
  /** Null: whatever is left in any. */
  readonly queue: Queue | null;
  readonly atOnce: number;
  readonly everyMs: number;
}

/** Ends when it is told to and what it began has ended. */
async function workThrough(
  ports: SweepPorts,
  signal: AbortSignal,
  { queue, atOnce, everyMs }: QueueWork,
): Promise<void> {
  const work = createQueuePass(ports, queue, atOnce);
  await loop(ports, signal, { name: `effects of ${queue ?? "any"}`, everyMs }, work.pass);
  await work.ended();
}

/** Every endpoint has a queue of its own, and so do new ones within seconds; one that was removed is left in peace. */
async function workForEndpoints(ports: SweepPorts, signal: AbortSignal): Promise<void> {
  const known = new Map<Queue, { readonly gone: AbortController; readonly work: Promise<void> }>();
  const look = async () => {
    const endpoints = new Set<Queue>((await ports.webhookRecords.endpoints()).map(({ id }) => id));
    for (const [queue, { gone }] of known) if (!endpoints.has(queue)) gone.abort();
    for (const queue of endpoints) {
      if (known.has(queue)) continue;
      const gone = new AbortController();
      const until = AbortSignal.any([signal, gone.signal]);
      const work = workThrough(ports, until, { queue, atOnce: AT_ONCE.endpoint, everyMs: EVERY.others });
      known.set(queue, { gone, work: work.then(() => void known.delete(queue)) });
    }
    return false;
  };
  await loop(ports, signal, { name: "endpoints", everyMs: EVERY.endpoints }, look);
  await Promise.all([...known.values()].map(({ work }) => work));
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

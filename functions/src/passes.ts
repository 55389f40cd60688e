import { type Instant, parseInstant, SECOND } from "../../src/domain/instant.ts";
import type { Sweep } from "../../src/use-cases/sweep.ts";
import { createSweeps, dueInMinute, runSweepThrough } from "../../src/use-cases/sweeps.ts";
import { theService } from "./service.ts";
import { settle } from "./settle.ts";

/** A run ends before the next one begins: nothing breaks where they overlap, but the second would find nothing. */
const RUN_MS = 50 * SECOND;
/** After it for what it began: the longest call to others that there is. */
const SETTLE_MS = 20 * SECOND;

/** Those of this process: one remembers how far it has read Google's list. */
const sweeps = createSweeps();
const effects = sweeps.filter(({ name }) => name === "effects");
const others = sweeps.filter((sweep) => !effects.includes(sweep));

/** Runs what is due in the outbox: what has to be tried again, and what others left. */
export async function runEffects(): Promise<void> {
  await runAll(effects);
}

/** @param scheduledAt When the schedule meant this run to begin, RFC 3339. */
export async function runSweeps(scheduledAt: string): Promise<void> {
  const at: Instant = parseInstant(scheduledAt) ?? theService().ports.clock.now();
  await runAll(dueInMinute(others, at));
}

async function runAll(due: readonly Sweep[]): Promise<void> {
  const { ports } = theService();
  const until = ports.clock.now() + RUN_MS;
  for (const sweep of due) await runSweepThrough(ports, sweep, until);
  // What a sweep began is still under way, and the processor is taken away when this function has ended.
  await settle(SETTLE_MS);
}

import type { Queue } from "../domain/effect.ts";
import { beginDueEffects, type EffectPorts } from "./run-effects.ts";
import { addReports, NOTHING_FOUND, type SweepReport } from "./sweep.ts";

/**
 * Runs what waits in the outbox: what has to be tried again, and what was left by processes that died. Each queue by itself,
 * all at once, so that an endpoint that fails takes nobody's place; then what is in none of them: that of an endpoint that
 * was removed.
 *
 * @param limit Of each queue.
 * @returns As failed those that have to be tried once more; not those whose receiver failed, which have their own schedule.
 */
export async function sweepEffects(ports: EffectPorts, limit: number): Promise<SweepReport> {
  const endpoints = await ports.webhookRecords.endpoints();
  const queues: Queue[] = ["core", "mail", ...endpoints.map(({ id }) => id)];
  const reports = await Promise.all(queues.map((queue) => sweepQueue(ports, limit, queue)));
  const rest = await sweepQueue(ports, limit);
  return [...reports, rest].reduce(addReports, NOTHING_FOUND);
}

async function sweepQueue(ports: EffectPorts, limit: number, queue?: Queue): Promise<SweepReport> {
  const ends = await Promise.all(await beginDueEffects(ports, limit, queue));
  const failed = ends.filter((end) => end === "failed").length;
  const done = ends.filter((end) => end === "done").length;
  return { found: ends.length, changed: done, failed, more: done > 0 };
}

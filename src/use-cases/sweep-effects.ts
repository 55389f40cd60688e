import type { Outbox } from "../ports.ts";
import { type EffectPorts, runDueEffects } from "./run-effects.ts";
import type { SweepReport } from "./sweep.ts";

/**
 * Runs what waits in the outbox: what has to be tried again, and what was left by processes that died.
 *
 * @returns As failed those that have to be tried once more.
 */
export async function sweepEffects(ports: EffectPorts, limit: number): Promise<SweepReport> {
  let failed = 0;
  const { outbox } = ports;
  const counting: Outbox = {
    lease: (now, most) => outbox.lease(now, most),
    renew: (effect) => outbox.renew(effect),
    finish: (effect) => outbox.finish(effect),
    backlog: (now) => outbox.backlog(now),
    postpone: (effect, dueAt, error) => {
      failed += 1;
      return outbox.postpone(effect, dueAt, error);
    },
  };
  const found = await runDueEffects({ ...ports, outbox: counting }, limit);
  return { found, changed: found - failed, failed, more: found > failed };
}

import type { Queue } from "../domain/effect.ts";
import { beginDueEffects, type EffectPorts } from "./run-effects.ts";

/** Looks into one queue of the outbox, again and again, and runs what is due. */
export interface QueuePass {
  /** @returns Whether there may be more at once. */
  pass(): Promise<boolean>;
  /** Resolves when all that was begun has ended. */
  ended(): Promise<void>;
}

/**
 * Unlike in a sweep run by hand, a slow effect holds up no other: each that ends makes room for the next.
 *
 * @param queue Null: all of them.
 * @param atOnce Effects of this queue that run at the same time in this process.
 */
export function createQueuePass(ports: EffectPorts, queue: Queue | null, atOnce: number): QueuePass {
  const running = new Set<Promise<unknown>>();
  return {
    async pass() {
      if (!ports.background.hasRoom(queue ?? undefined)) return false;
      const begun = await beginDueEffects(ports, atOnce - running.size, queue ?? undefined);
      for (const effect of begun) {
        running.add(effect);
        void effect.then(() => running.delete(effect));
      }
      if (running.size >= atOnce) await Promise.race(running);
      return begun.length > 0;
    },
    ended: async () => void (await Promise.all(running)),
  };
}

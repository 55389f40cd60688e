import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { startWorker } from "../../src/worker.ts";
import type { CostedShop, Spent } from "./costed-shop.ts";

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/** What a worker spends in so much time when nothing is due: each of its loops sleeps on the shop's time. */
export async function idleFor(shop: CostedShop, ms: number): Promise<Spent> {
  const sleepers: Sleeper[] = [];
  const { sleep } = systemClock;
  const asleep = (pause: number) =>
    new Promise<void>((wake) => {
      sleepers.push({ until: shop.now() + pause, wake });
    });
  Object.assign(systemClock, { sleep: asleep });
  const worker = startWorker(shop.ports);
  // Each has looked once; which loops there are is known.
  await wait(1000);
  const loops = sleepers.length;
  const end = shop.now() + ms;
  const spent = await shop.spend(async () => {
    for (;;) {
      const next = sleepers.reduce((first, other) => (other.until < first.until ? other : first));
      if (next.until > end) return;
      shop.moveTo(next.until);
      sleepers.splice(sleepers.indexOf(next), 1);
      next.wake();
      while (sleepers.length < loops) await turn();
    }
  });
  Object.assign(systemClock, { sleep });
  await worker.stop();
  return spent;
}

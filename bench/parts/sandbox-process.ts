import { GoogleError } from "../../sandbox/play/google-error.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { answerCalls } from "./remote.ts";
import { type Bought, PACKAGE, PUSH_ACCOUNT, PUSH_AUDIENCE } from "./shop.ts";

/** The sandbox in a process of its own, told what to do by the bench: nothing of that costs the measured process. */

const sandbox = await startSandbox();
const { play, identity } = sandbox;
let sold = 0;

async function buy(productId: string, count: number): Promise<Bought[]> {
  return Promise.all(Array.from({ length: count }, () => buyOne(productId)));
}

async function buyOne(productId: string): Promise<Bought> {
  sold += 1;
  const uid = `customer-${String(sold).padStart(8, "0")}`;
  const basePlan = productId.startsWith("subscription") ? { basePlanId: "monthly" } : {};
  const { purchaseToken } = play.buy({ uid, packageName: PACKAGE, productId, notify: false, ...basePlan });
  const notice = JSON.stringify(play.notifications.at(-1)?.body);
  return { uid, productId, token: purchaseToken, idToken: await identity.token({ uid }), notice };
}

/** In any 60 seconds no more than this, as Google's bucket: stricter than the sandbox's own, which goes by the minute. */
function enforceQuota(perMinute: number): void {
  const recent = new Map<string, number[]>();
  const { count } = play;
  Object.assign(play, {
    count: (...[method, bucket]: Parameters<typeof count>) => {
      const now = performance.now();
      const times = recent.get(bucket) ?? [];
      while (times[0] !== undefined && times[0] <= now - 60_000) times.shift();
      recent.set(bucket, times);
      if (times.length >= perMinute) {
        play.calls.status429 += 1;
        throw new GoogleError(429, "rateLimitExceeded", "the bench's bucket is empty");
      }
      times.push(now);
      count(method, bucket);
    },
  });
}

const methods = {
  url: () => sandbox.url,
  buy,
  pushToken: () => identity.pushToken({ audience: PUSH_AUDIENCE, email: PUSH_ACCOUNT }),
  calls: () => ({ ...play.calls }),
  acknowledged: () => play.purchases().filter((purchase) => purchase.acknowledged).length,
  licences: () => sandbox.keythai.licences.length,
  enforceQuota,
};
export type SandboxMethods = typeof methods;

answerCalls(methods);

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { FaultKind } from "../../sandbox/faults.ts";
import type { Notification } from "../../sandbox/rtdn/publisher.ts";
import { emulatorProject } from "../support/emulator.ts";
import { type Answer, eventually, type Lab, startLab } from "../support/lab.ts";
import type { ServiceProcess } from "../support/processes.ts";
import { entitlementsOf, keysOf, type Problem, verify } from "../support/wire.ts";

/** Google is down: nothing changes, everybody is told in time, and when it is back a redelivery heals all. */

const FAULTS: readonly FaultKind[] = [
  "status_503",
  "status_500",
  "status_429",
  "hang",
  "cut_before",
  "broken_json",
];

let lab: Lab;
let service: ServiceProcess;

const settled = () => eventually(async () => expect(await lab.documents("outbox")).toEqual([]), 30_000);

/** All but what sweeps note for themselves: how far they came, when Google was last heard. */
const versions = async () => {
  const kept = (await lab.everything()).filter(({ path }) => !path.startsWith("sweep_marks/"));
  return Object.fromEntries(kept.map(({ path, updateTime }) => [path, updateTime]));
};

function noticeOf(token: string): Notification {
  const notice = lab.sandbox.play.notifications.findLast(({ purchaseToken }) => purchaseToken === token);
  if (notice === undefined) throw new Error("nothing was told of this purchase");
  return notice;
}

/** A subscription that its owner holds, granted and settled. */
async function subscribed(uid: string): Promise<string> {
  const token = lab.buy(uid, "plan", { basePlanId: "monthly" });
  const { status } = await verify(lab, service, uid, "plan", token);
  expect(status).toBe(200);
  return token;
}

function toldToWait(answer: Answer<unknown>, code: string): void {
  expect(answer.body).toMatchObject({ status: 503, code } satisfies Problem);
  expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(answer.headers.get("Content-Type")).toContain("application/problem+json");
  // Pub/Sub waits 10 s, and so do people.
  expect(answer.ms).toBeLessThan(10_000);
}

describe("pushed", () => {
  beforeAll(async () => {
    lab = await startLab(emulatorProject(`${import.meta.url}-push`), {
      rtdn: "none",
      env: { VERIFY_FRESH_SECONDS: "0" },
    });
    service = await lab.start();
  });
  afterEach(async () => {
    lab.sandbox.faults.clear();
    expect(await lab.leaks()).toEqual([]);
  });
  afterAll(() => lab?.stop());

  test.each(FAULTS)(
    "%s: notices are answered 503, verifies too, and nothing changes until it is over",
    async (kind) => {
      const old = await subscribed(`old-${kind}`);
      await settled();
      const fresh = lab.buy(`new-${kind}`, "lifetime");
      const before = await versions();
      lab.sandbox.faults.add({ service: "play", kind, count: null });
      lab.sandbox.play.act(old, "revoke");

      const [ended, bought, verified, again] = await Promise.all([
        lab.push(service, noticeOf(old)),
        lab.push(service, noticeOf(fresh)),
        verify(lab, service, `new-${kind}`, "lifetime", fresh),
        verify(lab, service, `old-${kind}`, "plan", old),
      ]);
      for (const answer of [ended, bought]) {
        expect(answer.status).toBe(503);
        expect(answer.ms).toBeLessThan(10_000);
      }
      toldToWait(verified, "play_unavailable");
      toldToWait(again, "play_unavailable");
      expect(await versions()).toEqual(before);
      // What was paid for stays open meanwhile.
      expect((await entitlementsOf(lab, service, `old-${kind}`)).premium?.active).toBe(true);

      lab.sandbox.faults.clear();
      for (const { purchaseToken, ...notice } of lab.sandbox.play.notifications) {
        if (purchaseToken !== old && purchaseToken !== fresh) continue;
        expect((await lab.push(service, { ...notice, purchaseToken })).status).toBe(204);
      }
      await settled();
      expect((await entitlementsOf(lab, service, `old-${kind}`)).premium?.active).toBe(false);
      expect((await entitlementsOf(lab, service, `new-${kind}`)).desktop?.active).toBe(true);
      const { body } = await verify(lab, service, `new-${kind}`, "lifetime", fresh);
      expect(keysOf(body.grants)).toHaveLength(1);
      expect(body.purchase.acknowledged).toBe(true);
    },
    60_000,
  );

  test("credentials that Google refuses are our fault, and told so", async () => {
    const token = lab.buy("cred", "lifetime");
    const before = await versions();
    lab.sandbox.faults.add({ service: "play", kind: "status_401", count: null });
    const answer = await verify(lab, service, "cred", "lifetime", token);
    expect(answer.body).toMatchObject({ status: 502, code: "play_rejected_credentials" });
    expect((await lab.push(service, noticeOf(token))).status).toBe(503);
    expect(await versions()).toEqual(before);
    lab.sandbox.faults.clear();
    expect((await lab.push(service, noticeOf(token))).status).toBe(204);
    expect((await entitlementsOf(lab, service, "cred")).premium?.active).toBe(true);
    await settled();
  });
});

describe("pulled", () => {
  beforeAll(async () => {
    lab = await startLab(emulatorProject(`${import.meta.url}-pull`), {
      rtdn: "pull",
      env: { VERIFY_FRESH_SECONDS: "0" },
    });
    service = await lab.start();
  });
  afterEach(async () => {
    lab.sandbox.faults.clear();
    expect(await lab.leaks()).toEqual([]);
  });
  afterAll(() => lab?.stop());

  test.each(["status_503", "status_429", "hang"] satisfies FaultKind[])(
    "%s: notices are nacked and come again until it is over",
    async (kind) => {
      const old = await subscribed(`old-${kind}`);
      await settled();
      const before = await versions();
      const failures = () => lab.output.lines("notification.failed").length;
      const failedBefore = failures();
      lab.sandbox.faults.add({ service: "play", kind, count: null });
      lab.sandbox.play.act(old, "revoke", {});
      const fresh = lab.buy(`new-${kind}`, "lifetime");

      // Two notices of the revoke, one of the purchase: each at least once more.
      await eventually(() => expect(failures() - failedBefore).toBeGreaterThanOrEqual(6), 45_000);
      expect(await versions()).toEqual(before);

      lab.sandbox.faults.clear();
      await eventually(async () => {
        expect((await entitlementsOf(lab, service, `old-${kind}`)).premium?.active).toBe(false);
        expect((await entitlementsOf(lab, service, `new-${kind}`)).desktop?.active).toBe(true);
        expect(lab.sandbox.play.purchase(fresh).acknowledged).toBe(true);
      }, 45_000);
      await settled();
    },
    120_000,
  );
});

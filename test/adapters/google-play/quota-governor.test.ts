import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createQuotaGovernor, type QuotaGovernor } from "../../../src/adapters/google-play/quota-governor.ts";
import { MINUTE, SECOND } from "../../../src/domain/instant.ts";
import type { Priority } from "../../../src/ports.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const clock = { monotonic: () => Date.now() };
const governorOf = (quotaPerMinute: number) => createQuotaGovernor({ quotaPerMinute, clock });

/** Google's own bucket: says no to the call that is one too many in the last 60 s. */
function slidingWindow(cap: number) {
  const went: number[] = [];
  let over = 0;
  let refused = 0;
  return {
    went,
    refused: () => refused,
    call(): boolean {
      const now = Date.now();
      while ((went[over] ?? now) <= now - MINUTE) over += 1;
      const recent = went.length - over;
      if (recent >= cap) refused += 1;
      else went.push(now);
      return recent < cap;
    },
  };
}

async function admit(
  governor: QuotaGovernor,
  priority: Priority = "app",
  maxWaitMs = 8 * SECOND,
): Promise<void> {
  await governor.admit("subscriptions", priority, maxWaitMs);
}

test("a call that needn't wait waits for nothing", () => {
  const governor = governorOf(2400);
  for (let call = 0; call < 240; call += 1) expect(governor.admit("subscriptions", "app", 0)).toBeNull();
});

test.each([1, 2, 7, 60, 2400])(
  "no 60 seconds see more than %i calls, however many want to go",
  async (cap) => {
    const governor = governorOf(cap);
    const google = slidingWindow(cap);
    const calls = Array.from({ length: 2 * cap + 5 }, async () => {
      await admit(governor, "sweep", Number.POSITIVE_INFINITY);
      google.call();
    });
    await vi.runAllTimersAsync();
    await Promise.all(calls);
    expect(google.refused()).toBe(0);
  },
);

test("nor when bursts and silence take turns, and little of the quota is lost", async () => {
  const governor = governorOf(600);
  const google = slidingWindow(600);
  let wanted = 0;
  let seed = 7;
  const chance = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const calls: Promise<unknown>[] = [];
  for (let second = 0; second < 1200; second += 1) {
    const burst = chance() < 0.3 ? Math.floor(chance() * 200) : 0;
    wanted += burst;
    for (let call = 0; call < burst; call += 1)
      calls.push(
        admit(governor).then(
          () => google.call(),
          () => null,
        ),
      );
    await vi.advanceTimersByTimeAsync(SECOND * (chance() < 0.02 ? 40 : 1));
  }
  await vi.runAllTimersAsync();
  await Promise.all(calls);
  expect(wanted).toBeGreaterThan(12_000);
  expect(google.refused()).toBe(0);
  expect(google.went.length).toBeGreaterThan(8000);
});

test("after the burst calls trickle: no second goes without", async () => {
  const governor = governorOf(2400);
  const seconds = new Map<number, number>();
  const calls = Array.from({ length: 1000 }, async () => {
    await admit(governor, "app", MINUTE);
    const second = Math.floor(Date.now() / SECOND);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  });
  await vi.runAllTimersAsync();
  await Promise.all(calls);
  const [, ...trickle] = [...seconds.values()];
  trickle.pop();
  expect(trickle.length).toBeGreaterThan(15);
  for (const count of trickle) expect(count).toBeCloseTo(36, -1);
});

test("app calls go before notices, notices before sweeps, equals in their order", async () => {
  const governor = governorOf(10);
  await admit(governor);
  const order: string[] = [];
  const wants: [string, Priority][] = [
    ["sweep 1", "sweep"],
    ["notice 1", "notice"],
    ["app 1", "app"],
    ["sweep 2", "sweep"],
    ["app 2", "app"],
    ["notice 2", "notice"],
  ];
  const calls = wants.map(async ([name, priority]) => {
    await admit(governor, priority, 10 * MINUTE);
    order.push(name);
  });
  await vi.runAllTimersAsync();
  await Promise.all(calls);
  expect(order).toEqual(["app 1", "app 2", "notice 1", "notice 2", "sweep 1", "sweep 2"]);
});

test("buckets don't share", async () => {
  const governor = governorOf(10);
  expect(governor.admit("subscriptions", "app", 0)).toBeNull();
  expect(governor.admit("one_time", "app", 0)).toBeNull();
  expect(governor.admit("orders", "app", 0)).toBeNull();
  expect(() => governor.admit("subscriptions", "app", 0)).toThrow();
});

test("a wait that is known to be too long ends at once, with the time to come back", () => {
  const governor = governorOf(10);
  governor.admit("subscriptions", "app", 0);
  const refused = () => governor.admit("subscriptions", "app", 5 * SECOND);
  expect(refused).toThrow(
    expect.objectContaining({ code: "play_unavailable", retryable: true, retryAfterMs: 6667 }),
  );
});

test("a wait that becomes too long, since more urgent calls come, ends in time", async () => {
  const governor = governorOf(10);
  await admit(governor);
  const notice = admit(governor, "notice", 8 * SECOND).then(
    () => null,
    (error: unknown) => ({ error, at: Date.now() }),
  );
  const began = Date.now();
  const apps = [admit(governor), admit(governor, "app", MINUTE)];
  await vi.advanceTimersByTimeAsync(8 * SECOND);
  expect(await notice).toMatchObject({ error: { code: "play_unavailable" }, at: began + 8 * SECOND });
  await vi.runAllTimersAsync();
  await Promise.all(apps);
});

/** How many of the calls wanted each second go out in this many seconds. */
async function pace(governor: QuotaGovernor, seconds: number): Promise<number> {
  let went = 0;
  for (let tick = 0; tick < seconds * 10; tick += 1) {
    while (admitsNow(governor)) went += 1;
    await vi.advanceTimersByTimeAsync(SECOND / 10);
  }
  return went / seconds;
}

function admitsNow(governor: QuotaGovernor): boolean {
  try {
    return governor.admit("subscriptions", "app", 0) === null;
  } catch {
    return false;
  }
}

test("a 429 halves the pace for all, down to a floor; then it recovers step by step", async () => {
  const governor = governorOf(2400);
  await pace(governor, 20);
  expect(await pace(governor, 10)).toBeCloseTo(36, 0);
  governor.throttled("subscriptions");
  governor.throttled("subscriptions"); // Refused together: one reason, not two.
  await pace(governor, 1);
  expect(await pace(governor, 3)).toBeCloseTo(18, 0);
  for (let more = 0; more < 10; more += 1) {
    governor.throttled("subscriptions");
    await pace(governor, 1.1);
  }
  expect(await pace(governor, 3)).toBeCloseTo(36 / 16, 0);
  await pace(governor, 20);
  const halfway = await pace(governor, 10);
  expect(halfway).toBeGreaterThan(5);
  expect(halfway).toBeLessThan(25);
  await pace(governor, 60);
  expect(await pace(governor, 10)).toBeCloseTo(36, 0);
});

test("copies that share Google's bucket find a pace at which few calls are refused", async () => {
  const google = slidingWindow(600);
  const copies = [governorOf(600), governorOf(600), governorOf(600)];
  let sent = 0;
  for (let tick = 0; tick < 10 * 600; tick += 1) {
    for (const copy of copies) {
      while (admitsNow(copy)) {
        sent += 1;
        if (!google.call()) copy.throttled("subscriptions");
      }
    }
    await vi.advanceTimersByTimeAsync(SECOND / 10);
  }
  expect(google.refused() / sent).toBeLessThan(0.1);
  expect(google.went.length).toBeGreaterThan(600 * 10 * 0.7);
});

test("a quota below one call a minute is a mistake", () => {
  for (const quota of [0, -1, Number.NaN]) expect(() => governorOf(quota)).toThrow(RangeError);
});

test("the list of voids keeps to 30 in 30 s and to 6000 a day, each app by itself", async () => {
  const governor = governorOf(2400);
  const list = (app: string) => {
    try {
      return governor.admit(`voids of ${app}`, "sweep", 0) === null;
    } catch {
      return false;
    }
  };
  const went: number[] = [];
  const begun = Date.now();
  for (; Date.now() - begun < 24 * 60 * MINUTE; vi.advanceTimersByTime(SECOND)) {
    while (list("a")) went.push(Date.now());
  }
  expect(went.length).toBeLessThanOrEqual(6000);
  expect(went.length).toBeGreaterThan(5000);
  const busiest = went.map((at) => went.filter((other) => other >= at && other < at + 30 * SECOND).length);
  expect(Math.max(...busiest.slice(0, 100))).toBeLessThanOrEqual(30);
  expect(list("b")).toBe(true);
});

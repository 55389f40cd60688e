import { describe, expect, test } from "vitest";
import { backoff, isExhausted } from "../../src/domain/backoff.ts";
import { DAY, MINUTE, SECOND } from "../../src/domain/instant.ts";

const MIDDLE = 0.5;

describe("the delay before the next try", () => {
  test.each([
    [1, 2],
    [2, 5],
    [3, 10],
    [4, 15],
    [5, 30],
    [6, 60],
    [7, 120],
    [8, 300],
    [9, 600],
    [10, 1200],
    [11, 1800],
    [12, 1800],
    [500, 1800],
    // Never tried: as if once.
    [0, 2],
    [-1, 2],
  ])("after try %i it is %i s", (attempt, seconds) => {
    expect(backoff(attempt, MIDDLE)).toBe(seconds * SECOND);
  });

  test("spreads by 10 % either way", () => {
    expect(backoff(3, 0)).toBe(9 * SECOND);
    expect(backoff(3, 0.999999)).toBe(11 * SECOND);
  });

  test("is within seconds at first, as the contract promises: the first three tries within 15 s", () => {
    for (const attempt of [1, 2, 3]) expect(backoff(attempt, 0.999999)).toBeLessThanOrEqual(15 * SECOND);
  });
});

describe("giving up", () => {
  test("a delivery is given up after a day", () => {
    expect(isExhausted("fulfill_slot", DAY - 1)).toBe(false);
    expect(isExhausted("fulfill_slot", DAY)).toBe(true);
  });

  test.each(["acknowledge_purchase", "sync_purchase", "find_orphans"] as const)("%s never is", (kind) => {
    expect(isExhausted(kind, 1000 * DAY)).toBe(false);
  });
});

test("a straggler has a minute", async () => {
  const { STRAGGLER_MS } = await import("../../src/domain/backoff.ts");
  expect(STRAGGLER_MS).toBe(MINUTE);
});

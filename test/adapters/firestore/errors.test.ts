import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { guarded, isAlreadyThere, isConflict } from "../../../src/adapters/firestore/errors.ts";
import { AppError } from "../../../src/domain/errors.ts";

const failed = (code: number, message = "5 quotes customers/ann") =>
  Object.assign(new Error(message), { code });
const UNAVAILABLE = { code: "store_unavailable", retryable: true };

describe("a call to Firestore", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("gives what it gives, and leaves no timer", async () => {
    expect(await guarded(async () => 7)).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails as store_unavailable, by its code alone", async () => {
    const error = await guarded(() => Promise.reject(failed(14))).catch((cause: unknown) => cause);
    expect(error).toMatchObject(UNAVAILABLE);
    expect(String((error as Error).cause)).toBe("Error: firestore code 14");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not waited for without end", async () => {
    const waiting = guarded(() => new Promise<never>(() => undefined));
    const refused = expect(waiting).rejects.toMatchObject(UNAVAILABLE);
    await vi.advanceTimersByTimeAsync(15_000);
    await refused;
  });

  it("whose failure comes too late breaks nothing", async () => {
    const call = Promise.withResolvers<never>();
    const refused = expect(guarded(() => call.promise)).rejects.toMatchObject(UNAVAILABLE);
    await vi.advanceTimersByTimeAsync(15_000);
    await refused;
    call.reject(failed(14));
    await vi.advanceTimersByTimeAsync(1);
  });

  it("keeps an error that is ours already", async () => {
    const ours = new AppError("invalid_request", "No.");
    await expect(guarded(() => Promise.reject(ours))).rejects.toBe(ours);
  });
});

it.each([
  [5, true],
  [6, true],
  [9, true],
  [10, true],
  [4, false],
  [8, false],
  [13, false],
  [14, false],
])("code %i is a conflict: %s", (code, conflict) => {
  expect(isConflict(failed(code))).toBe(conflict);
  expect(isAlreadyThere(failed(code))).toBe(code === 6);
});

it("what is no error of Firestore's is no conflict", () => {
  expect([isConflict(new Error("x")), isConflict("9"), isConflict({ code: 9 })]).toEqual([
    false,
    false,
    false,
  ]);
});

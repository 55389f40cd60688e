import { expect, test } from "vitest";
import { AppError, assertNever, OutsideError } from "../../src/domain/errors.ts";

test("an error says nothing more than it was told", () => {
  const error = new AppError("not_found", "There is no such grant.");
  expect(error).toMatchObject({ name: "AppError", code: "not_found", retryable: false, retryAfterMs: null });
  expect(error.issues).toBeUndefined();
  expect(error.message).toBe("There is no such grant.");
  expect("cause" in error).toBe(false);
});

test("an error keeps its cause, and whether and when to try again", () => {
  const cause = new Error("socket hang up");
  const issues = [{ path: "product_id", message: "is missing" }];
  const error = new AppError("play_unavailable", "Try again later.", {
    cause,
    retryable: true,
    retryAfterMs: 5000,
    issues,
  });
  expect(error).toMatchObject({ cause, retryable: true, retryAfterMs: 5000, issues });
});

test("an outside error says whether something may have been done", () => {
  const cause = new Error("timeout");
  expect(
    new OutsideError("unknown", "keythai_timeout", "No answer.", { cause, retryAfterMs: 100 }),
  ).toMatchObject({
    name: "OutsideError",
    kind: "unknown",
    code: "keythai_timeout",
    message: "No answer.",
    retryAfterMs: 100,
    cause,
  });
  const bare = new OutsideError("refused", "keythai_validation_error", "Refused.");
  expect(bare.retryAfterMs).toBeNull();
  expect("cause" in bare).toBe(false);
});

test("a variant that nobody handles is named", () => {
  const fax = { kind: "fax" } as never;
  expect(() => assertNever(fax)).toThrow('unhandled variant: {"kind":"fax"}');
});

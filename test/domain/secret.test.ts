import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "../../src/domain/secret.ts";

const secret = new Secret("hunter2hunter2");

test.each([
  ["a template", `${secret}`],
  ["JSON", JSON.stringify({ secret })],
  ["the inspector of console.log", inspect({ secret }, { depth: 5, showHidden: true })],
  ["String()", String(secret)],
  ["a copy of its fields", JSON.stringify({ ...secret })],
])("%s does not show it", (_, text) => {
  expect(text).not.toContain("hunter2");
});

test("what is shown instead says that something is hidden", () => {
  expect([`${secret}`, JSON.stringify(secret), inspect(secret)]).toEqual([
    "[secret]",
    '"[secret]"',
    "[secret]",
  ]);
});

test("it comes out when asked for by name", () => {
  expect(secret.reveal()).toBe("hunter2hunter2");
});

test("two secrets are equal when their texts are", () => {
  expect(secret.equals(new Secret("hunter2hunter2"))).toBe(true);
  expect(secret.equals(new Secret("hunter3"))).toBe(false);
});

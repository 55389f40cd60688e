import { expect, it } from "vitest";
import { learn } from "../../src/domain/contact.ts";

it("learns what is told, and keeps what isn't", () => {
  const first = learn(null, { email: "ann@example.com", language: null });
  expect(first).toEqual({ email: "ann@example.com", language: null });
  const second = learn(first, { email: null, language: "th" });
  expect(second).toEqual({ email: "ann@example.com", language: "th" });
  expect(learn(second, { email: "ann@example.org", language: null })).toEqual({
    email: "ann@example.org",
    language: "th",
  });
});

it("is the same object where nothing is new", () => {
  const known = { email: "ann@example.com", language: "en" } as const;
  expect(learn(known, { email: null, language: null })).toBe(known);
  expect(learn(known, { ...known })).toBe(known);
});

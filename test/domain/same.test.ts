import { describe, expect, test } from "vitest";
import { same } from "../../src/domain/same.ts";
import { Secret } from "../../src/domain/secret.ts";

describe("the same, said in another order", () => {
  test.each<[unknown, unknown]>([
    [1, 1],
    [null, null],
    ["a", "a"],
    [[], []],
    [
      [1, { a: 2 }],
      [1, { a: 2 }],
    ],
    [
      { a: 1, b: { c: null, d: [new Secret("s")] } },
      { b: { d: [new Secret("s")], c: null }, a: 1 },
    ],
    [Number.NaN, Number.NaN],
  ])("%#", (a, b) => expect(same(a, b)).toBe(true));
});

describe("not the same", () => {
  test.each<[unknown, unknown]>([
    [1, 2],
    [1, "1"],
    [null, {}],
    [null, undefined],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 2]],
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [new Secret("s"), new Secret("t")],
    [new Secret("s"), "s"],
  ])("%#", (a, b) => {
    expect(same(a, b)).toBe(false);
    expect(same(b, a)).toBe(false);
  });
});

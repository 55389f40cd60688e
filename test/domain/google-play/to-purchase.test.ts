import { expect, test } from "vitest";
import { toPurchase } from "../../../src/domain/google-play/to-purchase.ts";
import { fixture } from "../../support/fixtures.ts";

test.each([
  ["subscription", "sub-active-renewed", "active"],
  ["one_time", "product-v2-purchased-lifetime", "purchased"],
] as const)("a token's kind says how Google's answer is read: %s", (type, name, state) => {
  expect(toPurchase({ type }, fixture(name))).toMatchObject({ type, state });
});

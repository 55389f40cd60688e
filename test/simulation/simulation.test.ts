import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";

/** A small sample; `npm run simulate -- --seeds 1000` is the large one. */
describe("random lives come out as the reference says", () => {
  it.each(Array.from({ length: 25 }, (_, index) => index + 1))("seed %i", async (seed) => {
    const { problems } = await simulate({ seed, customers: 8 });
    expect(problems).toEqual([]);
  });
});

it("plays a seed again exactly", async () => {
  const first = await simulate({ seed: 7, customers: 6 });
  const again = await simulate({ seed: 7, customers: 6 });
  expect(again.trace).toEqual(first.trace);
  const other = await simulate({ seed: 8, customers: 6 });
  expect(other.trace).not.toEqual(first.trace);
});

it("plays the acts of a life without the life", async () => {
  const made = await simulate({ seed: 9, customers: 6 });
  const played = await simulate({ seed: 9, customers: 6, acts: made.acts });
  expect(played.trace).toEqual(made.trace);
});

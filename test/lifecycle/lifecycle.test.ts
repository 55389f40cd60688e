import { describe, expect, it } from "vitest";
import { CHAPTERS } from "./chapters.ts";
import { play } from "./kit/play.ts";
import { type Scenario, WAYS, type Way } from "./kit/scenario.ts";

/** Every row of docs/lifecycle.md, played on every way that notices can take; all end the same. */

for (const { title, scenarios } of CHAPTERS) {
  describe(title, () => {
    for (const scenario of scenarios) {
      const { id, state, event, bug } = scenario;
      describe(`${id}: ${state}, ${event}`, () => {
        const ends: unknown[] = [];
        for (const way of WAYS) {
          const known = bug?.ways.includes(way) ?? false;
          const name = `notices ${way}${known ? `, known to fail: ${bug?.what}` : ""}`;
          // What is known to fail has to fail: who mends it takes the mark away.
          (known ? it.fails : it)(name, () => playAndCompare(scenario, way, ends));
        }
      });
    }
  });
}

async function playAndCompare(scenario: Scenario, way: Way, ends: unknown[]): Promise<void> {
  for (const end of await play(scenario, way)) {
    ends.push(end);
    expect(end).toEqual(ends[0]);
  }
}

import { describe, expect, it } from "vitest";
import { CHAPTERS } from "./chapters.ts";
import { play } from "./kit/play.ts";
import { WAYS } from "./kit/scenario.ts";

/** Every row of docs/lifecycle.md, played on every way that notices can take; all end the same. */

for (const { title, scenarios } of CHAPTERS) {
  describe(title, () => {
    for (const scenario of scenarios) {
      describe(`${scenario.id}: ${scenario.state}, ${scenario.event}`, () => {
        const ends: unknown[] = [];
        it.each(WAYS)("notices %s", async (way) => {
          for (const end of await play(scenario, way)) {
            ends.push(end);
            expect(end).toEqual(ends[0]);
          }
        });
      });
    }
  });
}

import { describe, expect, it } from "vitest";
import { CHAPTERS } from "./chapters.ts";
import { play, WAYS } from "./kit/play.ts";

/** Every row of docs/lifecycle.md, played on every way that notices can take. */

for (const { title, scenarios } of CHAPTERS) {
  describe(title, () => {
    for (const scenario of scenarios) {
      const name = `${scenario.id}: ${scenario.state}, ${scenario.event}`;
      describe(name, () => {
        const ends = new Map<string, unknown>();
        it.each(WAYS)("notices %s", async (way) => {
          ends.set(way, await play(scenario, way));
          if (ends.has("on time")) expect(ends.get(way)).toEqual(ends.get("on time"));
        });
      });
    }
  });
}

import { describe, expect, it } from "vitest";
import { EXPECTATIONS, type Expectation } from "./expectations.ts";
import { equalsOf, mutantsOf } from "./mutants.ts";
import { createStage, RULES } from "./stage.ts";

/** Rules made wrong on purpose: the table of expectations has to notice each of them. */

const MUTANTS = mutantsOf(RULES);
/** The beginning of each part comes first: most mutants break more than one, and so are noticed soon. */
const parts = Object.values(EXPECTATIONS);
const table = [...parts.flatMap((part) => part.slice(0, 5)), ...parts.flatMap((part) => part.slice(5))];

/** @returns The first expectation that doesn't hold; null where nothing is noticed. */
async function noticed(rules: string): Promise<Expectation | null> {
  const stage = await createStage(import.meta.url, rules);
  try {
    for (const expectation of table) if (!(await stage.holds(expectation))) return expectation;
    return null;
  } finally {
    await stage.close();
  }
}

it("each line that opens something is made wrong, and the rules have no other lines", () => {
  const changed = new Set(MUTANTS.map(({ line }) => line));
  const rest = RULES.split("\n").filter((_, index) => !changed.has(index + 1));
  const meaning = rest.map((text) => text.trim()).filter((text) => text !== "" && !text.startsWith("//"));
  expect(meaning).toEqual(["rules_version = '2';", "service cloud.firestore {", "}", "}", "}", "}"]);
});

describe.concurrent("the table notices", () => {
  it.each(MUTANTS.map((mutant) => [`line ${mutant.line}: ${mutant.what}`, mutant] as const))(
    "%s",
    async (_, mutant) => {
      expect(mutant.rules).not.toBe(RULES);
      expect(await noticed(mutant.rules)).not.toBeNull();
    },
  );
});

describe.concurrent("nothing changes with", () => {
  it.each(Object.entries(equalsOf(RULES)))("%s", async (_, rules) => {
    expect(rules).not.toBe(RULES);
    expect(await noticed(rules)).toBeNull();
  });
});

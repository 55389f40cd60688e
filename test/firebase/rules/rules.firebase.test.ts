import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unseen } from "./coverage.ts";
import { EXPECTATIONS, type Expectation, places } from "./expectations.ts";
import { createStage, RULES, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await createStage(import.meta.url, RULES);
});
afterAll(() => stage.close());

async function broken(expectations: readonly Expectation[]): Promise<Expectation[]> {
  const found: Expectation[] = [];
  for (const expectation of expectations) if (!(await stage.holds(expectation))) found.push(expectation);
  return found;
}

it("what lies under a customer is for them to read: nothing else came there unthought of", () => {
  expect(places().own).toEqual(["entitlements", "grants"]);
  expect(places().closed).toContain("purchases");
  expect(places().closed.length).toBeGreaterThan(14);
});

describe("firestore.rules", () => {
  it.each(Object.entries(EXPECTATIONS))("%s", async (_, expectations) => {
    expect(await broken(expectations)).toEqual([]);
  });

  it("have no part that was not looked at from both sides", async () => {
    expect(await unseen(stage.projectId, RULES)).toEqual([]);
  });
});

it("a part that nobody looks at, or from one side only, shows", async () => {
  const rules = RULES.replace(
    /(?=\n {4}match)/,
    "\n    match /a/{b} { allow read: if b == 'c' || b == 'd'; }",
  );
  const other = await createStage(import.meta.url, rules);
  try {
    expect(await unseen(other.projectId, rules)).toContain("never evaluated: b == 'c' || b == 'd'");
    await other.holds({ who: "ann", act: "get", at: "a/c", may: true });
    const shown = await unseen(other.projectId, rules);
    expect(shown).toContain("never false: b == 'c' || b == 'd'");
    expect(shown).toContain("never evaluated: b == 'd'");
  } finally {
    await other.close();
  }
});

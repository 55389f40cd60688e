import { doc, setDoc, Timestamp } from "firebase/firestore";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANN, EXPECTATIONS, GUEST } from "./expectations.ts";
import { createStage, RULES, type Stage } from "./stage.ts";

/** What the owner's own rules, in the same file, make of a customer's entitlements (contract section 5). */

const PREMIUM = "/databases/$(database)/documents/customers/$(request.auth.uid)/entitlements/premium";
const OWNERS = `
    match /lessons/{lesson} {
      allow read: if get(${PREMIUM}).data.active;
    }
    match /exams/{exam} {
      allow read: if get(${PREMIUM}).data.active
        && (get(${PREMIUM}).data.access_until == null || get(${PREMIUM}).data.access_until > request.time);
    }
`;
const HOUR = 3_600_000;

let stage: Stage;
beforeAll(async () => {
  stage = await createStage(import.meta.url, RULES.replace("/documents {", `/documents {${OWNERS}`));
  await stage.write(async (db) => {
    const until = {
      past: Timestamp.fromMillis(Date.now() - HOUR),
      later: Timestamp.fromMillis(Date.now() + HOUR),
    };
    const premium = (uid: string, data: object) =>
      setDoc(doc(db, "customers", uid, "entitlements", "premium"), data);
    await premium("forever", { active: true, access_until: null });
    await premium("paid", { active: true, access_until: until.later });
    await premium("late", { active: true, access_until: until.past });
    await premium("ended", { active: false, access_until: until.past });
  });
});
afterAll(() => stage.close());

describe("a lesson for those who have premium", () => {
  it.each([
    ["forever", true, true],
    ["paid", true, true],
    ["late", true, false],
    ["ended", false, false],
    ["never", false, false],
    [null, false, false],
  ])("%s", async (who, lessons, exams) => {
    for (const act of ["get", "list"] as const) {
      const [lesson, exam] = act === "get" ? ["lessons/one", "exams/one"] : ["lessons", "exams"];
      expect(await stage.holds({ who, act, at: lesson, may: lessons })).toBe(true);
      expect(await stage.holds({ who, act, at: exam, may: exams })).toBe(true);
    }
  });

  it("opens nothing else", async () => {
    for (const expectation of Object.values(EXPECTATIONS)
      .flat()
      .filter(({ who }) => [ANN, GUEST, null].includes(who)))
      expect([expectation, await stage.holds(expectation)]).toEqual([expectation, true]);
  });
});

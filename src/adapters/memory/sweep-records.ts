import type { SweepRecords } from "../../ports.ts";
import { worthNoting } from "../shared/heard.ts";
import { byDue, type MemoryTables, valuesOf } from "./tables.ts";

/** What sweeps remember and find. */
export function createSweepRecords(tables: MemoryTables): SweepRecords {
  const { purchases, licenseKeys, refundReviews, marks, notices } = tables;
  return {
    mark: async (name) => marks.get(name) ?? null,
    setMark: async (name, at) => void marks.set(name, Math.max(at, marks.get(name) ?? at)),
    unacknowledged: async (from, by, limit) =>
      byDue(valuesOf(purchases), ({ acknowledgeBy }) => acknowledgeBy, by)
        .filter(({ acknowledgeBy }) => acknowledgeBy !== null && acknowledgeBy >= from)
        .slice(0, limit)
        .flatMap(({ id, packageName, type, token, acknowledgeBy }) =>
          acknowledgeBy === null ? [] : [{ id, packageName, type, token, acknowledgeBy }],
        ),
    keysToCheck: async (now, limit) =>
      byDue([...licenseKeys.values()], ({ checkAt }) => checkAt, now).slice(0, limit),
    checkKeyAgain: async (id, checkAt) => {
      const key = licenseKeys.get(id);
      if (key !== undefined) licenseKeys.set(id, { ...key, checkAt });
    },
    openReviews: async (by, limit) =>
      byDue(
        [...refundReviews.values()],
        ({ preference, answerBy }) => (preference === null ? answerBy : null),
        by,
      ).slice(0, limit),
    noticeRhythm: async () => notices.rhythm,
    heardGoogle: async (now) => {
      notices.rhythm = worthNoting(notices.rhythm, now) ?? notices.rhythm;
    },
  };
}

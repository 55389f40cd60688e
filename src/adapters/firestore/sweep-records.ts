import type { DocumentSnapshot, Firestore } from "@google-cloud/firestore";
import { z } from "zod";
import type { Instant } from "../../domain/instant.ts";
import type { NoticeRhythm } from "../../domain/notice-rhythm.ts";
import type { SweepRecords } from "../../ports.ts";
import { worthNoting } from "../shared/heard.ts";
import { stamp, tryReadLicenseKey, tryReadReview, tryReadUnacknowledged } from "./documents.ts";
import { guarded } from "./errors.ts";
import { putIfSame, untilWon, writeIfSame } from "./guarded-writes.ts";
import { type Paths, paths } from "./paths.ts";
import { timestamp } from "./schemas.ts";

/** What sweeps remember and find. What can't be read is left out: it must not stop the rest. */
export function createFirestoreSweepRecords(db: Firestore): SweepRecords {
  const at = paths(db);
  const { purchases, licenseKeys, refundReviews, sweepMarks } = at;
  return {
    ...createRhythm(at),

    mark: async (name) => readMark(await guarded(() => sweepMarks.doc(name).get())),

    setMark: (name, instant) =>
      untilWon(async () => {
        const snapshot = await guarded(() => sweepMarks.doc(name).get());
        const before = readMark(snapshot);
        const behind = before === null || before < instant;
        return !behind || (await putIfSame(snapshot, { at: stamp(instant) })) ? { value: undefined } : null;
      }),

    async unacknowledged(from, by, limit) {
      const open = purchases
        .where("acknowledge_by", ">=", stamp(from))
        .where("acknowledge_by", "<=", stamp(by));
      const due = open.orderBy("acknowledge_by").limit(limit);
      const { docs } = await guarded(() => due.get());
      return docs.map((doc) => tryReadUnacknowledged(doc.data())).filter((found) => found !== null);
    },

    async keysToCheck(now, limit) {
      const due = licenseKeys.where("check_at", "<=", stamp(now)).orderBy("check_at").limit(limit);
      const { docs } = await guarded(() => due.get());
      return docs.map((doc) => tryReadLicenseKey(doc.data())).filter((key) => key !== null);
    },

    checkKeyAgain: async (id, instant) =>
      // A key that isn't there is a conflict: nothing is to be checked.
      void (await writeIfSame(() => licenseKeys.doc(id).update({ check_at: stamp(instant) }))),

    async openReviews(by, limit) {
      const open = refundReviews.where("open_until", "<=", stamp(by)).orderBy("open_until").limit(limit);
      const { docs } = await guarded(() => open.get());
      return docs.map((doc) => tryReadReview(doc.id, doc.data())).filter((review) => review !== null);
    },
  };
}

const markSchema = z.object({ at: timestamp });

function readMark(snapshot: DocumentSnapshot): Instant | null {
  return snapshot.exists ? markSchema.parse(snapshot.data()).at : null;
}

const rhythmSchema = z
  .object({
    last_at: timestamp,
    silences: z.array(
      z
        .object({ day: z.number(), longest_ms: z.number() })
        .transform(({ day, longest_ms }) => ({ day, longestMs: longest_ms })),
    ),
  })
  .transform(({ last_at, silences }): NoticeRhythm => ({ lastAt: last_at, silences }));

/** One small document beside the marks. */
function createRhythm({ sweepMarks }: Paths): Pick<SweepRecords, "noticeRhythm" | "heardGoogle"> {
  const document = sweepMarks.doc("notice_rhythm");
  const read = (snapshot: DocumentSnapshot) => (snapshot.exists ? rhythmSchema.parse(snapshot.data()) : null);
  /** What this process knows of it: most notices then cost nothing. */
  let known: NoticeRhythm | null = null;
  return {
    noticeRhythm: async () => read(await guarded(() => document.get())),
    async heardGoogle(now) {
      if (known !== null && worthNoting(known, now) === null) return;
      const snapshot = await guarded(() => document.get());
      const stored = read(snapshot);
      const next = worthNoting(stored, now);
      if (next !== null) await putIfSame(snapshot, writeRhythm(next));
      // Whoever was faster wrote the same within a moment.
      known = next ?? stored;
    },
  };
}

function writeRhythm({ lastAt, silences }: NoticeRhythm) {
  return {
    last_at: stamp(lastAt),
    silences: silences.map(({ day, longestMs }) => ({ day, longest_ms: longestMs })),
  };
}

import { HOUR } from "../domain/instant.ts";
import { unusualSilence } from "../domain/notice-rhythm.ts";
import type { Ports } from "../ports.ts";
import { NOTHING_FOUND, type SweepReport } from "./sweep.ts";

/** When the last alarm was; kept with the marks of the sweeps, so that of many workers one cries. */
const ALARM = "silence:alarm";
const ALARM_EVERY = HOUR;

/**
 * Raises an alarm when Google has been silent for longer than usual: then notices are lost on their way (a subscription
 * deleted, a right withdrawn), and all rests on the sweeps.
 */
export async function sweepSilence({
  sweepRecords,
  clock,
  log,
}: Pick<Ports, "sweepRecords" | "clock" | "log">): Promise<SweepReport> {
  const now = clock.now();
  const rhythm = await sweepRecords.noticeRhythm();
  const silence = rhythm === null ? null : unusualSilence(rhythm, now);
  if (silence === null) return NOTHING_FOUND;
  const last = await sweepRecords.mark(ALARM);
  if (last !== null && now - last < ALARM_EVERY) return { ...NOTHING_FOUND, found: 1 };
  await sweepRecords.setMark(ALARM, now);
  log.error("rtdn.silent", { hours: Math.round(silence / HOUR) });
  return { ...NOTHING_FOUND, found: 1, changed: 1 };
}

/** A notice came, whatever it says. Kept beside all else: nobody waits for it, and no notice fails by it. */
export function noteHeard({
  sweepRecords,
  background,
  clock,
  log,
}: Pick<Ports, "sweepRecords" | "background" | "clock" | "log">): void {
  if (!background.hasRoom()) return;
  const now = clock.now();
  background.run(async () => {
    try {
      await sweepRecords.heardGoogle(now);
    } catch (error) {
      log.warn("rtdn.unnoted", {}, error);
    }
  });
}

import { AppError, OutsideError } from "../domain/errors.ts";
import type { Chance, Log, LogFields, Ports } from "../ports.ts";
import type { EffectPorts } from "./run-effects.ts";

export type SweepPorts = EffectPorts & Pick<Ports, "adminRecords" | "sweepRecords" | "desk">;

/** What one pass came to. */
export interface SweepReport {
  /** What was due. */
  readonly found: number;
  /** Of it, what had consequences. */
  readonly changed: number;
  readonly failed: number;
  /** There may be more that is due now. After a pass that got nowhere this is false: a rest comes first. */
  readonly more: boolean;
}

/** What is looked for again and again, so that nothing rests on a notice or on a process alone. */
export interface Sweep {
  readonly name: string;
  readonly everyMs: number;
  /** What is counted, in plain words: `<n> <found>`, `<n> <changed>`. */
  readonly words: { readonly found: string; readonly changed: string };
  /** One pass: bounded, harmless if it dies anywhere or overlaps with another one, here or elsewhere. */
  run(ports: SweepPorts): Promise<SweepReport>;
}

export const NOTHING_FOUND: SweepReport = { found: 0, changed: 0, failed: 0, more: false };

/** Things handled at once: enough to hide waiting, too few to be felt by Google or the licence server. */
const AT_ONCE = 8;
/** So many failures in a row are the other side's, not the things': the rest would only wait for nothing. */
const GIVE_UP_AFTER = 2 * AT_ONCE;

export interface Found<T> {
  readonly sweep: string;
  readonly items: readonly T[];
  /** How many were asked for: as many found means that there may be more. */
  readonly limit: number;
  /** What names an item in the log: ids only. */
  readonly fieldsOf: (item: T) => LogFields;
  /** Handled, an item leaves the list that is found. @returns Whether it had consequences. */
  readonly handle: (item: T) => Promise<boolean>;
}

/** Handles what a sweep has found, some at once. One that fails, for whatever reason, fails alone. */
export async function handleEach<T>({ log }: { log: Log }, found: Found<T>): Promise<SweepReport> {
  const waiting = [...found.items];
  const tally = { changed: 0, done: 0, failed: 0, failedInRow: 0 };
  const lane = async () => {
    while (waiting.length > 0 && tally.failedInRow < GIVE_UP_AFTER) {
      const [item] = waiting.splice(0, 1) as [T];
      const changed = await attempt(log, found, item);
      tally.failedInRow = changed === null ? tally.failedInRow + 1 : 0;
      if (changed === null) tally.failed += 1;
      else tally.done += 1;
      if (changed === true) tally.changed += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const { changed, done, failed } = tally;
  const more = found.items.length >= found.limit && done > 0 && waiting.length === 0;
  return { found: found.items.length, changed, failed, more };
}

/** @returns null where it failed. */
async function attempt<T>(log: Log, { sweep, handle, fieldsOf }: Found<T>, item: T): Promise<boolean | null> {
  try {
    return await handle(item);
  } catch (error) {
    noteFailure(log, { kind: sweep, ...fieldsOf(item) }, error);
    return null;
  }
}

/** Says in the log that something of a sweep failed; a bug of ours louder than trouble of others'. */
export function noteFailure(log: Log, fields: LogFields, error: unknown): void {
  if (error instanceof AppError || error instanceof OutsideError) {
    log.warn("sweep.failed", { ...fields, code: error.code });
  } else {
    log.error("sweep.bug", fields, error);
  }
}

/** In an order of chance: sweeps of several processes that found the same then meet in few of it. */
export function shuffled<T>(items: readonly T[], chance: Chance): T[] {
  return items
    .map((item) => ({ item, place: chance() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

export function addReports(a: SweepReport, b: SweepReport): SweepReport {
  return {
    found: a.found + b.found,
    changed: a.changed + b.changed,
    failed: a.failed + b.failed,
    more: a.more || b.more,
  };
}

import { within } from "../adapters/shared/google-headers.ts";
import { type Check, type DoctorContext, type Finding, failed, skipped } from "./check.ts";

/** What came of one check, in at least one line. */
export interface CheckReport {
  readonly name: string;
  readonly findings: readonly Finding[];
}

export interface RunOptions {
  /** For each check, in ms. */
  readonly timeoutMs: number;
  /** Hears of each check as it ends, and which ones still run. */
  readonly onDone?: (name: string, running: readonly string[]) => void;
}

/** A check that ends by its own signal says more than we could: it gets a moment to do so. */
const GRACE_MS = 500;

interface Outcome extends CheckReport {
  /** What needs it is left out. */
  readonly blocks: boolean;
}

/**
 * Runs all checks at once, each as soon as those that it needs are through and within a time of its own. A check that
 * breaks is a finding.
 *
 * @returns The reports in the order of the checks.
 */
export async function runChecks(
  checks: readonly Check[],
  context: DoctorContext,
  { timeoutMs, onDone }: RunOptions,
): Promise<CheckReport[]> {
  const running = new Set(checks.map(({ name }) => name));
  const outcomes = new Map<string, Promise<Outcome>>();

  const outcomeOf = (check: Check): Promise<Outcome> => {
    const known = outcomes.get(check.name);
    if (known !== undefined) return known;
    const outcome = runAfterNeeds(check);
    outcomes.set(check.name, outcome);
    return outcome;
  };

  const runAfterNeeds = async (check: Check): Promise<Outcome> => {
    const names = check.needs?.(context) ?? [];
    const needed = await Promise.all(checks.filter(({ name }) => names.includes(name)).map(outcomeOf));
    const blocking = needed.find(({ blocks }) => blocks);
    const findings =
      blocking === undefined
        ? await runOne(check, context, timeoutMs)
        : [skipped(`because the check "${blocking.name}" failed`)];
    running.delete(check.name);
    onDone?.(check.name, [...running]);
    const blocks = blocking !== undefined || findings.some(({ status }) => status === "failed");
    return { name: check.name, findings, blocks };
  };

  const all = await Promise.all(checks.map(outcomeOf));
  return all.map(({ name, findings }) => ({ name, findings }));
}

async function runOne(check: Check, context: DoctorContext, timeoutMs: number): Promise<readonly Finding[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  const tooLate = AbortSignal.timeout(timeoutMs + GRACE_MS);
  try {
    return await within(tooLate, Promise.resolve(check.run({ ...context, signal, timeoutMs })));
  } catch (error) {
    return [tooLate.aborted || signal.aborted ? late(timeoutMs) : broken(error)];
  }
}

function late(timeoutMs: number): Finding {
  return failed(
    `this was not through after ${timeoutMs / 1000} s`,
    "Look whether this machine reaches the internet; give it longer with --timeout 30.",
  );
}

/** An error that nobody expected may quote anything: only its name and code are told. */
function broken(error: unknown): Finding {
  const name = error instanceof Error ? error.name : typeof error;
  const code = error instanceof Error && "code" in error ? ` ${String(error.code).slice(0, 40)}` : "";
  return failed(
    `the check itself broke (${name}${code})`,
    "This is a bug of the doctor's: please report it, with the name of the check.",
  );
}

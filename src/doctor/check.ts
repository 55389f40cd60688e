import type { Config, ConfigIssue } from "../config.ts";
import type { Clock, Outbox, Records, SweepRecords, WebhookRecords } from "../ports.ts";
import type { ReadCatalog } from "./catalog-file.ts";
import type { GoogleAccess } from "./google-access.ts";

/** `warning`: it works, or can't be known from here. `failed`: it doesn't. */
export type Status = "ok" | "warning" | "failed" | "skipped";

/** One line of the doctor's. */
export interface Finding {
  readonly status: Status;
  /** What is so. Holds no secret, key, token or mail address of a customer. */
  readonly message: string;
  /** What to do: a command, or a place in a console. Null where nothing is to be done. */
  readonly fix: string | null;
}

export const ok = (message: string): Finding => ({ status: "ok", message, fix: null });
export const warning = (message: string, fix: string): Finding => ({ status: "warning", message, fix });
export const failed = (message: string, fix: string): Finding => ({ status: "failed", message, fix });
export const skipped = (message: string): Finding => ({ status: "skipped", message, fix: null });

/** Skipped for want of a setting: one that is set, but wrong, is told under `settings`. */
export function skippedWithout(name: keyof Config, issues: readonly ConfigIssue[], so = ""): Finding {
  const wrong = issues.some(({ variable }) => variable === name);
  return skipped(wrong ? `because ${name} is not right: see settings` : `${name} is not set${so}`);
}

/** Where Google's REST APIs are; tests have others. */
export interface GoogleRoots {
  readonly pubsub: string;
  readonly firestore: string;
  readonly rules: string;
  readonly resourceManager: string;
  readonly kms: string;
  readonly play: string;
}

/** What checks read of the database. */
export interface DoctorStore {
  readonly records: Pick<Records, "ping">;
  readonly outbox: Pick<Outbox, "backlog">;
  readonly sweepRecords: Pick<SweepRecords, "noticeRhythm">;
  readonly webhookRecords: Pick<WebhookRecords, "endpoints">;
}

/** All that checks may use. */
export interface DoctorContext {
  /** The settings that are right by themselves; those that are wrong stand in `issues`, and here at their default. */
  readonly config: Config;
  readonly issues: readonly ConfigIssue[];
  /** Null: it can't be read, which `issues` tells. */
  readonly catalog: ReadCatalog | null;
  readonly google: GoogleAccess;
  readonly roots: GoogleRoots;
  readonly clock: Clock;
  /** The store in Firestore, opened with the first question. */
  store(): Promise<DoctorStore>;
}

export interface CheckContext extends DoctorContext {
  /** Ends with the check's time. */
  readonly signal: AbortSignal;
  /** All the time it has, in ms. */
  readonly timeoutMs: number;
}

/** One thing that is looked at. What it throws is told as a failure; what it says holds no secrets. */
export interface Check {
  /** One word, as it stands before each line. */
  readonly name: string;
  /** Names of the checks without which this one would only say the same again. */
  needs?(context: DoctorContext): readonly string[];
  run(context: CheckContext): Promise<readonly Finding[]> | readonly Finding[];
}

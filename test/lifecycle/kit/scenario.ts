import type { WorldOptions } from "../../world/world.ts";
import type { Stage } from "./stage.ts";

/** How Google's notices reach us, all through a story. */
export const WAYS = ["on time", "lost", "doubled", "shuffled"] as const;
export type Way = (typeof WAYS)[number];

/** What is true of a customer, in the words of the table. */
export interface Cells {
  /** `yes`; `until its end`: nothing more comes after it; `no`. Where entitlements differ, which one has what. */
  readonly access: string;
  /** Rows in the order in which they came: how each stands now, a revoked one with its reason. */
  readonly grant: string;
  /** Licences at KeyThai in the order in which they were made; `none`. */
  readonly licence: string;
  /** What Google was told of the purchase that the event is about: `no`, `acknowledged`, `consumed`. */
  readonly acknowledge: string;
}

/** When nobody tells: what time brings, and how everything stands then. */
export interface Later extends Partial<Cells> {
  readonly days: number;
  /** `when the period ends` */
  readonly when: string;
}

/** A row of docs/lifecycle.md, and the story that shows it. */
export interface Scenario extends Cells {
  /** Its anchor: unique, kebab-case. */
  readonly id: string;
  readonly state: string;
  readonly event: string;
  /** How long a lost notice goes unnoticed, where no sweep can find it at once. */
  readonly later?: Later;
  /**
   * The reason that a row ended for, where swapped notices decide which of several true ones is known first. A row that
   * ended never changes again.
   */
  readonly swapped?: { readonly grant: string };
  /** Only a notice, or the app when it starts, names the token to us: without notices the app starts. */
  readonly appHeals?: true;
  readonly world?: Omit<WorldOptions, "storage" | "seed">;
  /** Whose entitlements the cells speak of (`ann`). */
  readonly customer?: string;
  /** What the app is told in place of answers. */
  readonly refusals?: readonly string[];
  story(stage: Stage): Promise<void>;
}

/** A file of scenarios. */
export interface Chapter {
  readonly title: string;
  /** Its file below test/lifecycle. */
  readonly file: string;
  readonly scenarios: readonly Scenario[];
}

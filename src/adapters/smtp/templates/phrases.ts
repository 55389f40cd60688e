import type { RevocationReason } from "../../../domain/access.ts";
import type { Language } from "../../../domain/contact.ts";
import type { Instant } from "../../../domain/instant.ts";

/** What a letter is about, as far as its wording goes. */
export type Matter = "delivered" | "replaced" | "restored" | "paused" | "ended";

/** All that letters say, in one language. Texts are plain: they are escaped where they become HTML. */
export interface Phrases {
  readonly language: Language;
  /** For the subject line, behind the product's name. */
  readonly subject: Readonly<Record<Matter, string>>;
  readonly heading: Readonly<Record<Matter, string>>;
  readonly keyLabel: string;
  readonly untilLabel: string;
  delivered(product: string): string;
  /** @param ending The last characters of the key that works no more. */
  replaced(product: string, ending: string): string;
  /** What to do with the key in the box below, or above where another language came first. */
  readonly howTo: Readonly<Record<"below" | "above", string>>;
  readonly keepIt: string;
  readonly renewal: string;
  restored(product: string, ending: string): string;
  readonly nothingToDo: string;
  /** What stopped working, and may work again. */
  paused(product: string, ending: string): string;
  /** What stopped working for good. */
  ended(product: string, ending: string): string;
  readonly reasons: Readonly<Record<RevocationReason, Reason>>;
  readonly automatic: string;
  /** A moment with the name of its time zone. */
  moment(at: Instant): string;
}

/** In plain words, blaming nobody: why a key stopped working, and what its owner can do. */
export interface Reason {
  readonly why: string;
  readonly next: string;
}

import type { Language } from "../../../domain/contact.ts";

/** What one language says, in the order in which it is read. */
export interface Passage {
  readonly language: Language;
  readonly heading: string;
  readonly parts: readonly Part[];
}

export type Part =
  | { readonly kind: "words"; readonly text: string }
  | { readonly kind: "fact"; readonly label: string; readonly value: string }
  | { readonly kind: "key"; readonly label: string; readonly key: string };

/** The small print of one language. */
export interface Closing {
  readonly language: Language;
  readonly text: string;
}

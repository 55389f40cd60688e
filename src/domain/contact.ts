/** The languages that letters are written in. */
export type Language = "th" | "en";

/** How a customer is reached; told by the app with a purchase. */
export interface Contact {
  /** Verified by the issuer of ID tokens. */
  readonly email: string | null;
  /** Null where nothing tells it: letters are written in all of them. */
  readonly language: Language | null;
}

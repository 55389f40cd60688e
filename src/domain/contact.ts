/** The languages that letters are written in. */
export type Language = "th" | "en";

/** How a customer is reached; told by the app with a purchase. */
export interface Contact {
  /** Verified by the issuer of ID tokens. */
  readonly email: string | null;
  /** Null where nothing tells it: letters are written in all of them. */
  readonly language: Language | null;
}

/** What is known after an app has spoken: what it doesn't tell stays as it was. The same object: nothing new. */
export function learn(known: Contact | null, told: Contact): Contact {
  const email = told.email ?? known?.email ?? null;
  const language = told.language ?? known?.language ?? null;
  return known?.email === email && known.language === language ? known : { email, language };
}

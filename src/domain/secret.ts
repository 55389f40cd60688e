/**
 * A text that must not reach a log, an error or a JSON answer by accident: purchase tokens, licence keys, credentials.
 * Printing it in any ordinary way gives `[secret]`; the text itself comes out through {@link Secret.reveal} alone.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Call it only where it leaves for the one place that needs it. */
  reveal(): string {
    return this.#text;
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}

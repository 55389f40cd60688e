import type { Instant } from "../../src/domain/instant.ts";
import type { Clock, LicenseLetter, Mailer } from "../../src/ports.ts";

/** A letter that the mail server took. */
export interface TakenLetter extends Pick<LicenseLetter, "to" | "id" | "language" | "productName"> {
  readonly at: Instant;
  readonly kind: LicenseLetter["news"]["kind"];
  /** In clear, where the letter tells it. */
  readonly key: string | null;
  readonly news: LicenseLetter["news"];
}

/** The mail server and its customers' mailboxes, without a socket. */
export interface Mailbox extends Mailer {
  readonly letters: readonly TakenLetter[];
  /** Thrown in place of taking a letter; null: it is taken. */
  manner: (letter: LicenseLetter) => Error | null;
}

export function createMailbox(clock: Clock, timeoutMs: number): Mailbox {
  const letters: TakenLetter[] = [];
  const mailbox: Mailbox = {
    timeoutMs,
    letters,
    manner: () => null,
    async send(letter) {
      const refusal = mailbox.manner(letter);
      if (refusal !== null) throw refusal;
      const { to, id, language, productName, news } = letter;
      const key = news.kind === "delivered" ? news.key.reveal() : null;
      letters.push({ at: clock.now(), to, id, language, productName, kind: news.kind, key, news });
    },
  };
  return mailbox;
}

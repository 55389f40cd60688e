import PQueue from "p-queue";
import type { Secret } from "../../domain/secret.ts";
import type { LicenseLetter, Mailer } from "../../ports.ts";
import { composeMessage } from "./compose-message.ts";
import { connectionOptions, post } from "./post.ts";
import { noSuchAddress } from "./smtp-failure.ts";
import { isAddress, readSender, readSmtpUrl } from "./smtp-settings.ts";

export interface MailerOptions {
  /** `smtps://user:password@host:port`, or `smtp://…`: then STARTTLS is required, except on this very machine. */
  readonly smtpUrl: Secret;
  /** `Shop <licenses@example.com>`. */
  readonly from: string;
  /** Longest time in which a letter is sent or not, in ms. */
  readonly timeoutMs: number;
  /** Letters under way at once, each over a connection of its own (3). */
  readonly atOnce?: number;
}

/**
 * Sends letters by SMTP.
 *
 * Errors of `send` are OutsideErrors that hold neither address nor key nor the server's words: `refused` (a 5yz to the
 * recipient or the message: `smtp_550`; `smtp_bad_address`), `busy` (surely nothing was sent: `smtp_421`, `smtp_auth`,
 * `smtp_tls`, `smtp_unreachable`), `unknown` (`smtp_no_answer`: no word after the message went out).
 *
 * @throws RangeError on settings that can't be read; quotes none of them.
 */
export function createMailer({
  smtpUrl,
  from,
  timeoutMs,
  atOnce = 3,
}: MailerOptions): Mailer & { load(): Promise<void> } {
  const server = readSmtpUrl(smtpUrl);
  const sender = readSender(from);
  const options = connectionOptions(server, sender.domain, timeoutMs);
  // First come, first served, and all have the same time: who waits here gets on before its own is over.
  const line = new PQueue({ concurrency: atOnce });

  async function send(letter: LicenseLetter, deadline: AbortSignal): Promise<void> {
    const { Composer, Connection } = await nodemailer();
    const { envelope, raw } = await composeMessage(Composer, sender, letter);
    await post(new Connection(options), server.login, envelope, raw, deadline);
  }

  return {
    timeoutMs,
    load: async () => void (await nodemailer()),
    async send(letter) {
      if (!isAddress(letter.to)) throw noSuchAddress();
      const deadline = AbortSignal.timeout(timeoutMs);
      await line.add(() => send(letter, deadline));
    },
  };
}

/** Loaded with the first letter, or by `load`: a process that sends none starts without it. */
async function nodemailer() {
  const [composer, connection] = await Promise.all([
    import("nodemailer/lib/mail-composer"),
    import("nodemailer/lib/smtp-connection"),
  ]);
  return { Composer: composer.default, Connection: connection.default };
}

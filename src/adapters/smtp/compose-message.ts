import type MailComposer from "nodemailer/lib/mail-composer";
import type { LicenseLetter } from "../../ports.ts";
import type { Envelope } from "./post.ts";
import type { Sender } from "./smtp-settings.ts";
import { renderLetter } from "./templates/letter.ts";

export interface Message {
  readonly envelope: Envelope;
  readonly raw: Buffer;
}

/**
 * A letter as a MIME message: plain text and HTML. Its Message-ID is made of the letter's id, so that a copy is known
 * again.
 *
 * @param letter `to` is one plain address.
 */
export async function composeMessage(
  Composer: typeof MailComposer,
  sender: Sender,
  letter: LicenseLetter,
): Promise<Message> {
  const { subject, text, html } = renderLetter(letter);
  const node = new Composer({
    messageId: `<${letter.id}@${sender.domain}>`,
    from: { name: sender.name, address: sender.address },
    to: { name: "", address: letter.to },
    subject,
    text,
    html,
    headers: {
      // Robots that answer mail leave this one alone (RFC 3834); the second one is for Exchange.
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      ...(letter.language === null ? {} : { "Content-Language": letter.language }),
    },
    newline: "\r\n",
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const { from, to } = node.getEnvelope();
  return {
    envelope: { from: from || sender.address, to: to[0] ?? letter.to },
    raw: await node.build(),
  };
}

import { type ParsedMail, simpleParser } from "mailparser";
import type { Clock } from "../clock.ts";

export type Mail = {
  receivedAt: string;
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string | null;
  headers: Record<string, string>;
  messageId: string | null;
  /** Its Message-ID came to this address before. */
  duplicate: boolean;
};

export type Mailbox = {
  readonly mails: readonly Mail[];
  /** Those for one address, oldest first. */
  to(address: string): Mail[];
  clear(): void;
  receive(raw: Buffer, envelope: { from: string; to: string[] }): Promise<Mail>;
};

/** Keeps what the SMTP server takes in. */
export function createMailbox(now: Clock): Mailbox {
  const mails: Mail[] = [];
  return {
    mails,
    to: (address) => mails.filter((mail) => mail.to.includes(address)),
    clear: () => void mails.splice(0),
    async receive(raw, envelope) {
      const parsed = toMail(await simpleParser(raw), envelope, new Date(now()));
      const mail = { ...parsed, duplicate: mails.some((former) => isCopy(parsed, former)) };
      mails.push(mail);
      return mail;
    },
  };
}

type Parsed = Omit<Mail, "duplicate">;

function isCopy({ messageId, to }: Parsed, former: Mail): boolean {
  return messageId !== null && former.messageId === messageId && to.some((each) => former.to.includes(each));
}

function toMail(parsed: ParsedMail, envelope: { from: string; to: string[] }, at: Date): Parsed {
  return {
    receivedAt: at.toISOString(),
    from: parsed.from?.text ?? envelope.from,
    to: envelope.to,
    subject: parsed.subject ?? "",
    text: parsed.text ?? "",
    html: parsed.html || null,
    headers: Object.fromEntries(
      parsed.headerLines.map(({ key, line }) => [key, line.slice(key.length + 1).trim()]),
    ),
    messageId: parsed.messageId ?? null,
  };
}

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { onTestFinished } from "vitest";
import { createFaults, type Faults } from "../../../sandbox/faults.ts";
import { createMailbox, type Mail, type Mailbox } from "../../../sandbox/mailbox/mailbox.ts";
import { startSmtp } from "../../../sandbox/mailbox/smtp.ts";
import { createMailer, type MailerOptions } from "../../../src/adapters/smtp/mailer.ts";
import { OutsideError } from "../../../src/domain/errors.ts";
import type { MailId } from "../../../src/domain/ids.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { LicenseLetter, Mailer } from "../../../src/ports.ts";

export const ADDRESS = "somchai@example.com";
export const KEY = "PRO7X-9KQ2M-4TZ8W-C3D5F-H6J1N";
export const MASKED = "*****-*****-*****-*****-*6J1N";

export const DELIVERED = {
  kind: "delivered",
  key: new Secret(KEY),
  formerMasked: null,
  until: null,
} as const satisfies LicenseLetter["news"];

export function aLetter(overrides: Partial<LicenseLetter> = {}): LicenseLetter {
  return {
    to: ADDRESS,
    id: "lk_1_delivered" as MailId,
    language: "en",
    productName: "Somtam Notes Pro",
    news: DELIVERED,
    ...overrides,
  };
}

export function mailerTo(port: number, overrides: Partial<MailerOptions> & { host?: string } = {}): Mailer {
  const { host = "127.0.0.1", ...options } = overrides;
  const smtpUrl = new Secret(`smtp://${host}:${port}`);
  return createMailer({ smtpUrl, from: "Shop <licenses@example.com>", timeoutMs: 10_000, ...options });
}

/** The sandbox's mail server, and a mailer that sends to it. */
export async function aPostOffice(options: Partial<MailerOptions> = {}): Promise<{
  mailer: Mailer;
  mailbox: Mailbox;
  faults: Faults;
  deliver(letter: LicenseLetter): Promise<Mail>;
}> {
  const mailbox = createMailbox(Date.now);
  const faults = createFaults();
  const smtp = await startSmtp(0, mailbox, faults);
  onTestFinished(() => smtp.close());
  const mailer = mailerTo(smtp.port, options);
  async function deliver(letter: LicenseLetter): Promise<Mail> {
    mailbox.clear();
    await mailer.send(letter);
    const [mail] = mailbox.mails;
    if (mail === undefined || mailbox.mails.length !== 1) throw new Error("not one mail");
    return mail;
  }
  return { mailer, mailbox, faults, deliver };
}

/** A mail server of the test's own making; counts the messages that it was handed. */
export async function aServer(options: SMTPServerOptions): Promise<{ port: number; taken: () => number }> {
  let taken = 0;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onData(stream, _session, done) {
      stream.on("end", () => {
        taken += 1;
        done();
      });
      stream.resume();
    },
    ...options,
  });
  server.on("error", () => undefined);
  const port = await listening(server.listen(0));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port, taken: () => taken };
}

export async function listening(server: Server): Promise<number> {
  if (!server.listening) await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

export function answer(responseCode: number): Error {
  return Object.assign(new Error(`no ${ADDRESS} here`), { responseCode });
}

/** How sending failed: told apart from a success, and from what isn't an OutsideError. */
export async function failureOf(sending: Promise<unknown>): Promise<OutsideError> {
  try {
    await sending;
  } catch (error) {
    if (error instanceof OutsideError) return error;
    throw error;
  }
  throw new Error("it was sent");
}

/** A certificate that nobody but the test trusts, for this machine under its names. */
export function aCertificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-tls-"));
  try {
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
    const names = "subjectAltName=IP:0.0.0.0,IP:127.0.0.1,DNS:localhost";
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...kind, "-subj", "/CN=localhost", "-addext", names, ...files], {
      stdio: "ignore",
    });
    const [key, cert] = ["key.pem", "cert.pem"].map((name) => readFileSync(join(folder, name), "utf8"));
    if (key === undefined || cert === undefined) throw new Error("no certificate");
    return { key, cert };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

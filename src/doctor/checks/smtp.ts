import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { connectionOptions } from "../../adapters/smtp/post.ts";
import { smtpFailure } from "../../adapters/smtp/smtp-failure.ts";
import { readSender, readSmtpUrl, type Sender, type SmtpServer } from "../../adapters/smtp/smtp-settings.ts";
import { troubleOf } from "../ask.ts";
import { type Check, type Finding, failed, ok, skippedWithout, warning } from "../check.ts";

/** The mail server: connect, TLS and login, as for a letter. None is sent. */
export const smtp: Check = {
  name: "smtp",
  async run({ config, issues, signal, timeoutMs }) {
    const { SMTP_URL: url, MAIL_FROM: from } = config;
    if (url === undefined) return [skippedWithout("SMTP_URL", issues, ": no mail is sent")];
    if (from === undefined) return [skippedWithout("MAIL_FROM", issues)];
    const read = readSettings(() => ({ server: readSmtpUrl(url), sender: readSender(from) }));
    if (read instanceof RangeError)
      return [failed(read.message, "Correct it: .env.example shows how it looks")];
    const { server, sender } = read;
    const { default: Connection } = await import("nodemailer/lib/smtp-connection");
    const connection = new Connection(connectionOptions(server, sender.domain, timeoutMs));
    try {
      const loggedIn = await talk(connection, server, signal);
      connection.quit();
      return [greeted(server, sender, loggedIn)];
    } catch (error) {
      connection.close();
      return [explain(error, server)];
    }
  },
};

function readSettings<T>(read: () => T): T | RangeError {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return error;
    throw error;
  }
}

/** @returns Whether we logged in: a server that offers no login may want none. */
async function talk(
  connection: SMTPConnection,
  { login }: SmtpServer,
  signal: AbortSignal,
): Promise<boolean> {
  const lost = new Promise<never>((_, reject) => {
    connection.on("error", reject);
    // A server that ends the talk with its answer: the answer counts, and it comes a few turns later.
    connection.once("end", () => setImmediate(reject, new Error("connection ended")));
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  const step = (run: (done: (error?: Error | null) => void) => void) =>
    Promise.race([
      lost,
      new Promise<void>((resolve, reject) => run((error) => (error ? reject(error) : resolve()))),
    ]);
  await step((done) => connection.connect(done));
  if (login === null || !connection.allowsAuth) return false;
  await step((done) => connection.login({ credentials: { user: login.user, pass: login.password } }, done));
  return true;
}

function greeted({ host, login }: SmtpServer, { domain }: Sender, loggedIn: boolean): Finding {
  if (login !== null && !loggedIn)
    return warning(
      `${host} offers no login, so the user of SMTP_URL is not used`,
      "Take user and password out of SMTP_URL, or use the port that wants them (465 with smtps://)",
    );
  return ok(
    `${host} takes letters${loggedIn ? " after a login" : ""}. SPF and DKIM of ${domain}, from which they come, must name it`,
  );
}

/** The server's words are left out: they may hold the user's name. */
function explain(error: unknown, { host, port, secure }: SmtpServer): Finding {
  const at = `${host}:${port}`;
  const { code } = smtpFailure(error, false);
  if (code === "smtp_auth")
    return failed(
      `${at} refuses the login of SMTP_URL`,
      "Correct user and password in SMTP_URL, percent-encoded",
    );
  if (code === "smtp_tls") return failed(`${at}: no trusted TLS connection`, tlsFix(secure));
  if (code !== "smtp_unreachable")
    return failed(
      `${at} answered ${code.replace("smtp_", "")} to the greeting or login`,
      "Ask whoever runs the mail server, or wait",
    );
  const words = {
    name: "can't be found (DNS)",
    refused: "refuses the connection",
    late: "gives no answer in time",
  } as const;
  const trouble = troubleOfSmtp(error);
  const told =
    trouble === "name" || trouble === "refused" || trouble === "late"
      ? words[trouble]
      : "breaks the connection";
  return failed(
    `${at} ${told}`,
    "Correct host and port in SMTP_URL; see that this network lets port 465 or 587 out",
  );
}

function tlsFix(secure: boolean): string {
  return secure
    ? "See that the host in SMTP_URL is the name in the server's certificate; a port with STARTTLS (587) wants smtp://"
    : "See that the server offers STARTTLS, with a certificate for the host in SMTP_URL; port 465 wants smtps://";
}

/** nodemailer puts the socket's own code aside. */
function troubleOfSmtp(error: unknown) {
  const original = error instanceof Error && "originalCode" in error ? error.originalCode : undefined;
  return troubleOf(original === undefined ? error : { code: original });
}

import { Readable } from "node:stream";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { smtpFailure } from "./smtp-failure.ts";
import type { SmtpServer } from "./smtp-settings.ts";

export interface Envelope {
  readonly from: string;
  readonly to: string;
}

type Options = ConstructorParameters<typeof SMTPConnection>[0];

/**
 * How a server is spoken to. Another machine's gets no byte of a letter or of a password but through TLS with a
 * certificate that holds; on this machine its self-made one is not asked for.
 *
 * @param helo What we call ourselves.
 * @param timeoutMs For each step; the whole is bounded by the signal of {@link post}.
 */
export function connectionOptions(server: SmtpServer, helo: string, timeoutMs: number): NonNullable<Options> {
  const { host, port, secure, loopback } = server;
  return {
    host,
    port,
    secure,
    requireTLS: !secure && !loopback,
    ignoreTLS: !secure && loopback,
    tls: { minVersion: "TLSv1.2" },
    name: helo,
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    socketCloseTimeout: 0,
  };
}

/**
 * Hands one message to the mail server, over a connection of its own.
 *
 * @param deadline Ends the talk wherever it is.
 * @throws OutsideError
 */
export async function post(
  connection: SMTPConnection,
  login: SmtpServer["login"],
  envelope: Envelope,
  message: Buffer,
  deadline: AbortSignal,
): Promise<void> {
  let begun = false;
  // The server asks for the message when it has accepted the recipient: only then is this read.
  const body = Readable.from(
    (function* () {
      begun = true;
      yield message;
    })(),
  );
  try {
    await Promise.race([lost(connection, deadline), talk(connection, login, envelope, body)]);
    connection.quit();
  } catch (error) {
    connection.close();
    throw smtpFailure(error, begun);
  }
}

async function talk(
  connection: SMTPConnection,
  login: SmtpServer["login"],
  envelope: Envelope,
  body: Readable,
): Promise<void> {
  await step((done) => connection.connect(done));
  // A server that offers no login may want none; if it does it says so when it is asked to take the letter.
  if (login !== null && connection.allowsAuth) {
    const { user, password } = login;
    await step((done) => connection.login({ credentials: { user, pass: password } }, done));
  }
  await step((done) => connection.send({ from: envelope.from, to: [envelope.to] }, body, done));
}

function step(run: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => (error ? reject(error) : resolve()));
  });
}

/** Rejects when the connection ends by itself, or by the deadline. */
function lost(connection: SMTPConnection, deadline: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(new Error("deadline"));
    connection.on("error", reject);
    // A server that ends the talk with its answer: the answer counts, and it comes a few turns later.
    connection.once("end", () => setImmediate(reject, new Error("connection ended")));
    deadline.addEventListener("abort", late, { once: true });
    if (deadline.aborted) late();
  });
}

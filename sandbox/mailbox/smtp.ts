import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { SMTPServer, type SMTPServerSession } from "smtp-server";
import type { Fault, Faults } from "../faults.ts";
import type { Mailbox } from "./mailbox.ts";

export type Smtp = { port: number; close(): Promise<void> };

/** The SMTP answers that stand for a fault's status: 4yz try later, 5yz never. */
const REPLY: Record<string, number> = {
  status_503: 421,
  status_429: 451,
  status_500: 550,
  status_401: 530,
  status_403: 550,
};

/** An SMTP server on the loopback interface that takes mail from anybody, without TLS. */
export async function startSmtp(port: number, mailbox: Mailbox, faults: Faults): Promise<Smtp> {
  const sockets = new Set<Socket>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    logger: false,
    onAuth: (_auth, _session, done) => done(null, { user: "sandbox" }),
    onData(stream, session, done) {
      void buffer(stream)
        .then((raw) => take(raw, session))
        .then(
          () => done(),
          (error: Error) => done(error),
        );
    },
  });

  async function take(raw: Buffer, session: SMTPServerSession): Promise<void> {
    const { mailFrom, rcptTo } = session.envelope;
    const from = mailFrom ? mailFrom.address : "";
    const to = rcptTo.map(({ address }) => address);
    const fault = faults.take("smtp", `${from} ${to.join(" ")}`);
    if (fault !== null) await strike(fault, session);
    await mailbox.receive(raw, { from, to });
    if (fault?.kind === "cut_after") await cut(session);
  }

  async function strike(fault: Fault, session: SMTPServerSession): Promise<void> {
    const code = REPLY[fault.kind];
    if (code !== undefined)
      throw Object.assign(new Error(`sandbox fault ${fault.kind}`), { responseCode: code });
    if (fault.kind === "hang") await new Promise(() => undefined);
    if (fault.kind === "cut_before") await cut(session);
    if (fault.kind === "slow") await faults.sleep(fault.delayMs ?? 1000);
  }

  /** The answer never arrives: so nothing after it happens. */
  function cut(session: SMTPServerSession): Promise<never> {
    for (const socket of sockets) if (socket.remotePort === session.remotePort) socket.destroy();
    return new Promise(() => undefined);
  }

  server.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("error", () => undefined);
  const listening = server.listen(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => listening.once("listening", resolve).once("error", reject));
  return {
    port: (listening.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => listening.close(() => resolve()));
    },
  };
}

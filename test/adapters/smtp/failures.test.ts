import { createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { OutsideError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";
import {
  ADDRESS,
  aLetter,
  answer,
  aPostOffice,
  aServer,
  failureOf,
  KEY,
  listening,
  mailerTo,
} from "./support.ts";

const FAULTS = [
  ["status_500", "refused", "smtp_550", 0],
  ["status_503", "busy", "smtp_421", 0],
  ["status_429", "busy", "smtp_451", 0],
  ["status_401", "busy", "smtp_auth", 0],
  ["cut_before", "unknown", "smtp_no_answer", 0],
  ["cut_after", "unknown", "smtp_no_answer", 1],
] as const;

test.each(FAULTS)("%s once the message is there: %s %s", async (kind, outcome, code, arrived) => {
  const { mailer, mailbox, faults } = await aPostOffice();
  faults.add({ service: "smtp", kind });
  const failure = await failureOf(mailer.send(aLetter()));
  expect({ kind: failure.kind, code: failure.code }).toEqual({ kind: outcome, code });
  expect(mailbox.mails).toHaveLength(arrived);
  expectNothingTold(failure);
  // The next letter goes its way.
  await mailer.send(aLetter());
  expect(mailbox.mails).toHaveLength(arrived + 1);
});

const answers = [
  [550, "refused", "smtp_550"],
  [452, "busy", "smtp_452"],
] as const;

test.each(answers)("%i to the recipient: %s", async (status, kind, code) => {
  const server = await aServer({
    disabledCommands: ["STARTTLS"],
    onRcptTo: (_address, _session, done) => done(answer(status)),
  });
  const failure = await failureOf(mailerTo(server.port).send(aLetter()));
  expect(failure).toMatchObject({ kind, code });
  expect(server.taken()).toBe(0);
  expectNothingTold(failure);
});

test("a refused sender or a refused greeting is about the shop's settings, and no bounce", async () => {
  const noSender = await aServer({
    disabledCommands: ["STARTTLS"],
    onMailFrom: (_address, _session, done) => done(answer(550)),
  });
  const noGreeting = await aServer({ onConnect: (_session, done) => done(answer(554)) });
  expect(await failureOf(mailerTo(noSender.port).send(aLetter()))).toMatchObject({
    kind: "busy",
    code: "smtp_550",
  });
  expect(await failureOf(mailerTo(noGreeting.port).send(aLetter()))).toMatchObject({
    kind: "busy",
    code: "smtp_554",
  });
});

test("logs in with the user and password of the URL, decoded", async () => {
  const seen: unknown[] = [];
  const server = await aServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    authOptional: false,
    onAuth({ username, password }, _session, done) {
      seen.push([username, password]);
      if (password === "p@ss:w/rd") done(null, { user: "shop" });
      else done(answer(535));
    },
  });
  const withPassword = (password: string) =>
    mailerTo(server.port, { smtpUrl: new Secret(`smtp://sh%40op:${password}@127.0.0.1:${server.port}`) });
  await withPassword("p%40ss%3Aw%2Frd").send(aLetter());
  expect(seen).toEqual([["sh@op", "p@ss:w/rd"]]);
  expect(server.taken()).toBe(1);

  const failure = await failureOf(withPassword("wrong-password").send(aLetter()));
  expect(failure).toMatchObject({ kind: "busy", code: "smtp_auth" });
  expectNothingTold(failure);
  // Without a login where one is wanted.
  expect(await failureOf(mailerTo(server.port).send(aLetter()))).toMatchObject({ code: "smtp_auth" });
});

test("nobody listens: busy", async () => {
  const server = createServer();
  const port = await listening(server.listen(0, "127.0.0.1"));
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect(await failureOf(mailerTo(port).send(aLetter()))).toMatchObject({
    kind: "busy",
    code: "smtp_unreachable",
  });
});

const MUTE: readonly (readonly [string, (socket: Socket) => unknown])[] = [
  ["says nothing", () => null],
  ["hangs up", (socket: Socket) => socket.destroy()],
  ["greets and says no more", (socket: Socket) => socket.write("220 hello\r\n")],
  ["is no mail server", (socket: Socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
  ["never ends its answer", (socket: Socket) => void drip(socket)],
];

test.each(MUTE)("a server that %s: busy, in time", async (_name, behave) => {
  const port = await aListener(behave);
  const begun = performance.now();
  const failure = await failureOf(mailerTo(port, { timeoutMs: 400 }).send(aLetter()));
  expect(performance.now() - begun).toBeLessThan(2000);
  expect(failure).toMatchObject({ kind: "busy", code: "smtp_unreachable" });
});

test("a server that takes the message and hangs: unknown, in time", async () => {
  const { mailer, faults } = await aPostOffice({ timeoutMs: 600 });
  faults.add({ service: "smtp", kind: "hang" });
  const begun = performance.now();
  const failure = await failureOf(mailer.send(aLetter()));
  expect(performance.now() - begun).toBeLessThan(2500);
  expect(failure).toMatchObject({ kind: "unknown", code: "smtp_no_answer" });
  expectNothingTold(failure);
});

test.each([
  ["recipient", /^RCPT/m, "busy", "smtp_unreachable"],
  ["message", /\r\n\.\r\n$/, "unknown", "smtp_no_answer"],
] as const)("a server that never ends its answer to the %s: %s, in time", async (_name, stop, kind, code) => {
  const port = await aListener((socket) => {
    socket.write("220 hello\r\n");
    socket.on("data", (chunk) => {
      const said = chunk.toString();
      if (stop.test(said)) void drip(socket);
      else if (said.startsWith("DATA")) socket.write("354 go on\r\n");
      else if (/^(EHLO|MAIL|RCPT)/.test(said)) socket.write("250 yes\r\n");
    });
  });
  const begun = performance.now();
  const failure = await failureOf(mailerTo(port, { timeoutMs: 600 }).send(aLetter()));
  expect(performance.now() - begun).toBeLessThan(2500);
  expect(failure).toMatchObject({ kind, code });
});

test("a slow server has its time", async () => {
  const { mailer, mailbox, faults } = await aPostOffice();
  faults.add({ service: "smtp", kind: "slow", delayMs: 300 });
  await mailer.send(aLetter());
  expect(mailbox.mails).toHaveLength(1);
});

test("many letters go out over few connections at once, and who waits in line ends in time too", async () => {
  let open = 0;
  let most = 0;
  const server = await aServer({
    disabledCommands: ["STARTTLS"],
    onConnect(_session, done) {
      most = Math.max(most, ++open);
      done();
    },
    onClose: () => void open--,
  });
  const mailer = mailerTo(server.port, { atOnce: 2 });
  await Promise.all(Array.from({ length: 10 }, () => mailer.send(aLetter())));
  expect(server.taken()).toBe(10);
  // A connection that was said good-bye to may overlap the next one.
  expect(most).toBeLessThanOrEqual(4);

  const silent = mailerTo(await aListener(() => undefined), { atOnce: 2, timeoutMs: 400 });
  const begun = performance.now();
  const ends = await Promise.all(Array.from({ length: 6 }, () => failureOf(silent.send(aLetter()))));
  expect(performance.now() - begun).toBeLessThan(2500);
  expect(ends.map(({ code }) => code)).toEqual(Array.from({ length: 6 }, () => "smtp_unreachable"));
});

test.each([
  "somchai",
  "a@b@c",
  "a b@example.com",
  "eve@example.com, somchai@example.com",
  "somchai@example.com\r\nRCPT TO:<eve@example.com>",
  "somchai@example.com>\r\nDATA",
  '"eve@example.com x"@example.com',
  "Somchai <somchai@example.com>",
  `${"a".repeat(250)}@example.com`,
])("no letter goes to %j", async (to) => {
  const { mailer, mailbox } = await aPostOffice();
  const failure = await failureOf(mailer.send(aLetter({ to })));
  expect(failure).toMatchObject({ kind: "refused", code: "smtp_bad_address" });
  expect(inspect(failure, { depth: 9 })).not.toContain("example.com");
  expect(mailbox.mails).toHaveLength(0);
});

async function aListener(behave: (socket: Socket) => unknown): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    behave(socket);
  });
  const port = await listening(server.listen(0, "127.0.0.1"));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

async function drip(socket: Socket): Promise<void> {
  while (!socket.destroyed) {
    socket.write("220-more\r\n");
    await sleep(20);
  }
}

/** Neither whom it was for, nor the key, nor what the server said. */
function expectNothingTold(failure: OutsideError): void {
  expect(failure).toBeInstanceOf(OutsideError);
  const told = inspect(failure, { depth: 9, showHidden: true });
  for (const text of [ADDRESS, KEY, "sandbox fault", "here", "password"]) expect(told).not.toContain(text);
  expect(failure.cause).toBeUndefined();
}

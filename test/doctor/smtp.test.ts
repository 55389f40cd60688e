import { expect, test } from "vitest";
import { smtp } from "../../src/doctor/checks/smtp.ts";
import { aCertificate, aServer } from "../adapters/smtp/support.ts";
import { aContext, lines } from "./support.ts";

/** Not among the loopback addresses, and reaches this machine all the same. */
const ELSEWHERE = "0.0.0.0";
const PASSWORD = "correct-horse";

function look(url: string, timeoutMs?: number, from = "Shop <licenses@example.com>") {
  const context = aContext({ PLAYGRANT_STORE: "memory", SMTP_URL: url, MAIL_FROM: from });
  return lines(smtp, context, timeoutMs);
}

/** Lets in who knows the password. */
const withLogin: Parameters<typeof aServer>[0] = {
  authOptional: false,
  allowInsecureAuth: true,
  authMethods: ["PLAIN", "LOGIN"],
  onAuth: (auth, _session, done) =>
    auth.password === PASSWORD ? done(null, { user: "shop" }) : done(new Error(`no ${auth.username}`)),
};

test("a server that takes letters; none is sent", async () => {
  const { port, taken } = await aServer({ disabledCommands: ["AUTH"] });
  expect(await look(`smtp://127.0.0.1:${port}`)).toEqual([
    "ok: 127.0.0.1 takes letters. SPF and DKIM of example.com, from which they come, must name it",
  ]);
  expect(taken()).toBe(0);
});

test("a login that holds", async () => {
  const { port } = await aServer(withLogin);
  expect(await look(`smtp://shop:${PASSWORD}@127.0.0.1:${port}`)).toEqual([
    expect.stringMatching(/^ok: 127\.0\.0\.1 takes letters after a login/),
  ]);
});

test("a login that doesn't, without a word of it", async () => {
  const { port } = await aServer(withLogin);
  const told = await look(`smtp://shopkeeper:battery-staple@127.0.0.1:${port}`);
  expect(told).toEqual([
    `failed: 127.0.0.1:${port} refuses the login of SMTP_URL → Correct user and password in SMTP_URL, percent-encoded`,
  ]);
  expect(told.join()).not.toMatch(/shopkeeper|battery/);
});

test("a server that offers no login to those who have one", async () => {
  const { port } = await aServer({ disabledCommands: ["AUTH"] });
  expect(await look(`smtp://shop:${PASSWORD}@127.0.0.1:${port}`)).toEqual([
    expect.stringMatching(/^warning: 127\.0\.0\.1 offers no login, so the user of SMTP_URL is not used/),
  ]);
});

test("another machine's without TLS", async () => {
  const { port } = await aServer({ disabledCommands: ["STARTTLS"] });
  expect(await look(`smtp://${ELSEWHERE}:${port}`)).toEqual([
    expect.stringMatching(/^failed: 0\.0\.0\.0:\d+: no trusted TLS connection → .*STARTTLS/),
  ]);
});

test.each([
  ["smtp", /STARTTLS, with a certificate for the host/],
  ["smtps", /name in the server's certificate/],
])("%s: a certificate that nobody vouches for", async (scheme, fix) => {
  const { port } = await aServer({ ...aCertificate(), secure: scheme === "smtps" });
  const [line] = await look(`${scheme}://${ELSEWHERE}:${port}`);
  expect(line).toMatch(/^failed: .* no trusted TLS connection → /);
  expect(line).toMatch(fix);
});

test("nobody listens", async () => {
  expect(await look("smtp://127.0.0.1:2")).toEqual([
    "failed: 127.0.0.1:2 refuses the connection → Correct host and port in SMTP_URL; see that this network lets port 465 or 587 out",
  ]);
});

test("a name that isn't known", async () => {
  expect(await look("smtps://mail.no-such-host.invalid")).toEqual([
    expect.stringMatching(/^failed: mail\.no-such-host\.invalid:465 can't be found \(DNS\)/),
  ]);
});

test("a server that says nothing", async () => {
  const { port } = await aServer({ onConnect: () => undefined });
  expect(await look(`smtp://127.0.0.1:${port}`, 500)).toEqual([
    expect.stringMatching(/^failed: 127\.0\.0\.1:\d+ gives no answer in time/),
  ]);
});

test("a server that turns us away", async () => {
  const { port } = await aServer({
    onConnect: (_session, done) => done(Object.assign(new Error("busy"), { responseCode: 421 })),
  });
  expect(await look(`smtp://127.0.0.1:${port}`)).toEqual([
    expect.stringMatching(/^failed: 127\.0\.0\.1:\d+ answered 421 to the greeting or login/),
  ]);
});

test("settings that can't be read, and none", async () => {
  expect(await look("smtp://127.0.0.1:25/path")).toEqual([
    expect.stringMatching(/^failed: SMTP_URL must end with its port/),
  ]);
  const context = aContext({ PLAYGRANT_STORE: "memory" });
  expect(await lines(smtp, context)).toEqual(["skipped: SMTP_URL is not set: no mail is sent"]);
  const half = aContext({ PLAYGRANT_STORE: "memory", SMTP_URL: "smtp://127.0.0.1:2" });
  expect(await lines(smtp, half)).toEqual(["skipped: because MAIL_FROM is not right: see settings"]);
});

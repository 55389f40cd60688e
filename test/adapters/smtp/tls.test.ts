import tls from "node:tls";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Secret } from "../../../src/domain/secret.ts";
import { aCertificate, aLetter, aServer, failureOf, mailerTo } from "./support.ts";

/** Not among the loopback addresses, and reaches this machine all the same. */
const ELSEWHERE = "0.0.0.0";

let certificate: ReturnType<typeof aCertificate>;
beforeAll(() => {
  certificate = aCertificate();
});

describe("to another machine", () => {
  test("nothing goes in clear", async () => {
    let heard = 0;
    const server = await aServer({
      disabledCommands: ["STARTTLS"],
      onMailFrom: (_address, _session, done) => {
        heard += 1;
        done();
      },
    });
    const failure = await failureOf(mailerTo(server.port, { host: ELSEWHERE }).send(aLetter()));
    expect(failure).toMatchObject({ kind: "busy", code: "smtp_tls" });
    expect(heard).toBe(0);
    // The same server on this very machine gets it.
    await mailerTo(server.port).send(aLetter());
    expect(heard).toBe(1);
  });

  test.each(["smtp", "smtps"])("%s: not to a certificate that nobody vouches for", async (scheme) => {
    const server = await aServer({ ...certificate, secure: scheme === "smtps" });
    const smtpUrl = new Secret(`${scheme}://${ELSEWHERE}:${server.port}`);
    const failure = await failureOf(mailerTo(server.port, { smtpUrl }).send(aLetter()));
    expect(failure).toMatchObject({ kind: "busy", code: "smtp_tls" });
    expect(server.taken()).toBe(0);
  });

  test.each(["smtp", "smtps"])("%s: to one that is vouched for", async (scheme) => {
    trust(certificate.cert);
    let secure = false;
    const server = await aServer({
      ...certificate,
      secure: scheme === "smtps",
      onMailFrom: (_address, session, done) => {
        secure = session.secure;
        done();
      },
    });
    const smtpUrl = new Secret(`${scheme}://${ELSEWHERE}:${server.port}`);
    await mailerTo(server.port, { smtpUrl }).send(aLetter());
    expect({ secure, taken: server.taken() }).toEqual({ secure: true, taken: 1 });
  });
});

test("smtps on this machine is checked too", async () => {
  const server = await aServer({ ...certificate, secure: true });
  const smtpUrl = new Secret(`smtps://localhost:${server.port}`);
  const failure = await failureOf(mailerTo(server.port, { smtpUrl }).send(aLetter()));
  expect(failure).toMatchObject({ kind: "busy", code: "smtp_tls" });
});

function trust(cert: string): void {
  const before = tls.getCACertificates("default");
  tls.setDefaultCACertificates([...before, cert]);
  onTestFinished(() => tls.setDefaultCACertificates(before));
}

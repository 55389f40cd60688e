import { connect } from "node:net";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { aSandbox, call } from "./support.ts";

const MAIL = [
  "From: Shop <shop@example.com>",
  "To: somchai@example.com",
  "Subject: =?UTF-8?B?4LiE4Li14Lii4LmM?=",
  "Message-ID: <1@example.com>",
  "",
  "Your key: KEYT",
].join("\r\n");

/** The least SMTP there is: resolves with the answer to the mail's data. */
function send(port: number, mail: string): Promise<string> {
  const lines = [
    "EHLO me",
    "MAIL FROM:<shop@example.com>",
    "RCPT TO:<somchai@example.com>",
    "DATA",
    `${mail}\r\n.`,
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1").setEncoding("utf8");
    let last = "";
    socket.on("error", reject).on("close", () => reject(new Error("closed")));
    socket.on("data", (chunk) => {
      last += chunk;
      if (!/^\d{3} .*\r\n$/m.test(last)) return;
      const line = lines.shift();
      if (line !== undefined) socket.write(`${line}\r\n`);
      else {
        resolve(last.trim());
        socket.end();
      }
      last = "";
    });
  });
}

describe("mailbox", () => {
  test("what is sent to the SMTP port is listed, decoded", async () => {
    const sandbox = await aSandbox({ smtpPort: 0 });
    expect(await send(sandbox.smtpPort ?? 0, MAIL)).toMatch(/^250/);
    const { body } = await call(`${sandbox.url}/mailbox`);
    expect(body).toMatchObject({
      mails: [
        {
          to: ["somchai@example.com"],
          subject: "คีย์",
          text: "Your key: KEYT\n",
          messageId: "<1@example.com>",
        },
      ],
    });
    expect(sandbox.mailbox.to("somchai@example.com")).toHaveLength(1);
    await call(`${sandbox.url}/mailbox`, "DELETE");
    expect(sandbox.mailbox.mails).toHaveLength(0);
  });

  test("refusals for now and for good, and an answer that never comes", async () => {
    const sandbox = await aSandbox({ smtpPort: 0 });
    const port = sandbox.smtpPort ?? 0;
    sandbox.faults.add({ service: "smtp", kind: "status_429" });
    expect(await send(port, MAIL)).toMatch(/^451/);
    sandbox.faults.add({ service: "smtp", kind: "status_500" });
    expect(await send(port, MAIL)).toMatch(/^550/);
    sandbox.faults.add({ service: "smtp", kind: "cut_before" });
    await expect(send(port, MAIL)).rejects.toThrow();
    expect(sandbox.mailbox.mails).toHaveLength(0);
    sandbox.faults.add({ service: "smtp", kind: "cut_after" });
    await expect(send(port, MAIL)).rejects.toThrow();
    expect(sandbox.mailbox.mails).toHaveLength(1);
  });
});

describe("webhooks", () => {
  const SECRET = `whsec_${Buffer.from("a secret of twenty-four+").toString("base64")}`;
  const body = JSON.stringify({ type: "entitlement_grant.created" });

  function signed(secret: string): RequestInit {
    const at = new Date();
    return {
      method: "POST",
      body,
      headers: {
        "webhook-id": "msg_1",
        "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
        "webhook-signature": new Webhook(secret).sign("msg_1", at, body),
      },
    };
  }

  test("shows what came and whether the signature holds", async () => {
    const sandbox = await aSandbox();
    const url = sandbox.webhooks.url("crm");
    expect((await fetch(url, signed(SECRET))).status).toBe(204);
    await call(url, "PUT", { secret: SECRET });
    await fetch(url, signed(SECRET));
    await fetch(url, signed(`whsec_${Buffer.from("another secret, another!").toString("base64")}`));
    const { received } = (await call(url)).body as { received: { verified: boolean | null; body: string }[] };
    expect(received.map(({ verified }) => verified)).toEqual([null, true, false]);
    expect(received[0]?.body).toBe(body);
  });

  test("what an error answered has come all the same", async () => {
    const sandbox = await aSandbox();
    const url = sandbox.webhooks.url("crm");
    for (const kind of ["status_500", "cut_before", "cut_after"] as const) {
      sandbox.faults.add({ service: "webhooks", kind });
    }
    expect((await fetch(url, signed(SECRET))).status).toBe(500);
    await expect(fetch(url, signed(SECRET))).rejects.toThrow();
    await expect(fetch(url, signed(SECRET))).rejects.toThrow();
    expect(sandbox.webhooks.received("crm").map(({ answered }) => answered)).toEqual([500, 204]);
  });
});

import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { signMessage } from "../../../src/adapters/webhook/signature.ts";
import { Secret } from "../../../src/domain/secret.ts";

const PUBLISHED = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

const randomSecret = () => new Secret(`whsec_${randomBytes(32).toString("base64")}`);

describe("a signature", () => {
  // entitlement-grants.md section 6
  it.each([
    {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      seconds: 1614265330,
      body: '{"test": 2432232314}',
      signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    {
      id: "msg_test1",
      seconds: 1777631133,
      body: '{"business_id":"bus_1","type":"entitlement_grant.created","timestamp":"2026-05-01T10:25:33Z","data":{"id":"entg_1"}}',
      signature: "v1,uV8rd5PGORCGZwQKH7XU5ajL6yrctnNBv/9KjcyIpmY=",
    },
  ])("is the published one: $id", ({ id, seconds, body, signature }) => {
    // Parts of a second don't count.
    expect(signMessage({ id, at: seconds * 1000 + 999, body, secrets: [PUBLISHED] })).toEqual({
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": signature,
    });
  });

  it("is given with every secret in force, so that each alone is enough; without the former it no longer holds", () => {
    const [former, next] = [randomSecret(), randomSecret()];
    const message = { id: "egr_1_created", at: Date.now(), body: '{"name":"ปลา"}' };
    const holds = (secret: Secret, headers: Record<string, string>) =>
      new Webhook(secret.reveal()).verify(message.body, headers);

    const overlapping = signMessage({ ...message, secrets: [next, former] });
    expect(holds(next, overlapping)).toEqual({ name: "ปลา" });
    expect(holds(former, overlapping)).toEqual({ name: "ปลา" });

    const after = signMessage({ ...message, secrets: [next] });
    expect(holds(next, after)).toEqual({ name: "ปลา" });
    expect(() => holds(former, after)).toThrow("No matching signature");
  });

  it("doesn't quote a secret that can't be used", () => {
    const sign = () =>
      signMessage({ id: "egr_1", at: 0, body: "{}", secrets: [new Secret("whsec_n0t base64!")] });
    expect(sign).toThrow(Error);
    expect(sign).not.toThrow("n0t");
  });
});

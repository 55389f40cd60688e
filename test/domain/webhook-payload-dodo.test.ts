import DodoPayments from "dodopayments";
import { describe, expect, expectTypeOf, it } from "vitest";
import { signMessage } from "../../src/adapters/webhook/signature.ts";
import { type GrantEventType, grantEventTypes } from "../../src/domain/grant-events.ts";
import type { GrantResponse } from "../../src/domain/grant-response.ts";
import { Secret } from "../../src/domain/secret.ts";
import {
  sampleEvent,
  type WebhookBody,
  webhookBody,
  webhookBodySchema,
} from "../../src/domain/webhook-payload.ts";

/**
 * What we send is what Dodo's SDK reads: `npm run types` holds our bodies against its types, the tests below our signature
 * against its verifier. Two things differ, and no third (entitlement-grants.md section 1):
 * - `brand_id`: theirs always, ours never, since there are no brands;
 * - `integration_type`: an open word here, which includes `feature`, theirs a closed list with `feature_flag`.
 */

type Theirs = DodoPayments.UnwrapWebhookEvent;
type TheirEvent<Type extends GrantEventType> = Extract<Theirs, { type: Type }>;
type TheirGrant = TheirEvent<GrantEventType>["data"];
type Differing = "brand_id" | "integration_type";

/** Their event of a type, but for what differs. */
type Readable<Type extends GrantEventType> = Omit<TheirEvent<Type>, "data"> & {
  data: Omit<TheirGrant, Differing>;
};

/** The keys that an object of this type must have. */
type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];

describe("Dodo's types", () => {
  it("take our body of each type, but for the two things that differ", () => {
    expectTypeOf<WebhookBody<"entitlement_grant.created">>().toExtend<
      Readable<"entitlement_grant.created">
    >();
    expectTypeOf<WebhookBody<"entitlement_grant.delivered">>().toExtend<
      Readable<"entitlement_grant.delivered">
    >();
    expectTypeOf<WebhookBody<"entitlement_grant.failed">>().toExtend<Readable<"entitlement_grant.failed">>();
    expectTypeOf<WebhookBody<"entitlement_grant.revoked">>().toExtend<
      Readable<"entitlement_grant.revoked">
    >();
  });

  it("know every type of ours", () => {
    expectTypeOf<GrantEventType>().toExtend<Theirs["type"]>();
    expectTypeOf<GrantEventType>().toEqualTypeOf<Extract<Theirs["type"], `entitlement_grant.${string}`>>();
  });

  it("ask for nothing else that we leave out, and know every key that we send", () => {
    expectTypeOf<Exclude<RequiredKeys<TheirGrant>, keyof GrantResponse>>().toEqualTypeOf<"brand_id">();
    expectTypeOf<Exclude<keyof GrantResponse, keyof TheirGrant>>().toEqualTypeOf<never>();
    expectTypeOf<Exclude<keyof TheirGrant, keyof GrantResponse>>().toEqualTypeOf<"brand_id" | "feature">();
  });

  it("name integrations as we do, where both have one", () => {
    expectTypeOf<
      "license_key" | "digital_files" | "discord" | "github" | "telegram" | "notion" | "framer"
    >().toExtend<TheirGrant["integration_type"]>();
    expectTypeOf<"feature">().not.toExtend<TheirGrant["integration_type"]>();
  });

  it("take what a schema of ours has read, without a cast", () => {
    const event = sampleEvent("entitlement_grant.delivered", Date.now());
    const body = webhookBodySchema("entitlement_grant.delivered").parse(JSON.parse(webhookBody(event, null)));
    const theirs: TheirEvent<"entitlement_grant.delivered"> = {
      ...body,
      data: { ...body.data, brand_id: "none", integration_type: "license_key" },
    };
    expect(theirs.data.license_key?.key).toBe("SAMPLE-****-****-0000");
  });
});

describe("Dodo's verifier", () => {
  const webhookKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const { webhooks } = new DodoPayments({ bearerToken: "none", webhookKey });
  const message = (type: GrantEventType) => {
    const event = sampleEvent(type, Date.now());
    const body = webhookBody(event, new Secret("ABCD-1234-ABCD"));
    return { id: event.id, at: Date.now(), body, secrets: [new Secret(webhookKey)] };
  };

  it.each(grantEventTypes)("accepts %s and gives back what was sent", (type) => {
    const sent = message(type);
    const read = webhooks.unwrap(sent.body, { headers: signMessage(sent) });
    expect(read).toEqual(JSON.parse(sent.body));
    expect(read.type).toBe(type);
  });

  it("accepts either secret's signature while one takes the place of another", () => {
    const sent = message("entitlement_grant.created");
    const next = new Secret(`whsec_${Buffer.alloc(32, 5).toString("base64")}`);
    const headers = signMessage({ ...sent, secrets: [next, ...sent.secrets] });
    expect(webhooks.unwrap(sent.body, { headers })).toEqual(JSON.parse(sent.body));
    expect(webhooks.unwrap(sent.body, { headers, key: next.reveal() })).toEqual(JSON.parse(sent.body));
  });

  it.each<[string, (headers: Record<string, string>, body: string) => [string, Record<string, string>]]>([
    ["a changed body", (headers, body) => [body.replace("sample-customer", "somebody-else"), headers]],
    ["another id", (headers, body) => [body, { ...headers, "webhook-id": "egr_other_created" }]],
    ["another time", (headers, body) => [body, { ...headers, "webhook-timestamp": timestamp(-1) }]],
    ["no signature", (headers, body) => [body, { ...headers, "webhook-signature": "v1," }]],
  ])("refuses %s", (_what, change) => {
    const sent = message("entitlement_grant.revoked");
    const [body, headers] = change({ ...signMessage(sent) }, sent.body);
    expect(() => webhooks.unwrap(body, { headers })).toThrow("No matching signature");
  });

  it("refuses what was signed more than five minutes ago", () => {
    const sent = { ...message("entitlement_grant.revoked"), at: Date.now() - 6 * 60_000 };
    expect(() => webhooks.unwrap(sent.body, { headers: signMessage(sent) })).toThrow("timestamp too old");
  });
});

function timestamp(offsetSeconds: number): string {
  return String(Math.floor(Date.now() / 1000) + offsetSeconds);
}

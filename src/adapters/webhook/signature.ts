import { Webhook } from "standardwebhooks";
import type { Instant } from "../../domain/instant.ts";
import type { Secret } from "../../domain/secret.ts";

export interface MessageToSign {
  /** The `webhook-id`; ours, and without a dot: dots separate what is signed. */
  readonly id: string;
  /** When this attempt is made. */
  readonly at: Instant;
  /** Exactly what is sent. */
  readonly body: string;
  /** `whsec_…`; each signs, so that receivers can change from one to the next. */
  readonly secrets: readonly Secret[];
}

export type SignatureHeaders = Readonly<
  Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>
>;

/**
 * Signs by Standard Webhooks 1.0.0, symmetric (entitlement-grants.md section 6).
 *
 * @returns The three headers; the signature has one `v1,…` per secret, in their order.
 * @throws Error when a secret isn't base64; it doesn't hold the secret.
 */
export function signMessage({ id, at, body, secrets }: MessageToSign): SignatureHeaders {
  const signatures = secrets.map((secret) => new Webhook(secret.reveal()).sign(id, new Date(at), body));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": signatures.join(" "),
  };
}

import { type EffectRequest, requestEffect, type SendMail } from "../domain/effect.ts";
import type { Grant } from "../domain/grant.ts";
import type { GrantEvent } from "../domain/grant-events.ts";
import { type Instant, MINUTE } from "../domain/instant.ts";

/** The notice about a new plan may come after that about the old one: then there is one letter for both. */
const REPLACED_WITHIN = 10 * MINUTE;

/** The letters that events call for: a key came, or one no longer works. */
export function lettersAbout(events: readonly GrantEvent[], now: Instant): EffectRequest[] {
  return events.flatMap(({ type, grant }) => {
    // The new key never came: now it must be said that the former one no longer works.
    if (type === "entitlement_grant.failed" && grant.regrantOf !== null)
      return [letter({ ...grant, id: grant.regrantOf }, "revoked", now)];
    if (grant.licenseKey === null) return [];
    if (type === "entitlement_grant.delivered") return [letter(grant, "delivered", now)];
    if (type !== "entitlement_grant.revoked") return [];
    const mayBeReplaced = grant.revocationReason === "plan_changed";
    return [letter(grant, "revoked", mayBeReplaced ? now + REPLACED_WITHIN : now)];
  });
}

function letter(
  { customerId, id }: Pick<Grant, "customerId" | "id">,
  news: SendMail["news"],
  dueAt: Instant,
): EffectRequest {
  return requestEffect({ kind: "send_mail", customerId, grantId: id, news }, dueAt);
}

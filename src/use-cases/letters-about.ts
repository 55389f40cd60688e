import { type EffectRequest, requestEffect } from "../domain/effect.ts";
import type { GrantEvent } from "../domain/grant-events.ts";
import type { Instant } from "../domain/instant.ts";
import { NO_IDS } from "../domain/purchase-file.ts";
import { wantedAccess } from "../domain/slot.ts";
import type { Ports } from "../ports.ts";

/** The letters that events call for: a key came, or one no longer works. None where no mail is sent. */
export async function lettersAbout(
  ports: Pick<Ports, "mailer" | "store">,
  events: readonly GrantEvent[],
  now: Instant,
): Promise<EffectRequest[]> {
  if (ports.mailer === null) return [];
  const about = events.filter(({ grant }) => grant.licenseKey !== null);
  const requests: EffectRequest[] = [];
  for (const { type, grant } of about) {
    const { customerId, id: grantId } = grant;
    if (type === "entitlement_grant.delivered") {
      requests.push(requestEffect({ kind: "send_mail", customerId, grantId, news: "delivered" }, now));
    }
    if (type === "entitlement_grant.revoked" && !(await isReplaced(ports, grant))) {
      requests.push(requestEffect({ kind: "send_mail", customerId, grantId, news: "revoked" }, now));
    }
  }
  return requests;
}

/** At a plan change the letter with the new key says that the former one no longer works. */
async function isReplaced(
  { store }: Pick<Ports, "store">,
  { revocationReason, customerId, slotId }: GrantEvent["grant"],
): Promise<boolean> {
  if (revocationReason !== "plan_changed") return false;
  const { file } = await store.load({ ...NO_IDS, customerId });
  const slot = file.customer?.slots[slotId];
  return slot !== undefined && wantedAccess(slot).kind === "active";
}

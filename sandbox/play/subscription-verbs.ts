import { z } from "zod";
import { DAY } from "../clock.ts";
import { GoogleError } from "./google-error.ts";
import { lastExpiry } from "./lookup.ts";
import type { Subscription } from "./model.ts";
import type { Play } from "./play.ts";
import { googleBody } from "./wire.ts";

export const revokeBody = z.object({
  revocationContext: z.union([
    z.object({ fullRefund: z.object({}) }),
    z.object({ proratedRefund: z.object({}) }),
    z.object({ itemBasedRefund: z.object({ productId: z.string() }) }),
  ]),
});

/** Ends access now; of one item alone the rest goes on. */
export function revokeSubscription(
  play: Play,
  purchase: Subscription,
  { revocationContext }: z.output<typeof revokeBody>,
): void {
  if (!("itemBasedRefund" in revocationContext)) {
    play.actAsGoogle(purchase, "revoke", {});
    return;
  }
  const { productId } = revocationContext.itemBasedRefund;
  play.actAsGoogle(purchase, "revoke_item", { productId });
}

const deferBody = z.object({
  deferralContext: z.object({
    etag: z.string(),
    deferDuration: z.string().regex(/^\d+(\.\d+)?s$/),
    validateOnly: z.boolean().optional(),
  }),
});

/** Moves the expiry by one day to one year without money, if nobody changed the purchase since it was read. */
export function deferSubscription(play: Play, purchase: Subscription, body: unknown): unknown {
  const { etag, deferDuration, validateOnly } = googleBody(deferBody, body).deferralContext;
  const by = Number.parseFloat(deferDuration) * 1000;
  if (by < DAY || by > 365 * DAY) {
    throw new GoogleError(400, "invalidValue", "deferDuration: 1 day to 1 year.", "deferDuration");
  }
  if (purchase.state !== "ACTIVE") throw new GoogleError(400, "invalidValue", "Only an active one.", "token");
  if (etag !== purchase.etag) throw new GoogleError(409, "concurrentUpdate", "The etag is not the latest.");
  const times = purchase.items.flatMap(({ productId, expiresAt }) =>
    expiresAt === null ? [] : [{ productId, expiryTime: new Date(expiresAt + by).toISOString() }],
  );
  if (!validateOnly) play.actAsGoogle(purchase, "defer", { days: by / DAY });
  return { itemExpiryTimeDetails: times };
}

const legacyDeferBody = z.object({
  deferralInfo: z.object({
    expectedExpiryTimeMillis: z.coerce.number(),
    desiredExpiryTimeMillis: z.coerce.number(),
  }),
});

/** Version 1: from the expiry that the caller knows to the one it wants (deprecated, off 2028-08-31). */
export function deferLegacy(play: Play, purchase: Subscription, body: unknown): unknown {
  const { deferralInfo } = googleBody(legacyDeferBody, body);
  const { expectedExpiryTimeMillis: expected, desiredExpiryTimeMillis: desired } = deferralInfo;
  if (Math.trunc(lastExpiry(purchase)) !== expected) {
    const message = "The expected expiry time is not the current one.";
    throw new GoogleError(400, "invalidValue", message, "expectedExpiryTimeMillis");
  }
  play.actAsGoogle(purchase, "defer", { days: (desired - expected) / DAY });
  return { newExpiryTimeMillis: String(Math.trunc(lastExpiry(purchase))) };
}

import { z } from "zod";
import { DAY } from "../clock.ts";
import { GoogleError } from "./google-error.ts";
import type { Subscription } from "./model.ts";
import { subscriptionNotice } from "./notices.ts";
import type { Play } from "./play.ts";
import { googleBody } from "./wire.ts";
import { change } from "./world.ts";

export const revokeBody = z.object({
  revocationContext: z.union([
    z.object({ fullRefund: z.object({}) }),
    z.object({ proratedRefund: z.object({}) }),
    z.object({ itemBasedRefund: z.object({ productId: z.string() }) }),
  ]),
});

/**
 * Ends access now. Of one item alone the rest goes on; which notice that sends is UNCONFIRMED, so it is 12, the
 * one that does harm if it is taken for the whole purchase (facts section 3: confirm per item first).
 */
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
  const { world } = play;
  const item = purchase.items.find((candidate) => candidate.productId === productId);
  if (item === undefined) throw new GoogleError(400, "invalidValue", "No such item.", "productId");
  change(world, purchase, () => {
    item.autoRenew = false;
    item.expiresAt = Math.min(item.expiresAt ?? world.now(), world.now());
  });
  play.tell(purchase, [subscriptionNotice(purchase, "REVOKED", world.now())], true);
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
  const moved = purchase.items.flatMap((item) =>
    item.paidUntil === null ? [] : [{ item, expiresAt: (item.expiresAt ?? item.paidUntil) + by }],
  );
  if (!validateOnly) {
    change(play.world, purchase, () => {
      for (const { item, expiresAt } of moved) item.paidUntil = item.expiresAt = expiresAt;
    });
    play.tell(purchase, [subscriptionNotice(purchase, "DEFERRED", play.world.now())], true);
  }
  return {
    itemExpiryTimeDetails: moved.map(({ item, expiresAt }) => ({
      productId: item.productId,
      expiryTime: new Date(expiresAt).toISOString(),
    })),
  };
}

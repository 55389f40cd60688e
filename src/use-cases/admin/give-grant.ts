import { AppError } from "../../domain/errors.ts";
import { type Gift, giveGrantDecision } from "../../domain/gift-decisions.ts";
import type { Grant } from "../../domain/grant.ts";
import { NO_IDS } from "../../domain/purchase-file.ts";
import type { Ports } from "../../ports.ts";
import { awaitRow } from "./await-row.ts";
import { type DecidePorts, decide } from "./decide.ts";

export interface GiftRequest extends Omit<Gift, "entitlement"> {
  readonly entitlementId: string;
}

type GivePorts = DecidePorts & Pick<Ports, "adminRecords" | "settings">;

/**
 * Gives a customer an entitlement without a purchase, and waits for its delivery as verify does. May be repeated: there
 * is one gift of an entitlement for a customer, and another end moves that of the one there is (contract section 8).
 *
 * @param actor The name of the admin key.
 * @returns The grant; null while what it gives is still being made.
 * @throws AppError `invalid_request` for an entitlement that the catalogue doesn't have, or an end that has passed;
 *   `store_unavailable`.
 */
export async function giveGrant(
  ports: GivePorts,
  request: GiftRequest,
  actor: string,
): Promise<Grant | null> {
  const gift = giftOf(ports, request);
  const { customerId } = gift;
  const { catalog } = ports.settings.policy;
  const { result, started } = await decide(ports, { ...NO_IDS, customerId }, (file, now) =>
    giveGrantDecision(file, gift, catalog, actor, now),
  );
  return awaitRow(ports, { customerId, slotId: result.slotId }, started);
}

function giftOf({ settings, clock }: GivePorts, { entitlementId, ...request }: GiftRequest): Gift {
  const entitlement = settings.policy.catalog.entitlements.get(entitlementId);
  if (entitlement === undefined) throw invalid("entitlement_id", "is not in the catalogue");
  if (request.expiresAt !== null && request.expiresAt <= clock.now())
    throw invalid("expires_at", "has passed already");
  return { ...request, entitlement };
}

function invalid(path: string, message: string): AppError {
  return new AppError("invalid_request", `${path} ${message}.`, { issues: [{ path, message }] });
}

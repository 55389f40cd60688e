import { z } from "zod";
import { OutsideError } from "../../domain/errors.ts";
import { maskKey } from "../../domain/grant.ts";
import { licenseKeyId } from "../../domain/ids.ts";
import { DAY } from "../../domain/instant.ts";
import type { SealedLicenseKey } from "../../domain/purchase-file.ts";
import type { Secret } from "../../domain/secret.ts";
import {
  type DeliverOutcome,
  type Delivery,
  type DeliveryOrder,
  type DeliveryPorts,
  failedOutcome,
  type Integration,
  stepOutcome,
} from "../integration.ts";

const offer = z.strictObject({
  /** The product's code at KeyThai. */
  product: z.string().min(1),
  policy_id: z.string().min(1),
});

/** What is made is right at first; from then on it is compared with the licence server from time to time. */
const FIRST_CHECK_AFTER = DAY;

/** A licence for good is made without an end; one that had an end can't be rid of it again, so it gets one that never comes. */
const FOR_GOOD = Date.UTC(3000, 0);

/**
 * A KeyThai licence. Its key comes once and every later call needs it, so it is sealed and kept; suspend and resume are
 * the reversible pair, revoke is for good (keythai.md, "What follows for the design").
 */
export const licenseKey: Integration = {
  type: "license_key",
  opens: "on_delivery",
  perUnit: true,
  offer,
  create,
};

function create(ports: DeliveryPorts): Delivery {
  const open = async (key: SealedLicenseKey | null): Promise<Secret> => {
    if (key === null) throw new Error("the sealed key of a delivered licence is missing");
    return ports.secretBox.open(key.sealed, key.slotId);
  };
  return {
    timeoutMs: ports.licenses.issueTimeoutMs,
    deliver: (order) => deliver(ports, order),
    revoke: (_slot, key) => stepOutcome(async () => ports.licenses.setStatus(await open(key), "revoke")),
    suspend: (_slot, key) => stepOutcome(async () => ports.licenses.setStatus(await open(key), "suspend")),
    resume: (_slot, key) => stepOutcome(async () => ports.licenses.setStatus(await open(key), "resume")),
    extend: (_slot, key, until) =>
      stepOutcome(async () => ports.licenses.setExpiry(await open(key), until ?? FOR_GOOD)),
    check: async (_slot, key) => ports.licenses.standing(await open(key)),
    findLeft: (slotId) => ports.licenses.findBySlot(slotId),
  };
}

async function deliver(
  ports: DeliveryPorts,
  { slot, attempt, grantId, ...order }: DeliveryOrder,
): Promise<DeliverOutcome> {
  const { product, policy_id } = offer.parse(order.offer);
  const { purchaseId, orderId } = slot.target;
  const { customerId } = slot;
  try {
    const issued = await ports.licenses.issue({
      product,
      policyId: policy_id,
      slotId: slot.id,
      attempt,
      grantId,
      customerId,
      purchaseId,
      orderId,
    });
    const id = licenseKeyId(slot.id, attempt);
    const sealed = await sealOrRevoke(ports, issued.key, slot.id);
    const issuedAt = ports.clock.now();
    return {
      kind: "done",
      delivered: { state: { licenseKeyId: id }, shown: { id, masked: maskKey(issued.key.reveal()) } },
      key: {
        id,
        slotId: slot.id,
        customerId,
        sealed,
        licenseId: issued.licenseId,
        issuedAt,
        checkAt: issuedAt + FIRST_CHECK_AFTER,
      },
      discard: () => ports.licenses.setStatus(issued.key, "revoke"),
    };
  } catch (error) {
    return failedOutcome(error);
  }
}

/** A key that can't be kept must not live: nobody could ever take it back. */
async function sealOrRevoke(ports: DeliveryPorts, key: Secret, slotId: string): Promise<string> {
  try {
    return await ports.secretBox.seal(key, slotId);
  } catch (cause) {
    await ports.licenses.setStatus(key, "revoke");
    throw new OutsideError("busy", "seal_unavailable", "The licence key could not be sealed.", { cause });
  }
}

import { auditAct } from "../../domain/audit.ts";
import { requestEffect } from "../../domain/effect.ts";
import { AppError } from "../../domain/errors.ts";
import { asDeliveryId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/instant.ts";
import { type AuditEntry, NO_IDS, NO_WRITES } from "../../domain/purchase-file.ts";
import { sendAgain, type WebhookDelivery } from "../../domain/webhook-delivery.ts";
import type { Ports } from "../../ports.ts";
import { mustBeOn } from "./find-endpoint.ts";

type ResendPorts = Pick<Ports, "store" | "webhookRecords" | "outbox" | "background" | "effects" | "clock">;

/** What is due there besides goes along: there is no asking for one effect alone. */
const EFFECTS_AT_ONCE = 10;

/**
 * Sends one event to one endpoint again, whatever became of it before: the same `webhook-id` and body, at once, and by the
 * whole schedule should that fail.
 *
 * @param text The delivery's id, or that of one of its attempts.
 * @param actor The name of the admin key.
 * @returns The delivery, as it waits to be sent.
 * @throws AppError `not_found`; `endpoint_disabled` when its endpoint is off or gone.
 */
export async function resendDelivery(
  ports: ResendPorts,
  text: string,
  actor: string,
): Promise<WebhookDelivery> {
  const delivery = await findDelivery(ports, text);
  const { id, endpointId, customerId, eventId } = delivery;
  mustBeOn(await ports.webhookRecords.endpoint(endpointId));
  const now = ports.clock.now();
  // First who did it, then what: nothing is ever sent by a hand that nobody knows.
  const audit = [resent(delivery, actor, now)];
  await ports.store.update(NO_IDS, () => ({ result: null, writes: { ...NO_WRITES, audit } }));
  const effect = { kind: "send_webhooks", endpointId, customerId, eventIds: [eventId] } as const;
  const waiting = await ports.webhookRecords.changeDelivery(id, (current) => sendAgain(current, now), [
    requestEffect(effect, now),
  ]);
  if (ports.background.hasRoom(endpointId))
    ports.effects.start(await ports.outbox.lease(now, EFFECTS_AT_ONCE, endpointId));
  return waiting ?? isNoDelivery();
}

async function findDelivery(
  { webhookRecords }: Pick<Ports, "webhookRecords">,
  text: string,
): Promise<WebhookDelivery> {
  const id = asDeliveryId(text.replace(/_\d{1,9}$/, ""));
  const [delivery] = id === null ? [] : await webhookRecords.deliveries([id]);
  return delivery ?? isNoDelivery();
}

function isNoDelivery(): never {
  throw new AppError("not_found", "There is no webhook delivery with this id.");
}

/** With the history of the customer that it is about. */
function resent(
  { eventType, endpointId, customerId, grantId }: WebhookDelivery,
  actor: string,
  now: Instant,
): AuditEntry {
  const summary = `${eventType} sent to webhook endpoint ${endpointId} again`;
  return auditAct({ actor, customerId, purchaseId: null, grantId, summary }, [], now);
}

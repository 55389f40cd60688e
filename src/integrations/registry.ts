import { feature } from "./feature/index.ts";
import type { Delivery, DeliveryPorts, Integration } from "./integration.ts";
import { licenseKey } from "./license-key/index.ts";

/** Every way in which an entitlement can be delivered. A new one is a folder and a line here. */
export const integrations: readonly Integration[] = [feature, licenseKey];

/** The deliveries at work, by integration type. */
export type Deliveries = ReadonlyMap<string, Delivery>;

export function createDeliveries(ports: DeliveryPorts): Deliveries {
  const deliveries = new Map<string, Delivery>();
  for (const { type, create } of integrations) if (create !== null) deliveries.set(type, create(ports));
  return deliveries;
}

import type { GrantEventType } from "../../../src/domain/grant-events.ts";
import type { EndpointId } from "../../../src/domain/ids.ts";
import type { WebhookDelivery } from "../../../src/domain/webhook-delivery.ts";
import type { WebhookEndpoint } from "../../../src/domain/webhook-endpoint.ts";
import type { Clock } from "../../../src/ports.ts";
import { createEndpoint } from "../../../src/use-cases/admin/create-endpoint.ts";
import { must } from "../../support/builders.ts";
import { createWorld, type Process, type World, type WorldOptions } from "../../support/ports.ts";
import { createMailbox, type Mailbox } from "../../world/mailbox.ts";
import { createReceivers, type Received, type Receivers, readBody } from "../../world/receivers.ts";

/** The owner's systems, and customers who are written to, around a world of use cases. */
export interface Outer {
  readonly world: World;
  readonly receivers: Receivers;
  readonly mailbox: Mailbox;
  /** What Firebase Auth says about a customer. */
  readonly addresses: Map<string, string | Error>;
}

export const TIMEOUT_MS = 10_000;
export const URL_A = "https://a.example/hook";
export const URL_B = "https://b.example/hook";

export function createOuter(options: WorldOptions = {}): Outer {
  // The world's own clock, which comes into being with the world.
  const clock: Clock = {
    now: () => world.clock.now(),
    monotonic: () => world.clock.monotonic(),
    sleep: (ms) => world.clock.sleep(ms),
  };
  const receivers = createReceivers({ clock, timeoutMs: TIMEOUT_MS });
  const mailbox = createMailbox(clock, TIMEOUT_MS);
  const addresses = new Map<string, string | Error>();
  const email = async (id: string) => {
    const known = addresses.get(id) ?? null;
    if (known instanceof Error) throw known;
    return known;
  };
  const outside = { webhooks: receivers, mailer: mailbox, accounts: { email } };
  const world: World = createWorld({ ...options, outside });
  return { world, receivers, mailbox, addresses };
}

/** The owner registers an address. */
export async function listen(
  by: Process,
  url: string,
  eventTypes: readonly GrantEventType[] | null = null,
): Promise<WebhookEndpoint> {
  return (await createEndpoint(by.ports, { url, description: "", eventTypes }, "owner")).endpoint;
}

/** What came, in words: `pro created`, `desktop revoked`. */
export function heard({ world }: Outer, received: readonly Received[]): string[] {
  return received.map(({ body }) => {
    const { type, grantId } = readBody(body);
    return `${must(world.memory.tables.grants.get(grantId)).entitlementId} ${type}`;
  });
}

export function deliveriesTo({ world }: Outer, endpoint: EndpointId): WebhookDelivery[] {
  return [...world.memory.tables.deliveries.values()].filter(({ endpointId }) => endpointId === endpoint);
}

export function endpointNow({ world }: Outer, id: EndpointId): WebhookEndpoint {
  return must(world.memory.tables.endpoints.get(id));
}

/** Kinds of the effects that wait or run. */
export function waitingEffects({ world }: Outer): string[] {
  return [...world.memory.tables.outbox.values()].map(({ value }) => value.effect.kind).sort();
}

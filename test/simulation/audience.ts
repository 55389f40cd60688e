import { OutsideError } from "../../src/domain/errors.ts";
import { patchEndpoint } from "../../src/domain/webhook-endpoint.ts";
import { askReplay } from "../../src/use-cases/admin/ask-replay.ts";
import type { Reception } from "../world/receivers.ts";
import type { World } from "../world/world.ts";
import type { Random } from "./random.ts";

/** The owner's systems: one that always takes what comes, and one that has its moods. */
export const HEALTHY = "https://healthy.example/hook";
export const FLAKY = "https://flaky.example/hook";
/** Registered when all is over: it hears of everything by a replay. */
export const LATE = "https://late.example/hook";

/** So long a mood lasts. */
const MOOD_MS = 6 * 3_600_000;

/** Who is told of a life: the owner's systems by webhooks, and customers by mail. */
export class Audience {
  readonly #world: World;
  readonly #random: Random;
  /** Where time is real nobody waits for an answer that never comes. */
  readonly #patient: boolean;
  #start = 0;

  constructor(world: World, random: Random, patient: boolean) {
    this.#world = world;
    this.#random = random;
    this.#patient = patient;
  }

  /** @param customers Some are known by what the app tells, some by Firebase Auth, some by nobody. */
  async open(customers: readonly string[]): Promise<void> {
    const { receivers, mailbox, contacts, addresses, clock } = this.#world;
    this.#start = Math.floor(clock.now());
    await this.#world.listen(HEALTHY);
    await this.#world.listen(FLAKY);
    receivers.manner = ({ url }) => (url === FLAKY ? this.#reception() : 200);
    mailbox.manner = () => this.#refusal();
    for (const customer of customers) {
      const known = this.#random.weighted({ app: 5, lookup: 3, nobody: 2 });
      const language = this.#random.pick(["th", "en", null] as const);
      if (known === "app") contacts.set(customer, { email: addressOf(customer), language });
      if (known === "lookup") addresses.set(customer, addressOf(customer));
    }
  }

  /** All take what comes, and what the flaky one has missed is asked for; nothing else is told again. */
  async heal(): Promise<string[]> {
    const { receivers, mailbox, storage, clock } = this.#world;
    receivers.manner = () => 200;
    mailbox.manner = () => null;
    await this.#world.settle();
    const endpoint = (await storage.webhookRecords.endpoints()).find(({ url }) => url === FLAKY);
    if (endpoint === undefined) return ["an endpoint is gone"];
    const on = (current: typeof endpoint) => patchEndpoint(current, { enabled: true }, clock.now());
    await storage.webhookRecords.changeEndpoint(endpoint.id, on, null);
    const { deliveries } = await this.#world.dump();
    const told = new Set(
      deliveries.filter(({ endpointId, state }) => endpointId === endpoint.id && state === "succeeded"),
    );
    const before = receivers.received.length;
    const { ports } = this.#world.alive();
    const request = { since: this.#start, which: "missing" } as const;
    const late = await this.#world.listen(LATE);
    for (const { id } of [endpoint, late]) await clock.run(askReplay(ports, id, request, "simulation"));
    await this.#world.settle();
    const brought = receivers.received.slice(before).filter(({ url }) => url === FLAKY);
    const again = new Set(brought.map(({ id }) => id));
    return [...told].flatMap(({ eventId }) =>
      again.has(eventId) ? [`${eventId} had arrived, and was told again by a replay`] : [],
    );
  }

  #reception(): Reception {
    const mood = this.#random.fork(`mood ${Math.floor(this.#world.clock.now() / MOOD_MS)}`);
    const how = mood.weighted({ fine: 70, down: 15, shaky: 15 });
    if (how !== "shaky") return how === "fine" ? 200 : 500;
    return this.#random.pick<Reception>([
      200,
      200,
      500,
      { status: 503, retryAfterMs: this.#random.between(0, 120) * 1000 },
      this.#patient ? "hangs" : 500,
    ]);
  }

  #refusal(): Error | null {
    if (this.#random.chance(0.85)) return null;
    return this.#random.chance(0.5)
      ? new OutsideError("busy", "smtp_451", "The mail server answered 451.")
      : new OutsideError("refused", "smtp_550", "The mail server answered 550.");
  }
}

export function addressOf(customer: string): string {
  return `${customer}@example.com`;
}

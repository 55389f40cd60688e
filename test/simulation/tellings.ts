import { deduplicated, type Received } from "../world/receivers.ts";
import type { Dump } from "../world/storage.ts";
import type { World } from "../world/world.ts";
import { addressOf, FLAKY, HEALTHY, LATE } from "./audience.ts";

/** A webhook as its receiver understands it, in the words of entitlement-grants.md section 1. */
interface Message {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly id: string;
    readonly customer_id: string;
    readonly metadata: { readonly regrant_of?: string };
    readonly license_key: { readonly id: string; readonly key: string } | null;
  };
}

/** Of each row there is one of these. */
const PLACES: Readonly<Record<string, string>> = { delivered: "outcome", failed: "outcome" };

/**
 * What must hold of all that the owner's systems and customers are told, however a life goes. Each message is looked at
 * once, when it has come.
 */
export class Tellings {
  readonly #world: World;
  readonly #bodies = new Map<string, string>();
  /** `<grant> <place>`: by which event it was told. */
  readonly #places = new Map<string, string>();
  /** `<url> <event>`: tried before. */
  readonly #tried = new Set<string>();
  /** When the last event that was told first happened, by URL and customer. */
  readonly #last = new Map<string, string>();
  readonly #letters = new Map<string, string>();
  #seen = 0;
  #read = 0;
  /** By a replay comes what was missed long ago. */
  inOrder = true;

  constructor(world: World) {
    this.#world = world;
  }

  /** What is wrong with what came since the last time. */
  check(): string[] {
    const { received } = this.#world.receivers;
    const messages = received.slice(this.#seen);
    this.#seen = received.length;
    const { letters } = this.#world.mailbox;
    const mailed = letters.slice(this.#read);
    this.#read = letters.length;
    return [
      ...messages.flatMap((one) => this.#checkMessage(one)),
      ...mailed.flatMap(({ key, id }) => (key === null ? [] : this.#checkLetter(key, id))),
    ];
  }

  #checkMessage({ url, id, body }: Received): string[] {
    const known = this.#bodies.get(id);
    const isFirst = !this.#tried.has(`${url} ${id}`);
    this.#tried.add(`${url} ${id}`);
    this.#bodies.set(id, body);
    const message = JSON.parse(body) as Message;
    return [
      ...(known === undefined || known === body ? [] : [`${id} was told in two ways: ${known} and ${body}`]),
      ...this.#checkPlace(id, message),
      ...(isFirst ? this.#checkOrder(url, id, message) : []),
    ];
  }

  #checkPlace(id: string, { type, data }: Message): string[] {
    const word = type.slice("entitlement_grant.".length);
    const place = `${data.id} ${PLACES[word] ?? word}`;
    const told = this.#places.get(place) ?? id;
    this.#places.set(place, told);
    return told === id ? [] : [`a receiver hears both of ${told} and ${id}`];
  }

  #checkOrder(url: string, id: string, { type, timestamp, data }: Message): string[] {
    const word = type.slice("entitlement_grant.".length);
    const wasTried = (event: string) => this.#tried.has(`${url} ${event}`);
    const lane = `${url} ${data.customer_id}`;
    const last = this.#last.get(lane) ?? "";
    this.#last.set(lane, timestamp);
    if (!this.inOrder && url === FLAKY) return [];
    const { regrant_of: former } = data.metadata;
    const early = word !== "created" && !wasTried(`${data.id}_created`);
    const open = word === "created" && former !== undefined && wasTried(`${former}_created`);
    return [
      ...(early ? [`${url} heard ${id} before its created`] : []),
      ...(open && !wasTried(`${former}_revoked`) && !wasTried(`${former}_failed`)
        ? [`${url} heard ${id} before the end of the row before`]
        : []),
      ...(timestamp < last ? [`${url} heard ${id} of ${timestamp} after what happened at ${last}`] : []),
    ];
  }

  #checkLetter(key: string, id: string): string[] {
    const known = this.#letters.get(key) ?? id;
    this.#letters.set(key, known);
    return known === id ? [] : [`a key was mailed as ${known} and as ${id}`];
  }

  /** When all has healed: every event has reached each of them, and every key its owner. */
  checkAll(dump: Dump): string[] {
    return [
      ...[HEALTHY, FLAKY, LATE].flatMap((url) => this.#missing(url, dump)),
      ...this.#strangeLetters(dump),
      ...this.#missingLetters(dump),
      ...dump.deliveries.flatMap(({ id, state }) =>
        state === "succeeded" ? [] : [`delivery ${id} is ${state}`],
      ),
    ];
  }

  #missing(url: string, { events }: Dump): string[] {
    const received = this.#world.receivers.at(url);
    const arrived = new Set(deduplicated(received).map(({ id }) => id));
    const twice = url === LATE && received.length > arrived.size;
    const unknown = [...arrived].filter((id) => !events.some((event) => event.id === id));
    return [
      ...(twice ? [`${url} heard something twice`] : []),
      ...events.flatMap(({ id }) => (arrived.has(id) ? [] : [`${id} never reached ${url}`])),
      ...unknown.map((id) => `${url} heard ${id}, which never happened`),
    ];
  }

  /** A letter with a key goes to the customer whose grant shows it, and to nobody else. */
  #strangeLetters({ grants }: Dump): string[] {
    return this.#world.mailbox.letters.flatMap(({ id, to, key }) => {
      if (key === null) return [];
      const own = grants.some(
        ({ licenseKey, customerId }) =>
          addressOf(customerId) === to &&
          id === `${licenseKey?.id}_delivered` &&
          licenseKey?.masked.slice(-4) === key.slice(-4),
      );
      return own ? [] : [`${to} was mailed a key that isn't theirs, as ${id}`];
    });
  }

  #missingLetters({ grants, mails }: Dump): string[] {
    const { contacts, addresses } = this.#world;
    return grants.flatMap(({ licenseKey, status, customerId }) => {
      if (licenseKey === null || status !== "Delivered") return [];
      // Whom only the app tells of is known from the first verify on.
      if (!addresses.has(customerId) || contacts.has(customerId)) return [];
      return mails[`${licenseKey.id}_delivered`] === undefined
        ? [`${customerId} was never mailed ${licenseKey.id}`]
        : [];
    });
  }
}

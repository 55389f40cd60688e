import type { Storage, StorageKind } from "../world/storage.ts";

/** Reads of what comes next, which a world makes at every step of time. */
const FORESEEING = ["dueForSync", "unacknowledged", "keysToCheck", "openReviews", "mark", "backlog"];
const OF_WEBHOOKS = ["endpoints", "endpoint", "events", "deliveries", "isSent"];
const READS = [
  ...FORESEEING,
  ...OF_WEBHOOKS,
  ...["load", "licenseKeys", "grant", "grants", "purchases", "ping", "heardGoogle"],
];

type PortName =
  | "store"
  | "outbox"
  | "records"
  | "sweepRecords"
  | "intake"
  | "desk"
  | "adminRecords"
  | "webhookRecords"
  | "mailRecords";
type Method = (...args: unknown[]) => Promise<unknown>;

/**
 * A storage that is asked what comes next only when something was written since: months of life are thousands of such
 * questions, and a database takes milliseconds for each. All that is written in a world is written through here.
 */
export function remembering(kind: StorageKind): StorageKind {
  return {
    ...kind,
    open(options) {
      const storage = kind.open(options);
      const known = new Map<string, Promise<unknown>>();
      const wrap = <N extends PortName>(name: N): Storage[N] => remember(storage[name], name, known);
      return {
        ...storage,
        store: wrap("store"),
        outbox: wrap("outbox"),
        records: wrap("records"),
        sweepRecords: wrap("sweepRecords"),
        intake: wrap("intake"),
        desk: wrap("desk"),
        adminRecords: wrap("adminRecords"),
        webhookRecords: wrap("webhookRecords"),
        mailRecords: wrap("mailRecords"),
      };
    },
  };
}

function remember<T extends object>(port: T, name: string, known: Map<string, Promise<unknown>>): T {
  return new Proxy(port, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== "function") return method;
      const call: Method = (...args) => Reflect.apply(method, target, args) as Promise<unknown>;
      const what = String(property);
      if (FORESEEING.includes(what)) return asked(call, `${name}.${what}`, known);
      return READS.includes(what) ? call : writing(call, known);
    },
  });
}

/** Questions whose answer depends on the time of asking are asked anew by their arguments. */
function asked(call: Method, name: string, known: Map<string, Promise<unknown>>): Method {
  return (...args) => {
    const key = `${name} ${JSON.stringify(args)}`;
    const answer = known.get(key) ?? call(...args);
    known.set(key, answer);
    answer.catch(() => known.delete(key));
    // Some take what they work on off the list that they were given.
    return answer.then((value) => (Array.isArray(value) ? [...value] : value));
  };
}

function writing(call: Method, known: Map<string, Promise<unknown>>): Method {
  return async (...args) => {
    const result = await call(...args).catch((error: unknown) => {
      known.clear();
      throw error;
    });
    // Nothing was due, so nothing was leased.
    if (!(Array.isArray(result) && result.length === 0)) known.clear();
    return result;
  };
}

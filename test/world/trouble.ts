import { AppError } from "../../src/domain/errors.ts";
import type { Clock } from "../../src/ports.ts";

export const STORE_PORTS = [
  "store",
  "outbox",
  "records",
  "adminRecords",
  "sweepRecords",
  "desk",
  "intake",
  "webhookRecords",
  "mailRecords",
] as const;
export type StorePort = (typeof STORE_PORTS)[number];

/** A call of a replica to the outside or the store, about to go out. */
export interface Call {
  /** `play` and `keythai` are HTTP services; the others are ports of the store. */
  readonly service: "play" | "keythai" | StorePort;
  /** `GET /androidpublisher/…`, or the port's method: `update`. */
  readonly what: string;
  /** Name of the replica that calls. */
  readonly replica: string;
}

/**
 * What befalls a call. `lost`: nothing was done; `unheard`: it was done, and the answer never came; after `afterMs` (0)
 * the caller gives up. `slow`: it goes out after `ms`. `status` and `stale` are of the HTTP services alone: an error
 * status, or Google's answer as it was before the last change.
 */
export type Strike =
  | { readonly kind: "lost" | "unheard"; readonly afterMs?: number }
  | { readonly kind: "slow"; readonly ms: number }
  | {
      readonly kind: "status";
      readonly status: 401 | 403 | 429 | 500 | 503;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: "stale" };

/** Decides about every call; null lets it be. */
export type Trouble = (call: Call) => Strike | null;

/** Does a call as a strike has it. @param broken What the caller is told when no answer comes. */
export async function suffer<T>(
  strike: Strike | null,
  clock: Clock,
  act: () => Promise<T>,
  broken: () => Error,
): Promise<T> {
  if (strike === null) return act();
  if (strike.kind === "slow") await clock.sleep(strike.ms);
  if (strike.kind !== "lost" && strike.kind !== "unheard") return act();
  if (strike.kind === "unheard") await act();
  if (strike.afterMs !== undefined) await clock.sleep(strike.afterMs);
  throw broken();
}

/** A port of the store whose calls may fail as the adapters' do: `store_unavailable`. */
export function troubled<T extends object>(
  port: T,
  service: StorePort,
  replica: string,
  { clock, trouble }: { readonly clock: Clock; readonly trouble: () => Trouble | null },
): T {
  return new Proxy(port, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const strike = trouble()?.({ service, what: String(property), replica }) ?? null;
        const act = async () => Reflect.apply(value, target, args) as unknown;
        return suffer(strike, clock, act, storeUnavailable);
      };
    },
  });
}

function storeUnavailable(): AppError {
  return new AppError("store_unavailable", "The store gives no answer.", { retryable: true });
}

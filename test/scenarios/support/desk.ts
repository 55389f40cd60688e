import { createHash } from "node:crypto";
import type { z } from "zod";
import type {
  adminGrantSchema,
  adminPurchaseSchema,
  customerSchema,
  deadLetterSchema,
  orphanSchema,
  replaySchema,
  reviewSchema,
} from "../../../src/http/admin-schemas.ts";
import type { Problem } from "../../../src/http/problem.ts";
import type { Answer } from "../../support/lab.ts";
import type { ServiceProcess } from "../../support/processes.ts";

/** The admin API as the shop's people call it. */

export type AdminGrant = z.output<typeof adminGrantSchema>;
export type AdminPurchase = z.output<typeof adminPurchaseSchema>;
export type Customer = z.output<typeof customerSchema>;
export type DeadLetter = z.output<typeof deadLetterSchema>;
export type Orphan = z.output<typeof orphanSchema>;
export type Replay = z.output<typeof replaySchema>;
export type Review = z.output<typeof reviewSchema>;
export interface Page<T> {
  readonly data: T[];
  readonly next_cursor: string | null;
}
export type { Problem };

const KEYS = { anna: "anna-admin-key-4711-only-for-tests", ben: "ben-admin-key-0815-only-for-tests" };

/** What `ADMIN_API_KEYS` holds. */
export const ADMIN_API_KEYS = Object.entries(KEYS)
  .map(([name, key]) => `${name}:${createHash("sha256").update(key).digest("hex")}`)
  .join(",");

export const adminKey = (name: keyof typeof KEYS): string => KEYS[name];

/** Admin keys that a text shows. Empty is right. */
export const adminKeysIn = (text: string): string[] =>
  Object.values(KEYS).filter((key) => text.includes(key));

export interface AdminRequest {
  readonly method?: "GET" | "POST";
  /** Anything but a string goes as JSON; a request with a body is a POST. */
  readonly body?: unknown;
  readonly by?: keyof typeof KEYS;
  /** In place of an admin key; null: none. */
  readonly authorization?: string | null;
}

/** @param path What follows `/v1/admin`. */
export async function askAdmin<T>(
  at: Pick<ServiceProcess, "url">,
  path: string,
  request: AdminRequest = {},
): Promise<Answer<T>> {
  const { body, by = "anna", authorization = `Bearer ${KEYS[by]}` } = request;
  const startedAt = performance.now();
  const response = await fetch(`${at.url}/v1/admin${path}`, {
    method: request.method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      "Content-Type": "application/json",
      ...(authorization === null ? {} : { Authorization: authorization }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const answered: T = JSON.parse(await response.text());
  const ms = performance.now() - startedAt;
  return { status: response.status, body: answered, headers: response.headers, ms };
}

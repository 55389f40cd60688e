import { expect } from "vitest";
import type { z } from "zod";
import {
  ADMIN_KEY,
  type Answer,
  expectCommonHeaders,
  PUSH_ACCOUNT,
  PUSH_AUDIENCE,
  type TestService,
} from "./service.ts";

/** A call with the admin key, whose name is `tests`. */
export function asAdmin(service: TestService, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { Authorization: `Bearer ${ADMIN_KEY}` };
  return service.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
}

/** The answer as its schema has it: not one key more. */
export function exactly<T extends z.ZodType>(schema: T, answer: Answer, status = 200): z.output<T> {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expectCommonHeaders(answer);
  const parsed = schema.parse(answer.body);
  expect(parsed).toEqual(answer.body);
  return parsed;
}

/** Google's notice arrives by push. */
export async function push(service: TestService, notice: unknown, messageId = "1"): Promise<Answer> {
  const token = await service.sandbox.identity.pushToken({ audience: PUSH_AUDIENCE, email: PUSH_ACCOUNT });
  const data = Buffer.from(typeof notice === "string" ? notice : JSON.stringify(notice)).toString("base64");
  return service.call("POST", "/v1/rtdn", {
    headers: { Authorization: `Bearer ${token}` },
    body: { message: { data, messageId } },
  });
}

/** Who did what by hand, as the history has it. */
export function deedsOf(service: TestService): { actor: string | null; summary: string | undefined }[] {
  return service.tables.audit
    .filter(({ cause }) => cause === "admin")
    .map(({ actor, changes }) => ({ actor, summary: changes[0]?.summary }));
}

import { z } from "zod";
import { within } from "../adapters/shared/google-headers.ts";
import { ask, NoAnswer } from "./ask.ts";
import { type CheckContext, type Finding, failed, warning } from "./check.ts";

/** Google said no. Of its words only those of a known shape are kept. */
export class GoogleRefusal extends Error {
  readonly status: number;
  /** `SERVICE_DISABLED`, `PERMISSION_DENIED`, … */
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(`Google answered ${status} ${reason}`);
    this.name = "GoogleRefusal";
    this.status = status;
    this.reason = reason;
  }
}

const WORD = /^[A-Za-z_]{1,64}$/;
const reasons = z
  .array(z.looseObject({ reason: z.string().regex(WORD).optional().catch(undefined) }))
  .catch([]);
const errorBody = z.object({
  error: z.object({ status: z.string().regex(WORD).optional().catch(undefined), details: reasons }),
});

export interface GoogleRequest {
  readonly method?: "GET" | "POST";
  /** On the emulator there are no credentials. */
  readonly emulator?: boolean;
}

/**
 * One call of a REST API of Google's with our credentials.
 *
 * @param url Whole, with its query.
 * @throws GoogleRefusal on any status but 2xx; NoAnswer; what the credentials throw.
 */
export async function askGoogle(
  { google, signal }: Pick<CheckContext, "google" | "signal">,
  url: string,
  { method = "GET", emulator = false }: GoogleRequest = {},
): Promise<unknown> {
  const headers = new Headers(emulator ? {} : await within(signal, google.headers(url)));
  const { status, body } = await ask(url, { method, headers, signal });
  if (status >= 200 && status <= 299) return body;
  const { data } = errorBody.safeParse(body);
  const reason = data?.error.details.find((detail) => detail.reason !== undefined)?.reason;
  throw new GoogleRefusal(status, reason ?? data?.error.status ?? "UNKNOWN");
}

export interface Asked {
  /** As in `gcloud services enable <api>`. */
  readonly api: string;
  /** What was asked for, in words: "the indexes of Firestore". */
  readonly what: string;
  readonly project: string;
  /** What lets an account ask. Without it the doctor alone is blind there; the service runs on. */
  readonly role: string;
}

/**
 * What an error of {@link askGoogle} means, and what to do.
 *
 * @throws What is none of its errors.
 */
export async function explainGoogle(
  error: unknown,
  { api, what, project, role }: Asked,
  context: Pick<CheckContext, "google" | "signal">,
): Promise<Finding> {
  if (error instanceof NoAnswer)
    return failed(`${what}: ${error.message}`, `Look whether this machine may reach https://${error.host}.`);
  if (!(error instanceof GoogleRefusal)) throw error;
  const { status, reason } = error;
  if (reason === "SERVICE_DISABLED" || reason === "accessNotConfigured")
    return failed(`${what}: the API ${api} is not enabled in ${project}`, enable(api, project));
  if (status === 401 || status === 403)
    return warning(
      `${what}: Google refuses it to these credentials (${status} ${reason})`,
      `gcloud projects add-iam-policy-binding ${project} --member=${await memberOf(context)} --role=${role}`,
    );
  return failed(
    `${what}: Google answered ${status} ${reason}`,
    "Try again in some minutes; see https://status.cloud.google.com",
  );
}

/** The command that turns an API on. */
export function enable(api: string, project: string): string {
  return `gcloud services enable ${api} --project=${project}`;
}

/** Who the credentials speak for, as IAM's commands write it. */
export async function memberOf({ google, signal }: Pick<CheckContext, "google" | "signal">): Promise<string> {
  const account = await within(signal, google.account()).catch(() => null);
  return account === null ? '"user:$EMAIL"' : `serviceAccount:${account}`;
}

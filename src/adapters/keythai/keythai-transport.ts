import type { z } from "zod";
import type { Secret } from "../../domain/secret.ts";
import { connectionError } from "./connection-error.ts";
import { errorOfAnswer, KeyThaiApiError, parseJson } from "./keythai-error.ts";

export interface KeyThaiConnection {
  /** `kt_live_…` */
  readonly apiKey: Secret;
  /** `https://api.keythai.net/v1`; a trailing slash is stripped. */
  readonly baseUrl: string;
  /** How long a call may take, its answer's body included, in ms. */
  readonly timeoutMs: number;
  readonly fetch?: typeof globalThis.fetch;
}

export interface Call<Answer extends z.ZodType> {
  readonly method: "GET" | "POST" | "PATCH";
  readonly path: "/licenses" | "/products" | "/policies";
  /** A licence key, put behind the path. */
  readonly key?: Secret;
  /** What is undefined is left out, here and in `body`: KeyThai takes no null. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  readonly answer: Answer;
  readonly timeoutMs?: number | undefined;
}

export type Request = <Answer extends z.ZodType>(call: Call<Answer>) => Promise<z.output<Answer>>;

/**
 * One HTTP call to KeyThai, never repeated in here.
 *
 * @returns A function that throws {@link KeyThaiApiError} and nothing else.
 * @throws Error when the base URL or the API key can't be used; it names neither.
 */
export function createRequest(connection: KeyThaiConnection): Request {
  const { apiKey, fetch = globalThis.fetch } = connection;
  const base = usableBase(connection.baseUrl);
  const headers = usableHeaders(apiKey);

  return async (call) => {
    const secrets = call.key === undefined ? [apiKey] : [apiKey, call.key];
    const { status, retryAfter, text } = await exchange(fetch, base + target(call), {
      method: call.method,
      headers,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      // A redirect followed would repeat a create, or turn it into a GET that looks like success.
      redirect: "manual",
      signal: AbortSignal.timeout(call.timeoutMs ?? connection.timeoutMs),
    });
    if (status < 200 || status > 299) throw errorOfAnswer(status, text, retryAfter, secrets);
    return read(call.answer, status, text);
  };
}

async function exchange(fetch: typeof globalThis.fetch, url: string, init: RequestInit) {
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    return { status: response.status, retryAfter: response.headers.get("retry-after"), text };
  } catch (error) {
    throw connectionError(error);
  }
}

/** A 2xx may be empty; otherwise it is JSON of the expected shape, or INVALID_RESPONSE. Its words stay out of the error. */
function read<Answer extends z.ZodType>(answer: Answer, status: number, text: string): z.output<Answer> {
  const parsed = answer.safeParse(text.trim() === "" ? {} : parseJson(text));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".") || "the body";
  throw new KeyThaiApiError(
    "INVALID_RESPONSE",
    status,
    `KeyThai answered ${status}, but ${where} can't be read`,
  );
}

function target({ path, key, query = {} }: Call<z.ZodType>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const resource = key === undefined ? path : `${path}/${encodeKey(key)}`;
  return search.size === 0 ? resource : `${resource}?${search}`;
}

/** Percent-encoded with no safe characters (facts/keythai.md "Basics"): encodeURIComponent leaves five of them. */
export function encodeKey(key: Secret): string {
  return encodeURIComponent(key.reveal()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function usableBase(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) throw new Error("KeyThai's base URL is not a URL");
  return baseUrl.replace(/\/+$/, "");
}

/** Checked once, here: what `fetch` says of a bad header quotes the header. */
function usableHeaders(apiKey: Secret): Record<string, string> {
  if (!/^[\x21-\x7e]+$/.test(apiKey.reveal())) {
    throw new Error("KeyThai's API key is empty, or holds a character that no header can carry");
  }
  return {
    Accept: "application/json",
    Authorization: `Bearer ${apiKey.reveal()}`,
    "Content-Type": "application/json",
  };
}

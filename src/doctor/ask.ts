/** Why no answer came. */
export type Trouble = "name" | "refused" | "tls" | "late" | "lost";

const WORDS: Readonly<Record<Trouble, string>> = {
  name: "its name can't be found (DNS)",
  refused: "it refuses the connection",
  tls: "its TLS certificate doesn't hold",
  late: "it gives no answer in time",
  lost: "the connection breaks",
};

/** Somebody who was asked gave no answer. Holds the host alone: a URL may carry credentials. */
export class NoAnswer extends Error {
  readonly trouble: Trouble;
  readonly host: string;

  constructor(url: string, trouble: Trouble) {
    const { host } = new URL(url);
    super(`${host} can't be reached: ${WORDS[trouble]}`);
    this.name = "NoAnswer";
    this.trouble = trouble;
    this.host = host;
  }
}

export interface Answer {
  readonly status: number;
  /** Undefined where it isn't JSON. */
  readonly body: unknown;
}

/**
 * One request; redirects are told and not followed.
 *
 * @throws NoAnswer
 */
export async function ask(
  url: string,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Answer> {
  try {
    const response = await fetch(url, { redirect: "manual", ...init });
    return { status: response.status, body: parsed(await response.text()) };
  } catch (error) {
    throw new NoAnswer(url, init.signal.aborted ? "late" : troubleOf(error));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of several addresses that were tried the first tells. */
export function troubleOf(error: unknown): Trouble {
  const cause = propertyOf(error, "cause") ?? error;
  const [first] = [propertyOf(cause, "errors")].flat();
  const code = String(propertyOf(first ?? cause, "code") ?? "");
  if (propertyOf(error, "name") === "TimeoutError" || /TIMEDOUT|TIMEOUT/.test(code)) return "late";
  if (/ENOTFOUND|EAI_AGAIN|EDNS/.test(code)) return "name";
  if (/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH/.test(code)) return "refused";
  return /CERT|TLS|SSL|SIGNATURE/.test(code) ? "tls" : "lost";
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

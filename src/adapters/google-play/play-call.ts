import { Agent } from "node:http";
import type { MethodOptions } from "@googleapis/androidpublisher";
import pRetry from "p-retry";
import { SECOND } from "../../domain/instant.ts";
import type { Chance, Clock, Log, Priority } from "../../ports.ts";
import { authorize, type Credentials, googleCredentials, isLoopback } from "./play-auth.ts";
import { type FailureKind, PlayFailure, playFailure, toAppError } from "./play-failure.ts";
import { type Bucket, createQuotaGovernor } from "./quota-governor.ts";

/** One call of Google's API, whatever attempts it takes. */
export interface PlayRequest {
  /** Google's name of the method, for the log. */
  readonly method: string;
  /** Whom it is about, for the log. */
  readonly subject: { readonly purchaseId: string } | { readonly packageName: string };
  /** All that count it, the narrowest first. */
  readonly buckets: readonly Bucket[];
  readonly priority: Priority;
  /** Whether it may go out again when nobody knows if the first attempt took effect. */
  readonly repeatable: boolean;
  /** On the clock's monotonic time: when the caller must have its answer. */
  readonly deadline: number;
  send(options: MethodOptions): Promise<{ readonly data: unknown }>;
}

export interface PlayCallOptions {
  readonly rootUrl: string;
  /** Calls of this process per bucket and minute. */
  readonly quotaPerMinute: number;
  readonly attemptTimeoutMs: number;
  /** In place of Google's application default credentials. */
  readonly credentials?: Credentials;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/** Five quick attempts end within two seconds: an outage is better waited out by the caller than in here. */
const RETRIES = 4;
const FIRST_DELAY_MS = 100;
/** An attempt with less time than this can't come to anything. */
const SHORTEST_ATTEMPT_MS = 50;
/** Larger than any purchase by far. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Sends a request under the quota, within the attempt time-out and the caller's deadline, again where that may help.
 * The library's own retries are off: they ignore `Retry-After`, and know neither our quota nor our deadline.
 *
 * @returns Sends the request and gives the body: JSON, a string where it wasn't JSON, `""` where there was none. It
 *   throws AppError as {@link toAppError} maps it, or as the governor refuses.
 */
export function createPlayCall(options: PlayCallOptions): (request: PlayRequest) => Promise<unknown> {
  const { rootUrl, attemptTimeoutMs, clock, chance, log } = options;
  const governor = createQuotaGovernor(options);
  const credentials = options.credentials ?? googleCredentials(rootUrl, attemptTimeoutMs);
  const common: MethodOptions = {
    // Given with each call: of a root given to the client, the library would drop the path.
    rootUrl,
    retry: false,
    responseType: "json",
    maxContentLength: MAX_ANSWER_BYTES,
    // What another address says is nothing about the purchase.
    redirect: "manual",
    // An agent of its own keeps a proxy of the environment out of what never leaves this machine.
    ...(isLoopback(rootUrl) ? { agent: new Agent({ keepAlive: true }) } : {}),
  };
  const left = ({ deadline }: PlayRequest) => deadline - clock.monotonic();
  const attemptTime = (request: PlayRequest) => Math.ceil(Math.min(attemptTimeoutMs, left(request)));

  async function attempt(request: PlayRequest): Promise<unknown> {
    const headers =
      credentials === null ? {} : await authorize(credentials, attemptTime(request), clock.now());
    for (const bucket of request.buckets) {
      const turn = governor.admit(bucket, request.priority, left(request));
      if (turn !== null) await turn;
    }
    const timeout = attemptTime(request);
    if (timeout <= 0) throw new PlayFailure("unknown", { reason: "outOfTime" });
    try {
      return (await request.send({ ...common, headers, timeout })).data;
    } catch (error) {
      const failure = playFailure(error, clock.now());
      if (failure?.kind === "throttled") request.buckets.forEach(governor.throttled);
      throw failure ?? error;
    }
  }

  /** False: it stays as it is. True, once it is time for the next attempt. */
  async function again(request: PlayRequest, error: Error, attempts: number): Promise<boolean> {
    if (!(error instanceof PlayFailure) || !mayHelp(error.kind, request.repeatable)) return false;
    const delayMs = Math.max(error.retryAfterMs ?? 0, backoff(attempts, chance));
    if (delayMs + SHORTEST_ATTEMPT_MS > left(request)) return false;
    log.warn("play.call_repeated", { ...describe(request, error), attempts, delayMs });
    await clock.sleep(delayMs);
    return true;
  }

  return async (request) => {
    try {
      return await pRetry(() => attempt(request), {
        retries: RETRIES,
        minTimeout: 0,
        shouldRetry: ({ error, attemptNumber }) => again(request, error, attemptNumber),
      });
    } catch (error) {
      if (!(error instanceof PlayFailure)) throw error;
      if (error.kind === "rejected") log.error("play.rejected_credentials", describe(request, error));
      throw toAppError(error);
    }
  };
}

function mayHelp(kind: FailureKind, repeatable: boolean): boolean {
  return kind === "throttled" || kind === "conflict" || (kind === "unknown" && repeatable);
}

/** 100 ms, 200 ms, 400 ms …, each shortened by up to half so that callers who failed together don't return together. */
function backoff(attempts: number, chance: Chance): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), 2 * SECOND);
  return Math.round(full * (1 - chance() / 2));
}

function describe({ method, subject, priority }: PlayRequest, { kind, status, reason }: PlayFailure) {
  return { method, ...subject, priority, kind, status, reason };
}

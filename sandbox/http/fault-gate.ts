import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";
import type { Fault, FaultKind, Faults, Service } from "../faults.ts";
import type { Sleep } from "../timers.ts";
import type { SandboxEnv } from "./env.ts";

/** How a service tells a bare error status in its own words. */
export type TellStatus = (
  context: Context<SandboxEnv>,
  status: number,
  fault: Fault,
) => Promise<Response> | Response;

const STATUS: Partial<Record<FaultKind, number>> = {
  status_401: 401,
  status_403: 403,
  status_429: 429,
  status_500: 500,
  status_503: 503,
};

/** Stands before a service and does to a request what the next fitting fault says. */
export function faultGate(faults: Faults, service: Service, tell: TellStatus): MiddlewareHandler<SandboxEnv> {
  return async (context, next) => {
    const { method, path } = context.req;
    const fault = faults.take(service, `${method} ${path}`);
    if (fault === null) return next();
    const status = STATUS[fault.kind];
    if (status === undefined) return strike(context, fault, faults.sleep, next);
    const response = await tell(context, status, fault);
    if (status === 429 || fault.retryAfterSeconds !== undefined) {
      response.headers.set("Retry-After", String(fault.retryAfterSeconds ?? 1));
    }
    return response;
  };
}

async function strike(
  context: Context<SandboxEnv>,
  fault: Fault,
  sleep: Sleep,
  next: () => Promise<void>,
): Promise<Response | undefined> {
  switch (fault.kind) {
    case "hang":
      return hang(context);
    case "cut_before":
      return cut(context);
    case "cut_after":
      await next();
      replaceAnswer(context, cut(context));
      return undefined;
    case "broken_json":
      // It acts and then answers rubbish: what came of it is unknown to the caller, as after a cut.
      await next();
      replaceAnswer(
        context,
        new Response('<html>{"not": json', { headers: { "Content-Type": "application/json" } }),
      );
      return undefined;
    case "stale":
      context.set("stale", true);
      await next();
      return undefined;
    default:
      await sleep(fault.delayMs ?? 1000);
      await next();
      return undefined;
  }
}

/** Lasts until the client leaves. */
async function hang(context: Context<SandboxEnv>): Promise<Response> {
  const { outgoing } = context.env;
  const { signal } = context.req.raw;
  await new Promise<void>((resolve) => {
    if (outgoing !== undefined) outgoing.once("close", resolve);
    else if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return cut(context);
}

/** No answer: the socket is closed, or where there is none, `fetch` sees an error in its place. */
function cut(context: Context<SandboxEnv>): Response {
  const { outgoing } = context.env;
  if (outgoing === undefined) return Response.error();
  outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Hono merges headers into an answer that is set twice, unless it was unset in between. */
function replaceAnswer(context: Context<SandboxEnv>, answer: Response): void {
  context.res = undefined;
  context.res = answer;
}

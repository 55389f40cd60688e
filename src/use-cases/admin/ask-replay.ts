import { type ReplayEvents, requestEffect } from "../../domain/effect.ts";
import { AppError } from "../../domain/errors.ts";
import { formatInstant, type Instant } from "../../domain/instant.ts";
import { NO_IDS, NO_WRITES } from "../../domain/purchase-file.ts";
import type { Ports } from "../../ports.ts";
import { type DecidePorts, decide } from "./decide.ts";
import { endpointAct, findEndpoint, mustBeOn } from "./find-endpoint.ts";

export interface ReplayRequest {
  readonly since: Instant;
  readonly which: ReplayEvents["which"];
}

/**
 * Asks for an endpoint to be told of what it lacks since then; it is gone through in the background. Asked again it begins
 * anew, and what it has heard by then it isn't told again.
 *
 * @param actor The name of the admin key.
 * @returns What will be done.
 * @throws AppError `not_found`; `endpoint_disabled` when it is off; `invalid_request` for a time that is still to come.
 */
export async function askReplay(
  ports: DecidePorts & Pick<Ports, "webhookRecords">,
  text: string,
  request: ReplayRequest,
  actor: string,
): Promise<ReplayEvents> {
  const endpoint = mustBeOn(await findEndpoint(ports, text));
  if (request.since > ports.clock.now()) throw inTheFuture();
  const { which } = request;
  // Nothing ever happened before 1970, and a database's time may not reach back as far as text does.
  const since = Math.max(0, request.since);
  const effect = { kind: "replay_events", endpointId: endpoint.id, since, which, after: null } as const;
  const words = which === "failed" ? "recover what failed" : "replay what is missing";
  await decide(ports, NO_IDS, (_file, now) => ({
    result: null,
    writes: {
      ...NO_WRITES,
      effects: [requestEffect(effect, now)],
      audit: [endpointAct(actor, endpoint.id, `told to ${words} since ${formatInstant(since)}`, now)],
    },
  }));
  return effect;
}

function inTheFuture(): AppError {
  const message = "lies in the future";
  return new AppError("invalid_request", `since ${message}.`, { issues: [{ path: "since", message }] });
}

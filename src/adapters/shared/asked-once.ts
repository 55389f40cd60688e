import { askedAgain, type EffectRequest } from "../../domain/effect.ts";
import type { EffectId } from "../../domain/ids.ts";

/** Each effect once, however often it is asked for: no batch may write a document twice. */
export function askedOnce(requests: readonly EffectRequest[]): EffectRequest[] {
  const byId = new Map<EffectId, EffectRequest>();
  for (const request of requests) {
    const effect = askedAgain(byId.get(request.id)?.effect, request.effect);
    byId.set(request.id, { ...request, effect });
  }
  return [...byId.values()];
}

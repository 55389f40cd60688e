import type { Clock } from "../clock.ts";
import type { Identity } from "../identity/identity.ts";
import type { Deliver, Publisher, RtdnTarget } from "./publisher.ts";
import { publishToEmulator } from "./pubsub.ts";
import { pushTo } from "./push.ts";

const SUBSCRIPTION = "projects/sandbox/subscriptions/playgrant-rtdn-push";
const REUSE_MS = 5 * 60_000;

/** Lets the publisher send to a target from now on; `none` only keeps the notices. */
export function aimAt(publisher: Publisher, target: RtdnTarget, identity: Identity, now: Clock): void {
  publisher.handOver(target.kind === "function" ? target.deliver : null);
  publisher.setDeliver(deliverTo(target, identity, now));
}

/** The way to a target that lies outside of this process. */
function deliverTo(target: RtdnTarget, identity: Identity, now: Clock): Deliver | null {
  switch (target.kind) {
    case "none":
    case "function":
      return null;
    case "pubsub":
      return publishToEmulator(target);
    case "push":
      return pushTo({
        url: target.url,
        subscription: SUBSCRIPTION,
        token: reusedToken(target, identity, now),
      });
  }
}

/** One token for some minutes, as Pub/Sub reuses its own for up to an hour (facts section 13). */
function reusedToken(
  target: Extract<RtdnTarget, { kind: "push" }>,
  identity: Identity,
  now: Clock,
): () => Promise<string> {
  let kept: { token: Promise<string>; until: number } | undefined;
  return () => {
    if (kept === undefined || now() >= kept.until) {
      const { audience, serviceAccountEmail: email } = target;
      kept = { token: identity.pushToken({ audience, email }), until: now() + REUSE_MS };
    }
    return kept.token;
  };
}

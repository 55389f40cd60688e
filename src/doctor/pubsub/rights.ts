import { type Finding, failed, warning } from "../check.ts";
import { GoogleRefusal } from "../google-api.ts";
import type { Policy, PubSubApi } from "./resources.ts";

/** A right that somebody of Google's needs on a topic or a subscription. */
export interface Right {
  /** Whole name. */
  readonly resource: string;
  readonly role: "roles/pubsub.publisher" | "roles/pubsub.subscriber";
  readonly member: RegExp;
  /** "Google Play may not publish to the topic x" */
  readonly lack: string;
  readonly fix: string;
}

const WIDER = ["roles/pubsub.editor", "roles/pubsub.admin", "roles/editor", "roles/owner"];

/** @returns Nothing where the right is there, or where there are no rights at all: on the emulator. */
export async function checkRight(api: PubSubApi, right: Right): Promise<Finding[]> {
  const policy = await policyOf(api, right.resource);
  if (policy === null) return [];
  if (policy === "hidden")
    return [
      warning(
        `whether this is so can't be seen with these credentials: ${right.lack}`,
        `To be sure: ${right.fix}`,
      ),
    ];
  if (grants(policy, right)) return [];
  const inherited = await api.projectPolicy();
  if (inherited !== null && grants(inherited, right)) return [];
  return [failed(right.lack, right.fix)];
}

async function policyOf(api: PubSubApi, resource: string): Promise<Policy | "hidden" | null> {
  try {
    return await api.policy(resource);
  } catch (error) {
    if (error instanceof GoogleRefusal && error.status === 403) return "hidden";
    throw error;
  }
}

/** Under a condition it may hold or not: that isn't enough. */
function grants({ bindings }: Policy, { role, member }: Right): boolean {
  return bindings.some(
    (binding) =>
      (binding.role === role || WIDER.includes(binding.role)) &&
      binding.condition === undefined &&
      binding.members.some((one) => member.test(one)),
  );
}

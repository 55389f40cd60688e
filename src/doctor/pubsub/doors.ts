import type { Config } from "../../config.ts";
import type { PubSubApi, Subscription } from "./resources.ts";

/** How notices may come into the service, and the topic they come from. */
export interface Doors {
  /** Null: no subscription of ours was found, and so no topic. */
  readonly topic: string | null;
  /** What RTDN_SUBSCRIPTION names. */
  readonly named: Subscription | null;
  /** Those that push to `POST /v1/rtdn`. */
  readonly pushed: readonly Subscription[];
  /** Made by Firebase for the function `developerNotifications`. */
  readonly triggers: readonly Subscription[];
  /** All of the project. */
  readonly all: readonly Subscription[];
}

/** A pushed one may have any name, so all of the project are looked at. */
export async function findDoors(api: PubSubApi, config: Config): Promise<Doors> {
  const name = fullName(config.RTDN_SUBSCRIPTION, api.project);
  const [all, named] = await Promise.all([api.subscriptions(), api.subscription(name)]);
  const ours = all.filter(({ pushConfig }) => isPushDoor(pushConfig.pushEndpoint ?? ""));
  const triggers = all.filter((one) => isTrigger(one.name, one.name === named?.name));
  const topic = [named, ...ours, ...triggers].find((found) => found !== null)?.topic ?? null;
  return { topic, named, pushed: ours, triggers, all };
}

export function fullName(subscription: string, project: string): string {
  return subscription.includes("/") ? subscription : `projects/${project}/subscriptions/${subscription}`;
}

function isPushDoor(endpoint: string): boolean {
  return URL.canParse(endpoint) && new URL(endpoint).pathname.endsWith("/v1/rtdn");
}

/** `eventarc-asia-southeast1-developernotifications-123456-sub-789`; whoever names one means it. */
function isTrigger(name: string, isNamed: boolean): boolean {
  return isNamed ? /\/eventarc-/.test(name) : /\/eventarc-[^/]*developernotifications/i.test(name);
}

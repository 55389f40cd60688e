import { z } from "zod";
import type { CheckContext } from "../check.ts";
import { askGoogle, GoogleRefusal } from "../google-api.ts";

/** What Pub/Sub tells of a subscription (google-play.md section 13). A deleted topic is `_deleted-topic_`. */
const subscription = z.object({
  /** `projects/…/subscriptions/…` */
  name: z.string(),
  topic: z.string(),
  pushConfig: z
    .object({
      pushEndpoint: z.string().optional(),
      oidcToken: z
        .object({ serviceAccountEmail: z.string().default(""), audience: z.string().default("") })
        .optional(),
      noWrapper: z.unknown().optional(),
    })
    .prefault({}),
  ackDeadlineSeconds: z.number().default(10),
  /** Without it: 31 days. With it, but without a ttl: never. */
  expirationPolicy: z.object({ ttl: z.string().optional() }).optional(),
  retryPolicy: z.unknown().optional(),
  deadLetterPolicy: z.object({ deadLetterTopic: z.string() }).optional(),
  detached: z.boolean().default(false),
});

export type Subscription = z.output<typeof subscription>;

const page = z.object({
  subscriptions: z.array(subscription).default([]),
  nextPageToken: z.string().optional(),
});
const policy = z.object({
  bindings: z
    .array(
      z.object({
        role: z.string(),
        members: z.array(z.string()).default([]),
        condition: z.unknown().optional(),
      }),
    )
    .default([]),
});

export type Policy = z.output<typeof policy>;

const MOST_PAGES = 20;

/** Pub/Sub's REST API, at Google's or on the emulator. All throw as `askGoogle` does. */
export interface PubSubApi {
  readonly project: string;
  readonly emulated: boolean;
  /** Of the project, wherever their topics are. */
  subscriptions(): Promise<Subscription[]>;
  /** @param name Whole. @returns Null: there is none. */
  subscription(name: string): Promise<Subscription | null>;
  hasTopic(name: string): Promise<boolean>;
  /** Of a topic or subscription. @returns Null on the emulator, which has no IAM. */
  policy(name: string): Promise<Policy | null>;
  /** Of the whole project: what is granted there holds for each topic. @returns Null where we may not look. */
  projectPolicy(): Promise<Policy | null>;
}

export function pubsubApi(context: CheckContext, project: string): PubSubApi {
  const host = context.config.PUBSUB_EMULATOR_HOST;
  const emulator = host !== undefined;
  const root = emulator ? `http://${host}/v1` : `${context.roots.pubsub}/v1`;
  const get = (path: string) => askGoogle(context, `${root}/${path}`, { emulator });
  return {
    project,
    emulated: emulator,
    async subscriptions() {
      const all: Subscription[] = [];
      let token = "";
      for (let count = 0; count < MOST_PAGES; count += 1) {
        const found = page.parse(await get(`projects/${project}/subscriptions?pageSize=1000${token}`));
        all.push(...found.subscriptions);
        if (!found.nextPageToken) break;
        token = `&pageToken=${encodeURIComponent(found.nextPageToken)}`;
      }
      return all;
    },
    subscription: async (name) => subscription.nullable().parse(await unlessMissing(get(name))),
    hasTopic: async (name) => (await unlessMissing(get(name))) !== null,
    policy: async (name) => (emulator ? null : policy.parse(await get(`${name}:getIamPolicy`))),
    async projectPolicy() {
      const url = `${context.roots.resourceManager}/v1/projects/${project}:getIamPolicy`;
      try {
        return policy.parse(await askGoogle(context, url, { method: "POST" }));
      } catch (error) {
        if (error instanceof GoogleRefusal) return null;
        throw error;
      }
    },
  };
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof GoogleRefusal && error.status === 404) return null;
    throw error;
  }
}

/** The last part of a name, as gcloud takes it. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

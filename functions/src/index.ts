import { onRequest } from "firebase-functions/https";
import { defineSecret } from "firebase-functions/params";
import { onMessagePublished } from "firebase-functions/pubsub";
import { onSchedule } from "firebase-functions/scheduler";
import type { Listener } from "./api.ts";
import { keepBodies } from "./bodies.ts";
import { deployment, target } from "./environment.ts";

/**
 * playgrant as Firebase Functions. Here stands how each is run; what it does is loaded only by the one that does it, so
 * that looking at what there is (as a deploy does) loads next to nothing.
 */

const everywhere = {
  region: deployment.region,
  // A full processor: its start is what a customer waits for, and only with it may calls share an instance.
  cpu: 1,
  memory: "512MiB",
  ...(deployment.serviceAccount === null ? {} : { serviceAccount: deployment.serviceAccount }),
} as const;

const secrets = deployment.secrets.map((name) => defineSecret(name));

/** The admin API is `api`'s alone, and so is what opens it. */
const behindTheScenes = { ...everywhere, secrets: secrets.filter(({ name }) => name !== "ADMIN_API_KEYS") };

/** Only Google's own services may call; who it is they check themselves. */
const INTERNAL = "ALLOW_INTERNAL_ONLY";

let listener: Promise<Listener> | null = null;

async function getListener(): Promise<Listener> {
  listener ??= import("./api.ts").then(({ createListener }) => createListener());
  return listener;
}

/** The HTTP API. Apps call it from anywhere: who is asking is told by their ID token. */
export const api = onRequest(
  {
    ...everywhere,
    secrets,
    invoker: "public",
    ingressSettings: "ALLOW_ALL",
    // Most of a request is waiting for Google, Firestore and KeyThai.
    concurrency: 80,
    minInstances: deployment.apiMinInstances,
    maxInstances: 20,
    timeoutSeconds: 60,
  },
  async (request, response) => (await getListener())(request, response),
);

/** Google's notices, from the topic that Play publishes to. What fails comes again. */
export const developerNotifications = onMessagePublished(
  {
    ...behindTheScenes,
    topic: deployment.topic,
    retry: true,
    ingressSettings: INTERNAL,
    // Few instances with much at once: Google's quota is shared by all of them.
    concurrency: 20,
    maxInstances: 5,
    timeoutSeconds: 60,
  },
  async ({ data: { message } }) => (await import("./notifications.ts")).handleMessage(message),
);

/** Runs a minute at most, and one at a time: the next one finds what this one left. */
const everyMinute = {
  ...behindTheScenes,
  schedule: "* * * * *",
  timeZone: "Etc/UTC",
  // A run that didn't come about may have been the hourly one.
  retryCount: 1,
  ingressSettings: INTERNAL,
  concurrency: 1,
  maxInstances: 1,
  timeoutSeconds: 120,
} as const;

/** What is due in the outbox: webhooks, letters, licences and acknowledgements that have to be tried again. */
export const effects = onSchedule(everyMinute, async () => (await import("./passes.ts")).runEffects());

/** What notices should have told, and did not. */
export const sweeps = onSchedule(everyMinute, async ({ scheduleTime }) =>
  (await import("./passes.ts")).runSweeps(scheduleTime),
);

/** While an instance starts it has more processor than later, and nobody has waited yet. */
async function warmUp(): Promise<void> {
  if (target === "api") await getListener();
  else if (target === "developerNotifications") await import("./notifications.ts");
  else if (target !== null) await import("./passes.ts");
}

if (target === "api") keepBodies();
// What is wrong with the settings is told by the first call, which fails.
warmUp().catch(() => undefined);

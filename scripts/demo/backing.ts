import { randomBytes } from "node:crypto";
import { type Emulators, EmulatorsUnavailable, missingEmulators, startEmulators } from "../emulators.ts";
import type { Closing } from "./stage.ts";

/** Where things are kept and how notices arrive: Google's emulators where there are any, else the embedded store. */
export interface Backing {
  readonly words: string;
  readonly projectId: string;
  /** False: the embedded store. */
  readonly firestore: boolean;
  /** null: notices are pushed. */
  readonly pubsubHost: string | null;
  /** The service's settings for it. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param topic Made in Pub/Sub, with a pull subscription of the same name. */
export async function startBacking(topic: string, closing: Closing): Promise<Backing> {
  // A project of this run's own: an emulator that was running before may hold the last demo's customers.
  const projectId = `demo-playgrant-${randomBytes(3).toString("hex")}`;
  const emulators = await emulatorsOrWhyNot();
  if (typeof emulators === "string") return embedded(projectId, emulators);
  closing.push(() => emulators.stop());
  const { firestoreHost, pubsubHost } = emulators;
  // The demo looks into Firestore too, by Google's client.
  Object.assign(process.env, emulators.env);
  if (pubsubHost !== null) await createSubscription(pubsubHost, projectId, topic);
  const notices = pubsubHost === null ? "notices are pushed" : `Pub/Sub (${pubsubHost})`;
  return {
    words: `Google's emulators: Firestore (${firestoreHost}), ${notices}`,
    projectId,
    firestore: true,
    pubsubHost,
    env: {
      ...emulators.env,
      GOOGLE_CLOUD_PROJECT: projectId,
      PLAYGRANT_ROLES: pubsubHost === null ? "api,worker" : "api,subscriber,worker",
    },
  };
}

function embedded(projectId: string, why: string): Backing {
  console.log(why.replace(/^/gm, "  "));
  return {
    words:
      "So this demo keeps everything in memory (PLAYGRANT_STORE=memory), and Google's notices are pushed",
    projectId,
    firestore: false,
    pubsubHost: null,
    env: { PLAYGRANT_STORE: "memory", METADATA_SERVER_DETECTION: "none" },
  };
}

async function emulatorsOrWhyNot(): Promise<Emulators | string> {
  if (process.env.PLAYGRANT_STORE === "memory")
    return "PLAYGRANT_STORE=memory is set: no emulators are started.";
  const pubsub = missingEmulators() === null;
  try {
    return await startEmulators({ pubsub });
  } catch (error) {
    if (error instanceof EmulatorsUnavailable) return error.message;
    throw error;
  }
}

async function createSubscription(host: string, projectId: string, topic: string): Promise<void> {
  const project = `projects/${projectId}`;
  await put(`http://${host}/v1/${project}/topics/${topic}`, {});
  await put(`http://${host}/v1/${project}/subscriptions/${topic}`, {
    topic: `${project}/topics/${topic}`,
    ackDeadlineSeconds: 30,
  });
}

async function put(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Pub/Sub emulator: ${response.status} ${text.slice(0, 200)}`);
}

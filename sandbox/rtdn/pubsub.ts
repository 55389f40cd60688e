import type { Deliver } from "./publisher.ts";

export type PubsubOptions = { projectId: string; topic: string; emulatorHost: string };

/** Publishes to the Pub/Sub emulator over its REST face: no gRPC client to start and to stop. */
export function publishToEmulator(options: PubsubOptions): Deliver {
  const url = `http://${options.emulatorHost}/v1/projects/${options.projectId}/topics/${options.topic}`;
  let topic: Promise<void> | undefined;
  return async (notification, signal) => {
    topic ??= createTopic(url, signal);
    try {
      await topic;
    } catch (error) {
      topic = undefined;
      throw error;
    }
    const text =
      typeof notification.body === "string" ? notification.body : JSON.stringify(notification.body);
    const body = JSON.stringify({ messages: [{ data: Buffer.from(text).toString("base64") }] });
    await request(`${url}:publish`, "POST", body, signal);
    return true;
  };
}

async function createTopic(url: string, signal: AbortSignal): Promise<void> {
  await request(url, "PUT", "{}", signal, [409]);
}

async function request(
  url: string,
  method: string,
  body: string,
  signal: AbortSignal,
  alsoFine: readonly number[] = [],
): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(5000)]);
  const response = await fetch(url, { method, headers, body, signal: limit });
  const text = await response.text();
  if (response.ok || alsoFine.includes(response.status)) return;
  throw new Error(`Pub/Sub emulator: ${method} ${response.status} ${text.slice(0, 200)}`);
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { theService } from "./service.ts";

/**
 * How long the last answer waits for what it began, in ms. Most of it (acknowledging, publishing) takes less; what takes
 * longer is picked up by `effects` once its lease has run out.
 */
const LINGER_MS = 1000;

export type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The Hono app as a function. While any request is open the instance has its processor, so only the last of them waits for
 * the work that answers leave behind.
 */
export async function createListener(): Promise<Listener> {
  const service = theService();
  const app = await service.app();
  let open = 0;
  return getRequestListener(async (request) => {
    open += 1;
    try {
      const response = await app.fetch(request);
      if (open === 1) await Promise.race([service.idle(), sleep(LINGER_MS)]);
      return response;
    } finally {
      open -= 1;
    }
  });
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { theService } from "./service.ts";
import { settle } from "./settle.ts";

/** How long the last answer waits for what it began, in ms. Most of it (acknowledging, publishing) takes less. */
const LINGER_MS = 1000;

export type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The Hono app as a function. While any request is open the instance has its processor, so only the last of them waits for
 * the work that answers leave behind.
 */
export async function createListener(): Promise<Listener> {
  const app = await theService().app();
  let open = 0;
  return getRequestListener(async (request) => {
    open += 1;
    try {
      const response = await app.fetch(request);
      if (open === 1) await settle(LINGER_MS);
      return response;
    } finally {
      open -= 1;
    }
  });
}

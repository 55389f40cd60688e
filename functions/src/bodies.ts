import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";

/**
 * From now on this process' HTTP servers find no type on a body, so that the framework around functions leaves it to us. One
 * that is said to be JSON and is not it would answer itself, in words of its own, and print whole: purchase token and all.
 * The Hono app reads the type where it came in, from the raw headers.
 */
export function keepBodies(): void {
  subscribe("http.server.request.start", (message) => {
    if (typeof message !== "object" || message === null || !("request" in message)) return;
    if (message.request instanceof IncomingMessage) delete message.request.headers["content-type"];
  });
}

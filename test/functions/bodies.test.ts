import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { afterEach, expect, test, vi } from "vitest";

/**
 * The framework around functions reads bodies whose type it knows, and prints one that is broken, with the purchase token
 * in it. It must leave them to the app, which refuses them in the API's own words.
 */

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** A body on its way through an instance of a function. @returns Its type as the framework and as the app see it. */
async function post(target: string): Promise<{ framework: string | undefined; app: string }> {
  vi.stubEnv("K_SERVICE", target);
  vi.stubEnv("FUNCTION_TARGET", target);
  await import("../../functions/src/index.ts");
  const app = getRequestListener(async (request) => {
    return new Response(`${request.headers.get("content-type")} ${await request.text()}`);
  });
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    void app(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: "{broken" });
  const text = await answer.text();
  server.close();
  return { framework: seen[0]?.headers["content-type"], app: text };
}

test("in other functions all is as ever", async () => {
  expect(await post("sweeps")).toEqual({
    framework: "application/json",
    app: "application/json {broken",
  });
});

test("in `api` the framework sees no type, and the app does", async () => {
  expect(await post("api")).toEqual({ framework: undefined, app: "application/json {broken" });
});

import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Faults } from "../faults.ts";
import type { SandboxEnv } from "../http/env.ts";
import { faultGate } from "../http/fault-gate.ts";
import { jsonBody, parse } from "../http/json-body.ts";
import type { Webhooks } from "./webhooks.ts";

const secretBody = z.strictObject({ secret: z.string().min(1) });

const NEWEST = 20;

/** `/webhooks/{name}`: POST receives, PUT sets the secret, GET lists, DELETE forgets. `/webhooks` shows the newest of all. */
export function webhookRoutes(webhooks: Webhooks, faults: Faults): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();

  async function receive(context: Context<SandboxEnv>, status: number): Promise<Response> {
    const name = context.req.param("name") ?? "";
    webhooks.receive(name, context.req.header(), await context.req.text(), status);
    return new Response(null, { status });
  }

  app.get("/", (context) => {
    const names = webhooks.names();
    const all = names.flatMap((name) => webhooks.received(name).map((received) => ({ name, ...received })));
    return context.json({ names, newest: all.toSorted(newestFirst).slice(0, NEWEST) });
  });
  // What is answered with an error has arrived all the same: it is listed, with that status.
  app.post("/:name", faultGate(faults, "webhooks", receive), (context) => receive(context, 204));
  app.get("/:name", (context) => context.json({ received: webhooks.received(context.req.param("name")) }));
  app.put("/:name", async (context) => {
    webhooks.setSecret(context.req.param("name"), parse(secretBody, await jsonBody(context)).secret);
    return context.body(null, 204);
  });
  app.delete("/:name", (context) => {
    webhooks.clear(context.req.param("name"));
    return context.body(null, 204);
  });
  return app;
}

function newestFirst(a: { receivedAt: string }, b: { receivedAt: string }): number {
  return Date.parse(b.receivedAt) - Date.parse(a.receivedAt);
}

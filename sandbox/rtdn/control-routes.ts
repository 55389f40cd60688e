import { Hono } from "hono";
import { z } from "zod";
import type { SandboxEnv } from "../http/env.ts";
import { jsonBody, parse } from "../http/json-body.ts";
import type { Play } from "../play/play.ts";

const publishBody = z.union([
  z.strictObject({ notification: z.record(z.string(), z.unknown()) }),
  z.strictObject({ text: z.string() }),
  z.strictObject({ test: z.literal(true), package_name: z.string() }),
]);

/** `/sandbox/rtdn`: any message, also one that Play would never send. */
export function rtdnControl(play: Play): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  app.get("/", (context) => context.json({ notifications: play.notifications.slice(-500) }));
  app.post("/", async (context) => {
    const body = parse(publishBody, await jsonBody(context));
    if ("test" in body) return context.json(play.sendTestNotice(body.package_name), 201);
    return context.json(play.publish("text" in body ? body.text : body.notification), 201);
  });
  app.post("/release", (context) => {
    play.releaseNotices();
    return context.body(null, 204);
  });
  return app;
}

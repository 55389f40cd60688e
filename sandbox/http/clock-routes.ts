import { Hono } from "hono";
import { z } from "zod";
import type { SandboxClock } from "../clock.ts";
import type { Play } from "../play/play.ts";
import type { SandboxEnv } from "./env.ts";
import { jsonBody, parse } from "./json-body.ts";

const move = z.union([
  z.strictObject({ advance_seconds: z.number().nonnegative() }),
  z.strictObject({ now: z.iso.datetime({ offset: true }) }),
]);

/** `/sandbox/clock`: what time it is here, and when something happens next; POST moves it forward. */
export function clockRoutes(clock: SandboxClock, play: Play): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  const view = () => {
    const next = play.nextAt();
    return { now: time(clock.now()), next: next === null ? null : time(next) };
  };
  app.get("/", (context) => context.json(view()));
  app.post("/", async (context) => {
    const body = parse(move, await jsonBody(context));
    if ("now" in body) clock.moveTo(Date.parse(body.now));
    else clock.advance(body.advance_seconds * 1000);
    return context.json(view());
  });
  return app;
}

const time = (at: number): string => new Date(at).toISOString();

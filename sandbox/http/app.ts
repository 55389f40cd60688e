import { Hono } from "hono";
import { ZodError } from "zod";
import { ClockRefusal, type SandboxClock } from "../clock.ts";
import { type Faults, faultInput } from "../faults.ts";
import type { Identity } from "../identity/identity.ts";
import { identityRoutes } from "../identity/routes.ts";
import { keythaiControl } from "../keythai/control-routes.ts";
import type { KeyThai } from "../keythai/keythai.ts";
import { keythaiRoutes } from "../keythai/routes.ts";
import type { Mailbox } from "../mailbox/mailbox.ts";
import { purchaseControl } from "../play/control-routes.ts";
import { camelKeys } from "../play/inputs.ts";
import type { Play } from "../play/play.ts";
import { playRoutes } from "../play/routes.ts";
import { Conflict } from "../play/world.ts";
import { rtdnControl } from "../rtdn/control-routes.ts";
import { webhookRoutes } from "../webhooks/routes.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import { clockRoutes } from "./clock-routes.ts";
import type { SandboxEnv } from "./env.ts";
import { BadRequest, jsonBody, parse } from "./json-body.ts";

export type Parts = {
  play: Play;
  keythai: KeyThai;
  identity: Identity;
  mailbox: Mailbox;
  webhooks: Webhooks;
  faults: Faults;
  clock: SandboxClock;
  packageNames: readonly string[] | undefined;
};

const PATHS = {
  play: "/play/androidpublisher/v3 (also without /play)",
  keythai: "/keythai/v1",
  identity: "/identity/tokens, /identity/push_tokens, /identity/jwks.json, /identity/certs",
  mailbox: "/mailbox",
  webhooks: "/webhooks/{name}",
  control: "/sandbox/purchases, /sandbox/clock, /sandbox/rtdn, /sandbox/keythai, /sandbox/faults",
};

/** All services behind one port (contract section 9). */
export function createApp(parts: Parts): Hono<SandboxEnv> {
  const { play, faults, mailbox, packageNames } = parts;
  const app = new Hono<SandboxEnv>();
  app.get("/", (context) => context.json({ service: "playgrant sandbox", paths: PATHS }));
  const publisher = playRoutes(play, faults, packageNames);
  app.route("/play/androidpublisher/v3", publisher);
  // The client library drops a path from its rootUrl (facts section 14).
  app.route("/androidpublisher/v3", publisher);
  app.route("/keythai/v1", keythaiRoutes(parts.keythai, faults));
  app.route("/identity", identityRoutes(parts.identity));
  app.route("/webhooks", webhookRoutes(parts.webhooks, faults));
  app.get("/mailbox", (context) => context.json({ mails: mailbox.mails }));
  app.delete("/mailbox", (context) => {
    mailbox.clear();
    return context.body(null, 204);
  });
  app.route("/sandbox/purchases", purchaseControl(play));
  app.route("/sandbox/clock", clockRoutes(parts.clock, play));
  app.route("/sandbox/rtdn", rtdnControl(play));
  app.route("/sandbox/keythai", keythaiControl(parts.keythai));
  app.route("/sandbox/faults", faultControl(faults));
  app.onError((error) => Response.json({ error: error.message }, { status: statusOf(error) }));
  return app;
}

function faultControl(faults: Faults): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  app.get("/", (context) => context.json({ faults: faults.list() }));
  app.post("/", async (context) => {
    return context.json(faults.add(parse(faultInput, camelKeys(await jsonBody(context)))), 201);
  });
  app.delete("/", (context) => {
    faults.clear();
    return context.body(null, 204);
  });
  return app;
}

function statusOf(error: Error): number {
  if (error instanceof Conflict || error instanceof ClockRefusal) return 409;
  if (error instanceof BadRequest || error instanceof ZodError) return 400;
  return error instanceof RangeError ? 404 : 500;
}

import { Hono } from "hono";
import { z } from "zod";
import type { SandboxEnv } from "../http/env.ts";
import { jsonBody, parse } from "../http/json-body.ts";
import type { KeyThai } from "./keythai.ts";
import { licenceView } from "./views.ts";

const switches = z.strictObject({
  q_matches_metadata: z.boolean().optional(),
  list_envelope: z.enum(["licenses", "data"]).optional(),
});

/** `/sandbox/keythai`: what it holds, and how it answers where the real one's answer is not known. */
export function keythaiControl(keythai: KeyThai): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  app.get("/", (context) =>
    context.json({
      licenses: keythai.licences.slice(-500).map((licence) => licenceView(licence, keythai.now())),
      calls: keythai.calls,
    }),
  );
  app.put("/", async (context) => {
    const body = parse(switches, await jsonBody(context));
    keythai.qMatchesMetadata = body.q_matches_metadata ?? keythai.qMatchesMetadata;
    keythai.listEnvelope = body.list_envelope ?? keythai.listEnvelope;
    return context.body(null, 204);
  });
  return app;
}

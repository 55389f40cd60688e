import { Hono } from "hono";
import { z } from "zod";
import type { SandboxEnv } from "../http/env.ts";
import { jsonBody, parse } from "../http/json-body.ts";
import type { Identity } from "./identity.ts";

const tokenBody = z.strictObject({
  uid: z.string().min(1),
  email: z.string().optional(),
  email_verified: z.boolean().optional(),
  audience: z.string().optional(),
  issuer: z.string().optional(),
  expires_in: z.number().int().optional(),
});

const pushTokenBody = z.strictObject({
  audience: z.string().min(1),
  email: z.string().min(1),
  email_verified: z.boolean().optional(),
  issuer: z.string().optional(),
  expires_in: z.number().int().optional(),
});

/** `/identity`: hands a token to whoever asks; it stands in for a sign-in. */
export function identityRoutes(identity: Identity): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  app.get("/jwks.json", async (context) => context.json(await identity.jwks()));
  app.get("/certs", async (context) => context.json(await identity.certs()));
  app.post("/tokens", async (context) => {
    const body = parse(tokenBody, await jsonBody(context));
    const { email_verified: emailVerified, expires_in: expiresIn, ...rest } = body;
    return context.json({ token: await identity.token({ ...rest, emailVerified, expiresIn }) });
  });
  app.post("/push_tokens", async (context) => {
    const body = parse(pushTokenBody, await jsonBody(context));
    const { email_verified: emailVerified, expires_in: expiresIn, ...rest } = body;
    return context.json({ token: await identity.pushToken({ ...rest, emailVerified, expiresIn }) });
  });
  return app;
}

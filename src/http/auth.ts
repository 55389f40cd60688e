import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "../domain/errors.ts";
import { Secret } from "../domain/secret.ts";
import type { AdminKey, HttpEnv, HttpPorts } from "./context.ts";

/** Who is asking, from the ID token: checked before anything of the request is read. */
export function signedIn(ports: Pick<HttpPorts, "identity">): MiddlewareHandler<HttpEnv> {
  return createMiddleware<HttpEnv>(async (c, next) => {
    c.set("caller", await ports.identity.verify(bearer(c)));
    c.header("Cache-Control", "no-store");
    await next();
  });
}

/** Google's Pub/Sub, from the push subscription's OIDC token. */
export function fromPubSub(ports: Pick<HttpPorts, "pushIdentity">): MiddlewareHandler<HttpEnv> {
  return createMiddleware<HttpEnv>(async (c, next) => {
    await ports.pushIdentity.verify(bearer(c));
    await next();
  });
}

/** The shop's people, from an admin key of which only the hash is known here; its name says who did what. */
export function admin(ports: Pick<HttpPorts, "adminKeys">): MiddlewareHandler<HttpEnv> {
  return createMiddleware<HttpEnv>(async (c, next) => {
    const given = createHash("sha256").update(bearer(c).reveal()).digest();
    const known = ports.adminKeys.find((key) => isKey(key, given));
    if (known === undefined) throw new AppError("unauthenticated", "This needs an admin key.");
    c.set("admin", known.name);
    c.header("Cache-Control", "no-store");
    await next();
  });
}

function isKey({ sha256 }: AdminKey, given: Buffer): boolean {
  const expected = Buffer.from(sha256, "hex");
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function bearer(c: Context): Secret {
  const match = /^Bearer +(\S+)$/i.exec(c.req.header("Authorization") ?? "");
  if (match?.[1] === undefined) {
    throw new AppError("unauthenticated", "Send an Authorization header: Bearer, a space, and the token.");
  }
  return new Secret(match[1]);
}

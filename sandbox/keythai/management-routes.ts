import { Hono } from "hono";
import { z } from "zod";
import type { SandboxEnv } from "../http/env.ts";
import { jsonBody, parse } from "../http/json-body.ts";
import { invalid, type KeyThai } from "./keythai.ts";
import { KeyThaiError, type Licence } from "./model.ts";
import { licenceView, statusOf } from "./views.ts";

const metadata = z.record(z.string(), z.unknown());

/** Absent fields are left out, never sent as null (facts "Basics"); what create does not take is refused. */
const createBody = z.strictObject({
  product: z.string().min(1),
  policyId: z.string().min(1),
  holderName: z.string().optional(),
  holderEmail: z.string().optional(),
  metadata: metadata.optional(),
  quantity: z.number().int().min(1).max(100).optional(),
});

const updateBody = z.strictObject({
  action: z.enum(["suspend", "resume", "revoke"]).optional(),
  holderName: z.string().optional(),
  holderEmail: z.string().optional(),
  metadata: metadata.optional(),
  /** Epoch seconds: what could only be milliseconds is refused, or a licence would never end. */
  expiresAt: z.number().int().positive().max(99_999_999_999, "epoch seconds, not milliseconds").optional(),
});

type Update = z.output<typeof updateBody>;

const STATUS_AFTER = { suspend: "suspended", resume: "active", revoke: "revoked" } as const;

/** The management API: what a shop's backend calls with its API key. */
export function managementRoutes(keythai: KeyThai): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();

  app.post("/licenses", async (context) => {
    keythai.calls.create += 1;
    const made = keythai.create(parse(createBody, await jsonBody(context)));
    return context.json(
      { licenses: made.map(({ licence, key }) => ({ ...licenceView(licence, keythai.now()), key })) },
      201,
    );
  });

  app.get("/licenses", (context) => {
    keythai.calls.list += 1;
    const { page, limit, status, q } = context.req.query();
    const size = wholeNumber(limit, 20, 100);
    const at = wholeNumber(page, 1, Number.MAX_SAFE_INTEGER);
    const found = keythai.licences.filter((licence) => matches(keythai, licence, status, q)).reverse();
    const shown = found
      .slice((at - 1) * size, at * size)
      .map((licence) => licenceView(licence, keythai.now()));
    return context.json({ [keythai.listEnvelope]: shown, page: at, limit: size, total: found.length });
  });

  app.get("/licenses/:key", (context) => {
    keythai.calls.get += 1;
    return context.json(licenceView(licenceOf(keythai, context.req.param("key")), keythai.now()));
  });

  app.patch("/licenses/:key", async (context) => {
    keythai.calls.update += 1;
    const licence = licenceOf(keythai, context.req.param("key"));
    const change = parse(updateBody, await jsonBody(context));
    update(licence, change);
    return context.json(licenceView(licence, keythai.now()));
  });

  app.delete("/licenses/:key/machines/:fingerprint", (context) => {
    keythai.calls.removeMachine += 1;
    const licence = licenceOf(keythai, context.req.param("key"));
    const left = licence.machines.filter(
      ({ fingerprint }) => fingerprint !== context.req.param("fingerprint"),
    );
    if (left.length === licence.machines.length) {
      throw new KeyThaiError(404, "MACHINE_NOT_FOUND", "No such machine.");
    }
    licence.machines = left;
    return context.body(null, 204);
  });

  app.get("/products", (context) => context.json({ products: keythai.products }));

  app.get("/policies", (context) => {
    const productId = context.req.query("productId");
    const policies = keythai.policies.filter(
      (policy) => productId === undefined || policy.productId === productId,
    );
    return context.json({ policies });
  });

  return app;
}

export function licenceOf(keythai: KeyThai, key: string): Licence {
  const licence = keythai.findByKey(key);
  if (licence !== undefined) return licence;
  throw new KeyThaiError(404, "INVALID_KEY", "There is no such licence.");
}

/** Revoke is permanent: afterwards every change is LICENSE_REVOKED, a second revoke too (our reading of the facts). */
function update(licence: Licence, change: Update): void {
  if (Object.keys(change).length === 0) throw invalid("body: nothing to change");
  if (licence.status === "revoked") throw new KeyThaiError(409, "LICENSE_REVOKED", "The licence is revoked.");
  if (change.action !== undefined) licence.status = STATUS_AFTER[change.action];
  if (change.holderName !== undefined) licence.holderName = change.holderName;
  if (change.holderEmail !== undefined) licence.holderEmail = change.holderEmail;
  if (change.metadata !== undefined) licence.metadata = change.metadata;
  if (change.expiresAt !== undefined) licence.expiresAt = change.expiresAt;
}

function matches(
  keythai: KeyThai,
  licence: Licence,
  status: string | undefined,
  q: string | undefined,
): boolean {
  if (status !== undefined && statusOf(licence, keythai.now()) !== status) return false;
  if (q === undefined || q === "") return true;
  const texts: unknown[] = [licence.holderName, licence.holderEmail, licence.keyLast4];
  if (keythai.qMatchesMetadata) texts.push(...Object.values(licence.metadata));
  const wanted = q.toLowerCase();
  return texts.some((text) =>
    String(text ?? "")
      .toLowerCase()
      .includes(wanted),
  );
}

function wholeNumber(text: string | undefined, otherwise: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw invalid(`${text} is not a whole number from 1 to ${most}`);
}

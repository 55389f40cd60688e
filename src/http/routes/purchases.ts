import { createRoute } from "@hono/zod-openapi";
import { AppError } from "../../domain/errors.ts";
import { Secret } from "../../domain/secret.ts";
import { listPurchases } from "../../use-cases/customer-reads.ts";
import { restorePurchases } from "../../use-cases/restore-purchases.ts";
import { verifyPurchase } from "../../use-cases/verify-purchase.ts";
import { signedIn } from "../auth.ts";
import { contactOf } from "../contact.ts";
import type { HttpPorts } from "../context.ts";
import { KIB, limited } from "../limited.ts";
import { CUSTOMER, createRouter, json, jsonBody, problems, type z } from "../openapi.ts";
import { toProblem } from "../problem.ts";
import {
  pageOf,
  pageQuerySchema,
  pageRequest,
  purchaseRequestSchema,
  purchaseSchema,
  restoredSchema,
  restoreRequestSchema,
  verifiedSchema,
} from "../schemas.ts";
import { entitlementViews, purchaseView, verifiedView } from "../views.ts";

const verify = createRoute({
  method: "post",
  path: "/v1/purchases/verify",
  summary: "Verify a purchase token and get what it gives",
  security: CUSTOMER,
  request: jsonBody(purchaseRequestSchema),
  responses: {
    200: json(verifiedSchema, "The purchase, bound to the caller, and what the caller now holds"),
    ...problems(400, 401, 403, 404, 409, 410, 413, 422, 429, 502, 503),
  },
});

const restore = createRoute({
  method: "post",
  path: "/v1/purchases/restore",
  summary: "Verify up to 50 purchase tokens",
  security: CUSTOMER,
  request: jsonBody(restoreRequestSchema),
  responses: {
    200: json(restoredSchema, "Each purchase or its problem, in the order given"),
    ...problems(400, 401, 413, 429, 503),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/purchases",
  summary: "The caller's purchases, newest first",
  security: CUSTOMER,
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(purchaseSchema, "Purchases"), "A page"), ...problems(400, 401, 503) },
});

/** The app's side of purchases (contract section 3). */
export function purchaseRoutes(ports: HttpPorts) {
  const { policy } = ports.settings;
  const router = createRouter();
  router.use("/v1/purchases", signedIn(ports));
  router.use("/v1/purchases/*", signedIn(ports));
  router.use("/v1/purchases/verify", limited(16 * KIB));
  // Fifty tokens at the longest that Google might make them.
  router.use("/v1/purchases/restore", limited(160 * KIB));

  router.openapi(verify, async (c) => {
    const { customerId } = c.get("caller");
    await takeRate(ports, customerId, 1);
    const request = { customerId, contact: contactOf(c), ...requestOf(c.req.valid("json")) };
    const verified = await verifyPurchase(ports, request);
    const now = ports.clock.now();
    const entitlements = entitlementViews(verified.customer, now);
    return c.json({ ...verifiedView(verified, policy, now), entitlements }, 200);
  });

  router.openapi(restore, async (c) => {
    const { customerId } = c.get("caller");
    const contact = contactOf(c);
    const requests = c.req.valid("json").purchases.map((body) => ({ contact, ...requestOf(body) }));
    await takeRate(ports, customerId, requests.length);
    const { results, customer } = await restorePurchases(ports, customerId, requests);
    const now = ports.clock.now();
    const views = results.map((result) =>
      result instanceof AppError
        ? { problem: toProblem(result, c.get("requestId")) }
        : verifiedView(result, policy, now),
    );
    return c.json({ results: views, entitlements: entitlementViews(customer, now) }, 200);
  });

  router.openapi(list, async (c) => {
    const page = await listPurchases(ports, c.get("caller").customerId, pageRequest(c.req.valid("query")));
    const now = ports.clock.now();
    const data = page.data.flatMap((purchase) => purchaseView(purchase, policy, now) ?? []);
    return c.json({ data, next_cursor: page.nextCursor }, 200);
  });

  return router;
}

function requestOf({ package_name, product_id, purchase_token }: z.output<typeof purchaseRequestSchema>) {
  return { packageName: package_name, productId: product_id, token: new Secret(purchase_token) };
}

async function takeRate(ports: HttpPorts, customerId: string, count: number): Promise<void> {
  const waitMs = await ports.verifyRate.take(customerId, count);
  if (waitMs === null) return;
  throw new AppError("rate_limited", "Too many purchases verified in this minute. Wait a little.", {
    retryAfterMs: waitMs,
  });
}

import type { androidpublisher_v3 } from "@googleapis/androidpublisher";
import { Hono } from "hono";
import { DAY } from "../clock.ts";
import type { SandboxEnv } from "../http/env.ts";
import { GoogleError } from "./google-error.ts";
import type { Void } from "./model.ts";
import type { Play } from "./play.ts";

type Page = { from: number; start: number; end: number; both: boolean; partial: boolean };

/** A client works out "30 days ago" a moment before it asks. */
const SLACK_MS = 5 * 60_000;

/** `purchases.voidedpurchases.list`: oldest first; one-time products alone unless `type=1` (facts section 7). */
export function voidedRoutes(play: Play): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  app.get("/:package/purchases/voidedpurchases", (context) => {
    play.count("voidedlist", "orders");
    const query = context.req.query();
    const page = query.token === undefined ? firstPage(query, play.world.now()) : decode(query.token);
    const size = Math.min(Number(query.maxResults ?? 1000) || 1000, 1000);
    const all = play.world.voids.filter((entry) => fits(entry, context.req.param("package"), page));
    const shown = all.slice(page.from, page.from + size);
    const more = page.from + size < all.length;
    const next = more ? encode({ ...page, from: page.from + size }) : null;
    return context.json({
      ...(next === null ? {} : { tokenPagination: { nextPageToken: next } }),
      ...(shown.length === 0 ? {} : { voidedPurchases: shown.map(voidAnswer) }),
    });
  });
  return app;
}

function fits(entry: Void, packageName: string, page: Page): boolean {
  if (entry.packageName !== packageName) return false;
  if (entry.voidedAt < page.start || entry.voidedAt > page.end) return false;
  return (page.both || entry.type === "one_time") && (page.partial || entry.quantity === null);
}

function firstPage(query: Record<string, string>, now: number): Page {
  const start = Number(query.startTime ?? now - 30 * DAY);
  const end = Number(query.endTime ?? now);
  if (!(start >= now - 30 * DAY - SLACK_MS) || !(end >= start)) {
    throw new GoogleError(
      400,
      "invalidValue",
      "startTime: at most 30 days ago, before endTime.",
      "startTime",
    );
  }
  const partial = query.includeQuantityBasedPartialRefund === "true";
  return { from: 0, start, end, both: query.type === "1", partial };
}

/** The page token carries the window: start and end are ignored beside it. */
function encode(page: Page): string {
  return Buffer.from(JSON.stringify(Object.values(page))).toString("base64url");
}

function decode(token: string): Page {
  try {
    const [from, start, end, both, partial] = JSON.parse(Buffer.from(token, "base64url").toString());
    return {
      from: Number(from),
      start: Number(start),
      end: Number(end),
      both: both === true,
      partial: partial === true,
    };
  } catch {
    throw new GoogleError(400, "invalidValue", "Invalid page token.", "token");
  }
}

function voidAnswer(entry: Void): androidpublisher_v3.Schema$VoidedPurchase {
  return {
    kind: "androidpublisher#voidedPurchase",
    purchaseToken: entry.purchaseToken,
    purchaseTimeMillis: String(Math.trunc(entry.purchasedAt)),
    voidedTimeMillis: String(Math.trunc(entry.voidedAt)),
    ...(entry.orderId === null ? {} : { orderId: entry.orderId }),
    voidedSource: entry.source,
    voidedReason: entry.reason,
    ...(entry.quantity === null ? {} : { voidedQuantity: entry.quantity }),
  };
}

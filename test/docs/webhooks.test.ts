import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { urlRefusal } from "../../src/adapters/webhook/endpoint-url.ts";
import { type Grant, openGrant } from "../../src/domain/grant.ts";
import { grantEvents } from "../../src/domain/grant-events.ts";
import { grantResponseSchema } from "../../src/domain/grant-response.ts";
import type {
  CustomerId,
  EndpointId,
  GrantId,
  LicenseKeyId,
  PurchaseId,
  SlotId,
} from "../../src/domain/ids.ts";
import { HOUR, MINUTE, SECOND } from "../../src/domain/instant.ts";
import { Secret } from "../../src/domain/secret.ts";
import { planDelivery, recordTry } from "../../src/domain/webhook-delivery.ts";
import { sampleEvent, webhookBody } from "../../src/domain/webhook-payload.ts";
import { grant, must, NOW } from "../support/builders.ts";

/** docs/webhooks.md says what the code does: what can be read from the page is compared with it. */

const ROOT = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/webhooks.md", ROOT), "utf8");

/** The cells of the table that begins with this heading, row by row, without the marks of code. */
function tableUnder(heading: string): string[][] {
  const [, after = ""] = page.split(`${heading}\n`);
  const lines = after.split("\n").slice(1);
  const rows = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("|")),
  );
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").trim()),
  );
}

function blockOf(language: string): string {
  return must(new RegExp(`\`\`\`${language}\n(.*?)\n\`\`\``, "s").exec(page)?.[1]);
}

describe("docs/webhooks.md", () => {
  it("tells the events of each change of a grant", () => {
    const rows = tableUnder("| from | to | when | events |");
    expect(rows).toHaveLength(7);
    for (const [from, to, , told] of rows) {
      const before = from === "none" ? null : grant({ status: from as Grant["status"] });
      const events = grantEvents(before, grant({ status: to as Grant["status"] }), NOW);
      expect(events.map(({ type }) => type.replace("entitlement_grant.", "")).join(", ")).toBe(told);
    }
  });

  it("has a real message", () => {
    expect(`${blockOf("json")}\n`).toBe(`${JSON.stringify(message(), null, 2)}\n`);
  });

  it("knows every reason of a revoke", () => {
    const reasons = tableUnder("| `revocation_reason` | |").map(([reason]) => reason);
    expect(reasons).toEqual(grantResponseSchema.shape.revocation_reason.unwrap().meta()?.examples);
  });

  it("counts the attempts as they are made", () => {
    const [[, ...told] = []] = tableUnder("| attempt | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |");
    expect(["at once", ...pauses().map(inWords)]).toEqual(told);
    const hours = pauses().reduce((all, pause) => all + pause, 0) / HOUR;
    expect(Math.abs(hours - 27.5)).toBeLessThan(0.2);
  });

  it("shows how the example checks a message", () => {
    const example = readFileSync(new URL("examples/webhook-receiver/receiver.ts", ROOT), "utf8");
    expect(example).toContain(blockOf("ts"));
  });

  it("names URLs that are refused", () => {
    const urls = tableUnder("| for example | because |").map(([url]) => must(url));
    expect(urls).toHaveLength(9);
    for (const url of urls) expect([url, urlRefusal(url, false)]).toEqual([url, expect.any(String)]);
    expect(urlRefusal("https://shop.example/webhooks", false)).toBeNull();
  });

  it("asks for what the admin API has", () => {
    const folder = new URL("src/http/routes/admin/", ROOT);
    const routes = readdirSync(folder)
      .map((name) => readFileSync(new URL(name, folder), "utf8"))
      .join("\n");
    const asked = [...page.matchAll(/(GET|POST|PATCH|DELETE) (\/v1\/[\w/{}]+)/g)];
    expect(asked.length).toBeGreaterThan(8);
    for (const [, method, path] of asked) {
      const route = `method: "${method?.toLowerCase()}",\n  path: "${path}"`;
      expect([route, routes.includes(route)]).toEqual([route, true]);
    }
  });

  it("links to what is there", () => {
    const links = [...page.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => must(link));
    expect(links.length).toBeGreaterThan(4);
    for (const link of links)
      expect([link, existsSync(new URL(link, new URL("docs/", ROOT)))]).toEqual([link, true]);
  });

  it("knows a sample by its customer and its app", () => {
    const { grant: sample } = sampleEvent("entitlement_grant.created", NOW);
    expect(page).toContain(`\`${sample.customerId}\` of the app \`${sample.packageName}\``);
  });
});

/** A licence key that was just issued. */
function message(): unknown {
  const opened = openGrant(
    {
      id: "egr_5d0a7c1be83f42d69b1f0e7733c8a9d2" as GrantId,
      slotId: "slt_0b6f3a9e2c574d18a6e1d4f2905c7b38" as SlotId,
      customerId: "Yw3kQe7TnbP1" as CustomerId,
      entitlementId: "desktop",
      packageName: "com.example.app",
      integrationType: "license_key",
      purchaseId: "pur_c41f8e0d7a2b4963b5d8e6f10a97c352" as PurchaseId,
      productId: "lifetime",
      orderId: "GPA.3301-5581-6174-90317",
      chainId: null,
      regrantOf: null,
      licenseKey: {
        id: "key_7e92c0b4d15a4f6893ad20e8f7b1c364" as LicenseKeyId,
        masked: "*****-****-****-9XWD",
      },
      expiresAt: null,
    },
    "Delivered",
    NOW,
  );
  const event = must(grantEvents(null, opened, NOW)[1]);
  return JSON.parse(webhookBody(event, new Secret("MYAPP-7F3K-Q2LM-9XWD")));
}

/** What lies between the attempts at an endpoint that never answers, without the spread. */
function pauses(): number[] {
  const waits: number[] = [];
  let delivery = planDelivery(sampleEvent("entitlement_grant.created", NOW), "whe_1" as EndpointId, NOW);
  for (let at = NOW; delivery.nextAttemptAt !== null; ) {
    at = delivery.nextAttemptAt;
    const tried = { at, statusCode: 500, durationMs: 1, excerpt: "", retryAfterMs: null };
    delivery = recordTry(delivery, delivery, tried, 0.5, at);
    if (delivery.nextAttemptAt !== null) waits.push(delivery.nextAttemptAt - at);
  }
  return waits;
}

function inWords(ms: number): string {
  if (ms >= HOUR) return `${ms / HOUR} h`;
  return ms >= MINUTE ? `${ms / MINUTE} min` : `${ms / SECOND} s`;
}

import { Firestore, Timestamp } from "@google-cloud/firestore";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writeEntitlement } from "../../src/adapters/firestore/documents/customer.ts";
import { paths } from "../../src/adapters/firestore/paths.ts";
import { AppError, type ErrorCode } from "../../src/domain/errors.ts";
import { toProblem } from "../../src/http/problem.ts";
import { must, NOW } from "../support/builders.ts";
import { DESCRIBED, type OpenApi, readOpenApi, shapesOf, wrongWith } from "./android-api.ts";
import { all, billing, kotlin, page, read, rowsUnder, serializableClasses } from "./android-source.ts";

/**
 * examples/android speaks the service's own words: what it names is compared with the service's OpenAPI document and with
 * the documents that it writes to Firestore. The Kotlin is read, not compiled: that would need the Android SDK.
 */

let api: OpenApi;

beforeAll(async () => {
  api = await readOpenApi();
});

describe("the wire of examples/android", () => {
  const classes = serializableClasses(billing("Wire.kt"));

  it("has a class for each thing that it sends and gets", () => {
    expect([...classes.keys()]).toEqual(expect.arrayContaining(Object.keys(DESCRIBED)));
    expect(classes.size).toBe(Object.keys(DESCRIBED).length);
  });

  it.each(Object.keys(DESCRIBED))("%s: fields, types and what can be null are those of the API", (name) => {
    const fields = must(classes.get(name));
    expect(fields.length).toBeGreaterThan(0);
    const wrong = fields.map((field) => [field.wire, wrongWith(field, shapesOf(api, name))]);
    expect(wrong.filter(([, what]) => what !== null)).toEqual([]);
  });

  it.each(["PurchaseRequest", "RestoreRequest"])("%s has all that must be sent", (name) => {
    const sent = must(classes.get(name)).map(({ wire }) => wire);
    expect(sent).toEqual(expect.arrayContaining(shapesOf(api, name).flatMap(({ required }) => required)));
  });

  it("asks for what there is", () => {
    const calls = [...billing("PlaygrantApi.kt").matchAll(/send\("([^"]+)"(, body = )?/g)];
    expect(calls).toHaveLength(4);
    for (const [, path, body] of calls) {
      const method = body === undefined ? "get" : "post";
      expect(api.paths[`/${path}`], path).toHaveProperty(method);
    }
  });

  it("sends no more at once than is taken", () => {
    const most = Number(must(all(kotlin, /RESTORE_AT_MOST = (\d+)/g)[0]));
    expect(shapesOf(api, "RestoreRequest")[0]?.properties.purchases).toMatchObject({ maxItems: most });
  });

  it("leaves acknowledging and consuming to the service, and prints nothing", () => {
    expect(kotlin).not.toMatch(/acknowledgePurchase|consumeAsync|consumePurchase/);
    expect(kotlin).not.toMatch(/\bLog\.|\bprintln?\(|Timber|HttpLoggingInterceptor/);
  });

  it("sells what the example catalogue has", () => {
    const catalog = z
      .object({
        entitlements: z.record(z.string(), z.unknown()),
        products: z.array(z.object({ package_name: z.string(), product_id: z.string(), type: z.string() })),
      })
      .parse(JSON.parse(read("examples/catalog.json")));
    const listed = (list: RegExp) => all(must(all(kotlin, list)[0]), /"(\w+)"/g);
    const sold = (type: string) => catalog.products.filter((product) => product.type === type);
    expect(sold("one_time").map((each) => each.product_id)).toEqual(
      expect.arrayContaining(listed(/val ONE_TIME = listOf\(([^)]+)\)/g)),
    );
    expect(sold("subscription").map((each) => each.product_id)).toEqual(
      expect.arrayContaining(listed(/val SUBSCRIPTIONS = listOf\(([^)]+)\)/g)),
    );
    expect(catalog.entitlements).toHaveProperty(must(all(kotlin, /const val PREMIUM = "(\w+)"/g)[0]));
    const [application] = all(read("examples/android/app/build.gradle.kts"), /applicationId = "([^"]+)"/g);
    expect(catalog.products.map((each) => each.package_name)).toContain(application);
  });
});

describe("the codes that an app must know", () => {
  const REACTIONS: Readonly<Record<string, string>> = { no: "GIVE_UP", yes: "RETRY", "sign in": "SIGN_IN" };
  const rows = rowsUnder("| status | `code` | try again | do |");
  const inKotlin = [...billing("Errors.kt").matchAll(/^ {4}[A-Z_]+\("(\w+)", Reaction\.(\w+)\)/gm)];

  it("are told with the status that the service gives them", () => {
    expect(rows.length).toBeGreaterThan(10);
    for (const [status, code = ""] of rows) {
      const problem = toProblem(new AppError(code as ErrorCode, "for the table"), "request");
      expect(String(problem.status), code).toBe(status);
    }
  });

  it("are the same in the page and in the app, and so is what to do", () => {
    const told = rows.map(([, code, again = ""]) => [code, REACTIONS[again]]);
    expect(inKotlin.map(([, code, reaction]) => [code, reaction]).sort()).toEqual(told.sort());
  });

  it("cover every status that a customer's request may come to", () => {
    const routes = Object.entries(api.paths).filter(([path]) => /^\/v1\/(?!admin|rtdn)/.test(path));
    const statuses = routes.flatMap(([, methods]) =>
      Object.values(methods).flatMap(({ responses }) => Object.keys(responses)),
    );
    const failures = new Set(statuses.filter((status) => Number(status) >= 400));
    expect(new Set(rows.map(([status]) => status))).toEqual(new Set([...failures, "500"]));
  });
});

describe("what the app reads from Firestore", () => {
  const store = billing("EntitlementStore.kt");
  const written: Readonly<Record<string, unknown>> = writeEntitlement({
    entitlementId: "premium",
    active: true,
    expiresAt: NOW,
    accessUntil: NOW,
    state: "active",
    willRenew: true,
    purchaseIds: [],
    productIds: [],
    updatedAt: NOW,
  });

  it("lies where the service writes it", () => {
    const parts = /db\.collection\("(\w+)"\)\.document\((\w+)\)\.collection\("(\w+)"\)/.exec(store);
    const db = new Firestore({ projectId: "demo-android" });
    expect(must(parts).slice(1).join("/")).toBe(paths(db).entitlements("uid").path);
    expect(page).toContain(`\`${paths(db).entitlements("{uid}").path}\``);
    expect(page).toContain(`\`${paths(db).grants("{uid}").path}\``);
  });

  it("are fields that it writes, in their types", () => {
    const kinds = { String: "string", Boolean: "boolean", Timestamp: "Timestamp" };
    const gets = [...store.matchAll(/document\.get(String|Boolean|Timestamp)\("(\w+)"\)/g)];
    expect(gets).toHaveLength(5);
    for (const [, kind, field = ""] of gets) {
      const value = written[field];
      const type = value instanceof Timestamp ? "Timestamp" : typeof value;
      expect(type, field).toBe(kinds[kind as keyof typeof kinds]);
    }
  });

  it("is described in full", () => {
    const fields = rowsUnder("| field | |").flatMap(([names = ""]) => names.split(", "));
    expect(fields.sort()).toEqual(Object.keys(written).sort());
  });
});

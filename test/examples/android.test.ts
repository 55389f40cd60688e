import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Firestore, Timestamp } from "@google-cloud/firestore";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writeEntitlement } from "../../src/adapters/firestore/documents/customer.ts";
import { paths } from "../../src/adapters/firestore/paths.ts";
import { AppError, type ErrorCode } from "../../src/domain/errors.ts";
import { toProblem } from "../../src/http/problem.ts";
import { verifiedSchema } from "../../src/http/schemas.ts";
import { startService } from "../http/support/service.ts";
import { must, NOW } from "../support/builders.ts";
import { brokenXml, type KotlinField, serializableClasses, stringResources } from "./android-source.ts";

/**
 * examples/android and its pages speak the service's own words: what they name is compared with its OpenAPI document and
 * with the documents that it writes to Firestore. The Kotlin is read, not compiled: that would need the Android SDK.
 */

const ROOT = join(import.meta.dirname, "../..");
const MAIN = "examples/android/app/src/main";
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const billing = (file: string) => read(`${MAIN}/java/com/example/app/billing/${file}`);
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? "");

const sources = globSync(`${MAIN}/java/**/*.kt`, { cwd: ROOT }).sort();
const kotlin = sources.map(read).join("\n");
const xmlFiles = globSync(`${MAIN}/**/*.xml`, { cwd: ROOT }).sort();
const page = read("docs/android.md");
const PAGES = ["docs/android.md", "docs/play-console.md", "examples/android/README.md"];

/** The rows of the page's table under this heading, cell by cell. */
function rowsUnder(heading: string): string[][] {
  const [, after = ""] = page.split(`${heading}\n`);
  const [table = ""] = after.split("\n\n");
  return table
    .split("\n")
    .slice(1)
    .map((row) => row.split("|").map((cell) => cell.replaceAll("`", "").trim()))
    .map((cells) => cells.slice(1, -1));
}

const property = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
});
type Property = z.output<typeof property>;
const shape = z.object({ properties: z.record(z.string(), property), required: z.array(z.string()) });
const openapi = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) })),
  ),
  components: z.object({ schemas: z.record(z.string(), z.looseObject({})) }),
});
let api: z.output<typeof openapi>;

beforeAll(async () => {
  const service = await startService();
  api = openapi.parse((await service.call("GET", "/openapi.json")).body);
});

/** Where the OpenAPI document describes each class: a schema, or a property of one. */
const DESCRIBED: Readonly<Record<string, readonly string[]>> = {
  PurchaseRequest: ["PurchaseRequest"],
  RestoreRequest: ["RestoreRequest"],
  VerifiedPurchase: ["VerifiedPurchase"],
  RestoredPurchases: ["RestoredPurchases"],
  RestoreResult: ["RestoredPurchases", "results"],
  PurchaseInfo: ["Purchase"],
  Entitlement: ["Entitlement"],
  Grant: ["EntitlementGrant"],
  LicenseKey: ["EntitlementGrant", "license_key"],
  GrantPage: ["Grants"],
  Account: ["Account"],
  Problem: ["Problem"],
};

/** More than one where the API answers with one of several. */
function shapesOf(name: string): z.output<typeof shape>[] {
  const [schema = "", field] = DESCRIBED[name] ?? [];
  const whole = api.components.schemas[schema];
  if (field === undefined) return [shape.parse(whole)];
  const found = shape.parse(whole).properties[field];
  const { items } = z.object({ items: z.object({ anyOf: z.array(shape) }).optional() }).parse(found);
  return items?.anyOf ?? [shape.parse(found)];
}

const SCALARS: Readonly<Record<string, string>> = { string: "String", boolean: "Boolean", integer: "Int" };

/** The Kotlin type of a property; null for one that is described in place, and compared as a class of its own. */
function kotlinType(found: Property): string | null {
  if (found.$ref !== undefined) {
    const schema = found.$ref.split("/").at(-1);
    const names = Object.entries(DESCRIBED).filter(([, [name, field]]) => name === schema && !field);
    return names[0]?.[0] ?? `nothing for ${schema}`;
  }
  const type = [found.type].flat().find((each) => each !== "null") ?? "";
  if (type === "array") {
    const inner = kotlinType(property.parse(found.items));
    return inner === null ? null : `List<${inner}>`;
  }
  return found.format === "date-time" ? "Instant" : (SCALARS[type] ?? null);
}

/** What is wrong with a field, or null. */
function wrongWith(field: KotlinField, shapes: readonly z.output<typeof shape>[]): string | null {
  const having = shapes.filter(({ required }) => required.includes(field.wire));
  const found = shapes.flatMap(({ properties }) => properties[field.wire] ?? []);
  const [first] = found;
  if (first === undefined) return "is not in the API";
  const type = kotlinType(first);
  if (type !== null && type !== field.type) return `is a ${type}, not a ${field.type}`;
  const canBeNull = [first.type].flat().includes("null");
  if (canBeNull && !field.nullable) return "can be null";
  if (having.length < shapes.length && !field.hasDefault) return "can be missing";
  return null;
}

describe("the wire of examples/android", () => {
  const classes = serializableClasses(billing("Wire.kt"));

  it("has a class for each thing that it sends and gets", () => {
    expect([...classes.keys()]).toEqual(expect.arrayContaining(Object.keys(DESCRIBED)));
    expect(classes.size).toBe(Object.keys(DESCRIBED).length);
  });

  it.each(Object.keys(DESCRIBED))("%s: fields, types and what can be null are those of the API", (name) => {
    const fields = must(classes.get(name));
    expect(fields.length).toBeGreaterThan(0);
    const wrong = fields.map((field) => [field.wire, wrongWith(field, shapesOf(name))]);
    expect(wrong.filter(([, what]) => what !== null)).toEqual([]);
  });

  it.each(["PurchaseRequest", "RestoreRequest"])("%s has all that must be sent", (name) => {
    const sent = must(classes.get(name)).map(({ wire }) => wire);
    expect(sent).toEqual(expect.arrayContaining(shapesOf(name).flatMap(({ required }) => required)));
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
    expect(shapesOf("RestoreRequest")[0]?.properties.purchases).toMatchObject({ maxItems: most });
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

describe("the texts", () => {
  const english = stringResources(read(`${MAIN}/res/values/strings.xml`));
  const thai = stringResources(read(`${MAIN}/res/values-th/strings.xml`));

  it("are there in English and Thai", () => {
    expect([...thai.keys()]).toEqual([...english.keys()]);
    for (const [key, text] of english) expect(text, key).toMatch(/^[\x20-\x7e]+$/);
    for (const [key, text] of thai) expect(text, key).toMatch(/[\u0e00-\u0e7f]/);
  });

  it("have their apostrophes escaped, which Android drops otherwise", () => {
    for (const [key, text] of [...english, ...thai]) expect(text, key).not.toMatch(/(?<!\\)['"]/);
  });

  it("are all used, and no other is", () => {
    const named = all(kotlin, /R\.string\.(\w+)/g);
    const inXml = all(xmlFiles.map(read).join("\n"), /@string\/(\w+)/g);
    expect(new Set([...named, ...inXml])).toEqual(new Set(english.keys()));
    const told = rowsUnder("| text | when |").map(([key]) => key);
    expect([...english.keys()]).toEqual(expect.arrayContaining(told));
    expect(told.length).toBeGreaterThan(5);
  });
});

describe("the files", () => {
  it.each(xmlFiles)("%s is XML", (file) => expect(brokenXml(read(file))).toBeNull());

  it.each(sources)("%s lies where its package says, and imports what there is", (file) => {
    const [name = ""] = all(read(file), /^package ([\w.]+)$/gm);
    expect(dirname(file)).toBe(join(MAIN, "java", ...name.split(".")));
    const ours = all(read(file), /^import (com\.example\.app\.[\w.]+)$/gm);
    for (const wanted of ours.filter((each) => !/\.(R|BuildConfig)$/.test(each))) {
      const [of, it] = [wanted.slice(0, wanted.lastIndexOf(".")), wanted.split(".").at(-1)];
      const declared = sources.filter((each) => read(each).includes(`package ${of}\n`)).map(read);
      expect(declared.join("\n"), wanted).toMatch(
        new RegExp(`^(\\w+ )*(class|interface|fun|val) ${it}\\b`, "m"),
      );
    }
  });

  it("start with an activity that there is", () => {
    const activities = all(read(`${MAIN}/AndroidManifest.xml`), /android:name="\.(\w+)"/g);
    expect(activities).not.toHaveLength(0);
    for (const each of activities) expect(kotlin).toContain(`class ${each} :`);
  });
});

describe.each(PAGES)("%s", (file) => {
  const text = read(file);

  it("names requests that there are", () => {
    for (const request of all(text, /`((?:GET|POST|PATCH|DELETE) \/v1\/[^`?\s]+)/g)) {
      const [method = "", path = ""] = request.split(" ");
      expect(api.paths[path], request).toHaveProperty(method.toLowerCase());
    }
  });

  it("names settings that there are", () => {
    const settings = read(".env.example");
    for (const name of all(text, /`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`/g)) {
      if (name.startsWith("GOOGLE_APPLICATION")) continue;
      expect(settings, name).toMatch(new RegExp(`^${name}=`, "m"));
    }
  });

  it("leads to files and headings that there are", () => {
    for (const link of all(text, /\]\(([^)]+)\)/g)) {
      const [path = "", heading] = link.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (heading !== undefined) expect(headingsOf(read(target)), link).toContain(heading);
    }
  });
});

/** As GitHub makes addresses of them. */
function headingsOf(text: string): string[] {
  return all(text, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it("docs/android.md shows a real answer", () => {
  const [json = ""] = all(page, /```json\n(.*?)\n```/gs);
  expect(verifiedSchema.safeParse(JSON.parse(json))).toMatchObject({ success: true });
});

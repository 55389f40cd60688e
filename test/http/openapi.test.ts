import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startService } from "./support/service.ts";

/** The routes of contract section 3 that an app or its owner calls, with the statuses of its table. */
const ROUTES: Readonly<Record<string, readonly string[]>> = {
  "post /v1/purchases/verify": [
    "200",
    "400",
    "401",
    "403",
    "404",
    "409",
    "410",
    "413",
    "422",
    "429",
    "502",
    "503",
  ],
  "post /v1/purchases/restore": ["200", "400", "401", "413", "429", "503"],
  "get /v1/purchases": ["200", "400", "401", "503"],
  "get /v1/entitlements": ["200", "401", "503"],
  "get /v1/grants": ["200", "400", "401", "503"],
  "get /v1/grants/{id}": ["200", "401", "404", "503"],
  "get /v1/account": ["200", "401", "503"],
};

/** Section 8, as far as it is there, and what else asks for a token; with the scheme that they ask by. */
const ADMIN_ROUTES: Readonly<Record<string, readonly string[]>> = {
  "get /v1/admin/customers/{uid}": ["200", "400", "401", "503"],
  "get /v1/admin/purchases": ["200", "400", "401", "503"],
  "post /v1/admin/purchases/{id}/sync": ["200", "401", "404", "409", "410", "413", "422", "502", "503"],
  "get /v1/admin/grants": ["200", "400", "401", "503"],
  "post /v1/admin/grants": ["201", "202", "400", "401", "413", "503"],
  "post /v1/admin/grants/{id}/revoke": ["200", "401", "404", "413", "503"],
  "post /v1/admin/grants/{id}/retry": ["200", "401", "404", "409", "413", "503"],
  "get /v1/admin/dead_letters": ["200", "400", "401", "503"],
  "post /v1/admin/dead_letters/{id}/replay": ["200", "401", "404", "413", "502", "503"],
  "get /v1/admin/license_orphans": ["200", "400", "401", "503"],
  "post /v1/admin/license_orphans/{id}/resolve": ["200", "401", "404", "413", "503"],
  "get /v1/admin/refund_reviews": ["200", "400", "401", "503"],
  "post /v1/admin/refund_reviews/{id}/answer": ["200", "400", "401", "404", "409", "413", "503"],
  "post /v1/admin/webhook_endpoints": ["201", "400", "401", "413", "503"],
  "get /v1/admin/webhook_endpoints": ["200", "400", "401", "503"],
  "get /v1/admin/webhook_endpoints/{id}": ["200", "401", "404", "503"],
  "patch /v1/admin/webhook_endpoints/{id}": ["200", "400", "401", "404", "413", "503"],
  "delete /v1/admin/webhook_endpoints/{id}": ["204", "401", "404", "413", "503"],
  "post /v1/admin/webhook_endpoints/{id}/rotate_secret": ["200", "400", "401", "404", "413", "503"],
  "post /v1/admin/webhook_endpoints/{id}/test": ["200", "400", "401", "404", "413", "503"],
  "get /v1/admin/webhook_endpoints/{id}/deliveries": ["200", "400", "401", "404", "503"],
  "post /v1/admin/webhook_endpoints/{id}/replay": ["202", "400", "401", "404", "409", "413", "503"],
  "post /v1/admin/webhook_endpoints/{id}/recover": ["202", "400", "401", "404", "409", "413", "503"],
  "post /v1/admin/webhook_deliveries/{id}/resend": ["202", "401", "404", "409", "413", "503"],
  "get /metrics": ["200", "401", "503"],
};

const schemaOrReference = z.record(z.string(), z.unknown());
const media = z.record(
  z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/),
  z.strictObject({ schema: schemaOrReference }),
);
const parameter = z.looseObject({
  name: z.string().min(1),
  in: z.enum(["query", "path", "header", "cookie"]),
  required: z.boolean().optional(),
  schema: schemaOrReference,
});
const operation = z.strictObject({
  summary: z.string().min(1),
  description: z.string().optional(),
  operationId: z.string().optional(),
  tags: z.array(z.string()).optional(),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(parameter).optional(),
  requestBody: z.looseObject({ required: z.boolean(), content: media }).optional(),
  responses: z.record(
    z.string().regex(/^([1-5]\d\d|default)$/),
    z.looseObject({ description: z.string().min(1), content: media.optional() }),
  ),
});

/** The parts of OpenAPI 3.1 that we use; anything else is a mistake. */
const documentSchema = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.looseObject({ title: z.string().min(1), version: z.string().min(1) }),
  servers: z.array(z.looseObject({ url: z.string() })).optional(),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[A-Za-z0-9._-]+$/), schemaOrReference),
    parameters: z.record(z.string(), parameter).optional(),
    securitySchemes: z.record(
      z.string(),
      z.looseObject({ type: z.enum(["http", "apiKey", "oauth2", "openIdConnect"]) }),
    ),
  }),
  paths: z.record(
    z.string().startsWith("/"),
    z.partialRecord(z.enum(["get", "post", "put", "patch", "delete"]), operation),
  ),
  webhooks: z.record(z.string(), z.unknown()).optional(),
});

let document: z.output<typeof documentSchema>;
let text: string;

describe("GET /openapi.json", () => {
  beforeAll(async () => {
    const service = await startService();
    const answer = await service.call("GET", "/openapi.json");
    expect(answer.status).toBe(200);
    text = answer.text;
    document = documentSchema.parse(answer.body);
  });

  test.each([
    ["customer", ROUTES],
    ["admin", ADMIN_ROUTES],
    ["pubsub", { "post /v1/rtdn": ["204", "401", "413", "503"] }],
    [null, { "get /healthz": ["200"], "get /readyz": ["200", "503"] }],
  ])("is OpenAPI 3.1 and has every route of the contract, with its statuses: %s", (scheme, routes) => {
    for (const [route, statuses] of Object.entries(routes)) {
      const found = operations().find(({ name }) => name === route);
      expect(found, route).toBeDefined();
      expect(Object.keys(found?.operation.responses ?? {}), route).toEqual(statuses);
      expect(found?.operation.security, route).toEqual(scheme === null ? undefined : [{ [scheme]: [] }]);
    }
  });

  test("and no other", () => {
    const known = [
      ...Object.keys(ROUTES),
      ...Object.keys(ADMIN_ROUTES),
      "post /v1/rtdn",
      "get /healthz",
      "get /readyz",
    ];
    const names = operations().map(({ name }) => name);
    expect(names.sort()).toEqual(known.sort());
  });

  test("every reference leads somewhere", () => {
    const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const key = /^#\/components\/schemas\/(.+)$/.exec(name)?.[1] ?? "";
      expect(Object.keys(document.components.schemas), name).toContain(key);
    }
  });

  test("every security scheme that is asked for is described", () => {
    const asked = operations().flatMap(({ operation: { security = [] } }) => security.flatMap(Object.keys));
    for (const name of asked) expect(Object.keys(document.components.securitySchemes)).toContain(name);
  });

  test("every parameter of a path is declared, and required", () => {
    for (const {
      name,
      operation: { parameters = [] },
    } of operations()) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = parameters.filter((each) => each.in === "path");
      expect(declared.map((each) => each.name)).toEqual(inPath);
      expect(declared.every((each) => each.required === true)).toBe(true);
    }
  });

  test("problems are problem+json, everything else is JSON, but for metrics and what says nothing", () => {
    const others: Readonly<Record<string, readonly string[]>> = {
      "get /metrics 200": ["text/plain"],
      "post /v1/rtdn 204": [],
      "delete /v1/admin/webhook_endpoints/{id} 204": [],
    };
    for (const {
      name,
      operation: { responses },
    } of operations()) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const usual = Number(status) < 400 ? "application/json" : "application/problem+json";
        const types = others[`${name} ${status}`] ?? [usual];
        expect(Object.keys(content), `${name} ${status}`).toEqual(types);
      }
    }
  });

  test("a body must be sent, but for these", () => {
    const bodies = operations().filter(({ operation: { requestBody } }) => requestBody !== undefined);
    const optional = bodies.filter(({ operation: { requestBody } }) => requestBody?.required !== true);
    expect(optional.map(({ name }) => name)).toEqual([
      "post /v1/admin/webhook_endpoints/{id}/rotate_secret",
      "post /v1/admin/webhook_endpoints/{id}/test",
    ]);
  });

  test("null is a type of 3.1, not the nullable of 3.0", () => {
    expect(text).not.toContain('"nullable"');
  });

  test("says of a list how it is asked for", () => {
    const list = operations().find(({ name }) => name === "get /v1/grants");
    expect(list?.operation.parameters).toMatchObject([
      { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 100, default: 50 } },
      { name: "cursor", in: "query", schema: { type: "string" } },
    ]);
  });

  test("what a request must have is what the request is checked by", () => {
    expect(document.components.schemas.PurchaseRequest).toMatchObject({
      type: "object",
      required: ["package_name", "product_id", "purchase_token"],
    });
    expect(document.components.schemas.RestoreRequest).toMatchObject({
      properties: { purchases: { type: "array", minItems: 1, maxItems: 50 } },
    });
  });
});

function operations() {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, each]) =>
      each === undefined ? [] : [{ name: `${method} ${path}`, operation: each }],
    ),
  );
}

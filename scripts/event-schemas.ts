import { mkdirSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { type GrantEventType, grantEventTypes } from "../src/domain/grant-events.ts";
import { webhookBodySchema } from "../src/domain/webhook-payload.ts";

/**
 * `npm run schemas`: the JSON Schema of each event's body, for receivers that want to check what they get, from the very
 * schemas of the code. test/docs fails where the files say something else.
 */

export const FOLDER = new URL("../docs/events/", import.meta.url);

/** All times that we write: `formatInstant`. Zod's own pattern knows leap years and can't be read. */
const TIME = "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** What stands in `docs/events/`, by file name. Objects are open: a receiver may not break on a key that is new to it. */
export function eventSchemas(): Map<string, JsonSchema> {
  return new Map(grantEventTypes.map((type) => [`${type}.schema.json`, eventSchema(type)]));
}

function eventSchema(type: GrantEventType): JsonSchema {
  const schema = z.toJSONSchema(webhookBodySchema(type), {
    target: "draft-2020-12",
    // Of an output Zod says that it has no other keys.
    io: "input",
    override: ({ jsonSchema }) => simplify(jsonSchema),
  });
  return { $schema: DIALECT, $id: `urn:playgrant:event:${type}`, title: type, ...schema };
}

function simplify(schema: JsonSchema): void {
  if (schema.format === "date-time") schema.pattern = TIME;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}

function writeSchemas(): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, schema] of eventSchemas()) {
    writeFileSync(new URL(name, FOLDER), `${JSON.stringify(schema, null, 2)}\n`);
  }
}

if (process.argv[1] === import.meta.filename) writeSchemas();

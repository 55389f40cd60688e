import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { eventSchemas, FOLDER } from "../../scripts/event-schemas.ts";

/** docs/events is what `npm run schemas` makes of the code. */

const made = eventSchemas();

it("has a file for each event, and no other", () => {
  expect(readdirSync(FOLDER).sort()).toEqual([...made.keys()].sort());
});

it.each([...made])("%s says what the code says: else run `npm run schemas`", (name, schema) => {
  expect(JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"))).toEqual(schema);
});

it.each([...made])("%s wants every key", (_name, schema) => {
  const open: string[] = [];
  const walk = (at: string, { properties = {}, required = [], items, anyOf = [] }: Node) => {
    for (const [key, node] of Object.entries(properties)) {
      if (!required.includes(key)) open.push(`${at}.${key}`);
      walk(`${at}.${key}`, node);
    }
    if (items !== undefined) walk(`${at}[]`, items);
    for (const node of anyOf) walk(at, node);
  };
  walk("$", schema as Node);
  expect(open).toEqual([]);
});

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

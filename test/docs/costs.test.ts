import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { derivedTables } from "../../bench/parts/cost-model.ts";
import { readTables } from "../../bench/parts/page-tables.ts";

const page = readFileSync(new URL("../../docs/costs.md", import.meta.url), "utf8");

it("has a month, its scaling and its rates as its own operations give them", () => {
  for (const table of derivedTables(page)) expect(page).toContain(table);
});

it("notices an operation that costs otherwise", () => {
  const dearer = page.replace("| notice: renewed | 2 |", "| notice: renewed | 3 |");
  expect(dearer).not.toBe(page);
  expect(derivedTables(dearer)).not.toEqual(derivedTables(page));
});

it("names operations that are in a table only", () => {
  const unknown = page.replace("| verify repeated later | 1 |", "| verify repeated sometime | 1 |");
  expect(unknown).not.toBe(page);
  expect(() => derivedTables(unknown)).toThrow("verify repeated sometime");
});

it("reads tables by name", () => {
  const tables = readTables(
    "| a | b |\n| --- | ---: |\n| x | 1,234 |\n\ntext\n\n| c | d |\n| --- | --- |\n| y | 2 |\n",
  );
  expect(tables.get("a")?.get("x")).toEqual({ b: "1,234" });
  expect(tables.get("c")?.get("y")).toEqual({ d: "2" });
});

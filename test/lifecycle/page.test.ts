import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CHAPTERS } from "./chapters.ts";
import { rowsOfPage, rowsOfScenarios, table } from "./kit/table.ts";

const page = readFileSync(new URL("../../docs/lifecycle.md", import.meta.url), "utf8");
const told = rowsOfPage(page);
const shown = rowsOfScenarios();
const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

it("shows every row of the page by a scenario", () => {
  expect(ids(told).filter((id) => !ids(shown).includes(id))).toEqual([]);
});

it("has a row for every scenario", () => {
  expect(ids(shown).filter((id) => !ids(told).includes(id))).toEqual([]);
});

it("says in each row what its scenario asserts", () => {
  for (const row of told) expect(row).toEqual(shown.find(({ id }) => id === row.id));
});

it("names each row once", () => {
  expect(ids(told)).toEqual([...new Set(ids(told))]);
});

it("links each row to the file that has its scenario", () => {
  for (const { file, scenarios } of CHAPTERS) {
    const source = readFileSync(new URL(file, import.meta.url), "utf8");
    for (const { id } of scenarios) expect(source).toContain(`id: "${id}"`);
  }
});

it("is the table that the scenarios make: where it differs, take this one over", () => {
  expect(page).toContain(table());
});

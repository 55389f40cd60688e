import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readConfig, settingNames } from "../../src/config.ts";

const text = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
const lines = text.split("\n");

/** What is required, and no more. */
const LEAST = { GOOGLE_CLOUD_PROJECT: "shop" };

const entries = lines.flatMap((line, index) => {
  const match = /^([A-Z_]+)=(.*)$/.exec(line);
  return match === null ? [] : [{ index, name: match[1] ?? "", value: match[2] ?? "" }];
});

test(".env.example names every setting once, and nothing else", () => {
  expect(entries.map(({ name }) => name).sort()).toEqual([...settingNames].sort());
});

test("each setting, or the group it stands in, is explained above it", () => {
  for (const { index, name } of entries) {
    let above = index - 1;
    while (/^[A-Z_]+=/.test(lines[above] ?? "")) above -= 1;
    expect(lines[above], name).toMatch(/^# [^-]/);
  }
});

test("each value is the default, and every default is there", () => {
  const defaults = readConfig(LEAST);
  expect(defaults).toMatchObject({ ok: true });
  for (const { name, value } of entries) {
    const result = readConfig({ ...LEAST, ...(value === "" ? {} : { [name]: value }) });
    expect(result, name).toEqual(defaults);
  }
  const told = new Set(entries.flatMap(({ name, value }) => (value === "" ? [] : [name])));
  const inCode = defaults.ok ? Object.entries(defaults.config).filter(([, value]) => isTold(value)) : [];
  expect([...told].sort()).toEqual(
    inCode
      .map(([name]) => name)
      .filter((name) => !(name in LEAST))
      .sort(),
  );
});

function isTold(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

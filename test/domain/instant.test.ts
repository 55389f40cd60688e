import { describe, expect, test } from "vitest";
import {
  addDuration,
  DAY,
  formatInstant,
  HOUR,
  MINUTE,
  parseInstant,
  SECOND,
} from "../../src/domain/instant.ts";
import { at } from "../support/builders.ts";

describe("Google's times", () => {
  test.each([
    ["2026-11-02T03:14:05Z", "2026-11-02T03:14:05.000Z"],
    ["2026-11-02T03:14:05.8Z", "2026-11-02T03:14:05.800Z"],
    ["2026-11-02T03:14:05.871Z", "2026-11-02T03:14:05.871Z"],
    ["2026-11-02T03:14:05.871999Z", "2026-11-02T03:14:05.871Z"],
    ["2026-11-02T03:14:05.871999999Z", "2026-11-02T03:14:05.871Z"],
    ["2026-11-02T10:14:05+07:00", "2026-11-02T03:14:05.000Z"],
  ])("%s is read", (text, expected) => {
    const instant = parseInstant(text);
    expect(instant === null ? null : formatInstant(instant)).toBe(expected);
  });

  test.each(["", "soon", "2026-13-01T00:00:00Z"])("%j is no time", (text) => {
    expect(parseInstant(text)).toBeNull();
  });
});

test("units are milliseconds", () => {
  expect([SECOND, MINUTE, HOUR, DAY]).toEqual([1000, 60_000, 3_600_000, 86_400_000]);
});

describe("adding a duration", () => {
  test.each([
    ["2026-11-12T10:00:00Z", "P30D", "2026-12-12T10:00:00.000Z"],
    ["2026-11-12T10:00:00Z", "PT48H", "2026-11-14T10:00:00.000Z"],
    ["2026-11-12T10:00:00Z", "P1W", "2026-11-19T10:00:00.000Z"],
    ["2026-11-12T10:00:00Z", "PT1M", "2026-11-12T10:01:00.000Z"],
    ["2026-11-12T10:00:00Z", "P1M", "2026-12-12T10:00:00.000Z"],
    ["2026-11-12T10:00:00Z", "P1Y2M3W4DT5H6M7S", "2028-02-06T15:06:07.000Z"],
    ["2026-01-31T10:00:00Z", "P1M", "2026-02-28T10:00:00.000Z"],
    ["2028-01-31T10:00:00Z", "P1M", "2028-02-29T10:00:00.000Z"],
    ["2028-02-29T10:00:00Z", "P1Y", "2029-02-28T10:00:00.000Z"],
    ["2026-10-31T23:59:59.999Z", "P4M", "2027-02-28T23:59:59.999Z"],
    ["2026-12-31T00:00:00Z", "P1M", "2027-01-31T00:00:00.000Z"],
  ])("%s + %s is %s", (from, duration, expected) => {
    expect(formatInstant(addDuration(at(from), duration))).toBe(expected);
  });

  test.each(["30D", "P30", "-P1D", "P1D ", " P1D"])(
    "%j is refused, as the catalogue has done before",
    (text) => {
      expect(() => addDuration(0, text)).toThrow(RangeError);
      expect(() => addDuration(0, text)).toThrow("not an ISO 8601 duration");
    },
  );
});

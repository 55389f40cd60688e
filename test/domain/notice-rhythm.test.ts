import { describe, expect, test } from "vitest";
import { DAY, HOUR, type Instant, MINUTE } from "../../src/domain/instant.ts";
import {
  heard,
  longestUsualSilence,
  type NoticeRhythm,
  unusualSilence,
} from "../../src/domain/notice-rhythm.ts";
import { NOW } from "../support/builders.ts";

function heardAt(...times: Instant[]): NoticeRhythm {
  let rhythm = heard(null, times[0] ?? NOW);
  for (const time of times.slice(1)) rhythm = heard(rhythm, time);
  return rhythm;
}

describe("the rhythm of Google's notices", () => {
  test("the longest silence of each day is kept", () => {
    const rhythm = heardAt(NOW, NOW + MINUTE, NOW + 3 * HOUR, NOW + 4 * HOUR);
    expect(rhythm.lastAt).toBe(NOW + 4 * HOUR);
    expect(rhythm.silences).toEqual([{ day: Math.floor(NOW / DAY), longestMs: 3 * HOUR - MINUTE }]);
  });

  test("days longer ago than two weeks are forgotten", () => {
    const days = Array.from({ length: 20 }, (_, index) => NOW + index * DAY);
    const rhythm = heardAt(...days);
    expect(rhythm.silences).toHaveLength(14);
    expect(rhythm.silences.at(-1)?.day).toBe(Math.floor(NOW / DAY) + 19);
  });

  test("an outage isn't what is usual: the next one is still noticed within twice the time", () => {
    const usual = heardAt(NOW, NOW + HOUR, NOW + 2 * HOUR);
    const after = heard(usual, NOW + 10 * DAY);
    expect(longestUsualSilence(usual)).toBe(6 * HOUR);
    expect(longestUsualSilence(after)).toBe(12 * HOUR);
  });

  test("a machine whose clock is behind changes nothing", () => {
    const rhythm = heardAt(NOW, NOW + HOUR);
    expect(heard(rhythm, NOW)).toBe(rhythm);
    expect(heard(rhythm, NOW + HOUR)).toBe(rhythm);
  });
});

describe("silence", () => {
  test.each<[string, NoticeRhythm, number]>([
    ["without history a day is much", heardAt(NOW), DAY],
    ["a busy shop is not called silent within six hours", heardAt(NOW, NOW + MINUTE), 6 * HOUR],
    ["twice the longest of two weeks is much", heardAt(NOW, NOW + 5 * HOUR, NOW + 6 * HOUR), 10 * HOUR],
  ])("%s", (_, rhythm, longest) => {
    expect(longestUsualSilence(rhythm)).toBe(longest);
    expect(unusualSilence(rhythm, rhythm.lastAt + longest)).toBeNull();
    expect(unusualSilence(rhythm, rhythm.lastAt + longest + 1)).toBe(longest + 1);
  });
});

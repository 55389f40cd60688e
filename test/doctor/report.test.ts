import { expect, test } from "vitest";
import { failed, ok, skipped, warning } from "../../src/doctor/check.ts";
import { isHealthy, jsonReport, textReport } from "../../src/doctor/report.ts";

const reports = [
  { name: "settings", findings: [ok("right"), warning("PUBLIC_URL is not set", "Set it")] },
  { name: "play", findings: [failed("refused", "Invite the account")] },
  { name: "smtp", findings: [skipped("not set")] },
];
const nowhere = { write: () => true };

test("plain text, where nobody looks at a terminal", () => {
  expect(textReport(reports, nowhere)).toBe(
    [
      "ok       settings  right",
      "warning  settings  PUBLIC_URL is not set",
      "                   fix: Set it",
      "failed   play      refused",
      "                   fix: Invite the account",
      "skipped  smtp      not set",
      "",
      "failed: 1, warnings: 1, ok: 1, skipped: 1",
      "",
    ].join("\n"),
  );
});

test("symbols and colours on a terminal", () => {
  const text = textReport(reports, { ...nowhere, isTTY: true });
  expect(text).toContain("\u001b[31m✗\u001b[39m  play      refused\n             → Invite the account\n");
});

test("JSON, a line for each finding", () => {
  const { ok: healthy, checks } = JSON.parse(jsonReport(reports));
  expect(healthy).toBe(false);
  expect(checks[1]).toEqual({
    name: "settings",
    status: "warning",
    message: "PUBLIC_URL is not set",
    fix: "Set it",
  });
  expect(checks[3]).toEqual({ name: "smtp", status: "skipped", message: "not set", fix: null });
});

test("warnings are healthy", () => {
  expect(isHealthy(reports.slice(0, 1))).toBe(true);
  expect(isHealthy(reports)).toBe(false);
});

test("what looks like a secret is not printed, whatever a check says", () => {
  const said = [{ name: "x", findings: [failed("key kt_live_abcdef", "use KEYT-AB12-3C4D-5E6F-7G8H-9J0K")] }];
  expect(jsonReport(said) + textReport(said, nowhere)).not.toMatch(/kt_live_abcdef|KEYT-AB12/);
});

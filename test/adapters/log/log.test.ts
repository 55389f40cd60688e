import { describe, expect, test } from "vitest";
import { createLog, scrub } from "../../../src/adapters/log/log.ts";
import { AppError, OutsideError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";

const TOKEN = `${"abcdefghijklmnopabcdefgh"}.AO-J1O${"x_Y-9".repeat(20)}`;
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl-_x";
const SECRETS = [
  TOKEN,
  JWT,
  "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.",
  "KEYT-AB12-3C4D-5E6F-7G8H-9J0K",
  "kt_live_0123456789abcdef",
  "kt_test_sandbox",
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
];

function logged(
  level: string,
  write: (log: ReturnType<typeof createLog>) => void,
): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog(level, { write: (line: string) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("scrub", () => {
  test.each(SECRETS)("%s", (secret) => {
    expect(scrub(secret)).toBe("[secret]");
    expect(scrub(`before ${secret}, after`)).toMatch(/^before \[secret\],? after$/);
    expect(scrub(`https://example.com/tokens/${secret}:consume`)).not.toContain(secret.slice(0, 12));
    expect(scrub(`${secret} ${secret}`)).toBe("[secret] [secret]");
  });

  test.each([
    "pur_0123456789abcdef0123456789abcdef",
    "fulfill_slot:slt_0123456789abcdef0123456789abcdef",
    "egr_0123456789abcdef0123456789abcdef_entitlement_grant.created",
    "GPA.1234-5678-9012-34567..0",
    "com.example.application.with.a.long.name",
    "2026-11-22T12:00:00.000Z",
    "7049fa73-21e7-4b41-a0d7-c77c4a859cb5",
    "/v1/purchases/verify",
  ])("%s stays as it is", (text) => {
    expect(scrub(text)).toBe(text);
  });
});

describe("createLog", () => {
  test("one JSON line for each thing that happened", () => {
    const [line, ...more] = logged("info", (log) =>
      log.info("verified", { purchase_id: "pur_1", ms: 5, ok: true }),
    );
    expect(more).toEqual([]);
    expect(line).toEqual({
      level: 30,
      severity: "INFO",
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      event: "verified",
      purchase_id: "pur_1",
      ms: 5,
      ok: true,
    });
  });

  test("each line says how bad it is in the words of Cloud Logging", () => {
    const lines = logged("info", (log) => {
      log.info("one");
      log.warn("two");
      log.error("three");
    });
    expect(lines.map(({ event, severity }) => [event, severity])).toEqual([
      ["one", "INFO"],
      ["two", "WARNING"],
      ["three", "ERROR"],
    ]);
  });

  test("below its level it is silent", () => {
    const all = (log: ReturnType<typeof createLog>) => {
      log.info("a");
      log.warn("b");
      log.error("c");
    };
    const events = (level: string) => logged(level, all).map((line) => line.event);
    expect(events("trace")).toEqual(["a", "b", "c"]);
    expect(events("warn")).toEqual(["b", "c"]);
    expect(events("error")).toEqual(["c"]);
    expect(events("silent")).toEqual([]);
  });

  test.each(SECRETS)("fields and lists of fields are scrubbed: %s", (secret) => {
    const lines = logged("info", (log) => log.warn("x", { one: secret, list: ["a", secret] }));
    expect(lines[0]).toMatchObject({ one: "[secret]", list: ["a", "[secret]"] });
  });

  test("an error of ours is told with its code and its sentence, scrubbed, and its cause", () => {
    const cause = new TypeError(`fetch of ${TOKEN}`);
    const ours = new AppError("play_unavailable", `It said ${TOKEN}.`, { cause });
    const [line] = logged("info", (log) => log.error("x", {}, ours));
    expect(line?.error).toMatchObject({
      name: "AppError",
      code: "play_unavailable",
      message: "It said [secret].",
      cause: { name: "TypeError" },
    });
    const outside = new OutsideError("busy", "keythai_unavailable", "No answer.");
    expect(logged("info", (log) => log.warn("x", {}, outside))[0]?.error).toMatchObject({
      code: "keythai_unavailable",
      message: "No answer.",
    });
  });

  test("of any other error only name, code and frames: its message may quote anything", () => {
    const error = Object.assign(new RangeError("hidden-words"), {
      code: "ERR_X",
      config: { url: "hidden-words" },
    });
    const [line] = logged("info", (log) => log.error("x", {}, error));
    expect(line?.error).toMatchObject({ name: "RangeError", code: "ERR_X" });
    expect(line?.error).toHaveProperty("frames.0", expect.stringContaining("log.test.ts"));
    expect(JSON.stringify(line)).not.toContain("hidden-words");
  });

  test("a message of several lines doesn't pass as frames", () => {
    const error = new Error("first\nhidden-words\nsecond");
    const [line] = logged("info", (log) => log.error("x", {}, error));
    expect(JSON.stringify(line)).not.toContain("hidden-words");
  });

  test("a code or a name that holds a secret is scrubbed", () => {
    const error = Object.assign(new Error("x"), { code: TOKEN, name: JWT });
    const [line] = logged("info", (log) => log.error("x", {}, error));
    expect(line?.error).toMatchObject({ name: "[secret]", code: "[secret]" });
  });

  test.each([["text"], [null], [{ secret: "hidden-words" }], [new Secret("hidden-words")]])(
    "what was thrown and is no error says nothing: %s",
    (thrown) => {
      const [line] = logged("info", (log) => log.error("x", {}, thrown));
      expect(line?.error).toEqual({ name: "not an error" });
    },
  );
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { excerptOf, readRetryAfter } from "../../../src/adapters/webhook/answer.ts";
import { DAY } from "../../../src/domain/instant.ts";

const excerpt = (text: string | Uint8Array, body = "{}") => excerptOf(Buffer.from(text as string), body);
const bytes = (text: string) => Buffer.byteLength(text);

describe("an excerpt", () => {
  it("is the text of the answer, up to 1 KiB", () => {
    expect(excerpt("")).toBe("");
    expect(excerpt("<p>no\n\tsuch customer</p>")).toBe("<p>no\n\tsuch customer</p>");
    expect(excerpt("x".repeat(1024))).toBe("x".repeat(1024));
    expect(excerpt("x".repeat(70_000))).toBe("x".repeat(1024));
  });

  it("is cut between characters", () => {
    expect(excerpt("ก".repeat(500))).toBe("ก".repeat(341));
    expect(excerpt(`x${"🐟".repeat(300)}`)).toBe(`x${"🐟".repeat(255)}`);
  });

  it("has no bytes that aren't text, nothing that steers a terminal or turns the reading direction", () => {
    expect(excerpt(Buffer.from([0x61, 0xff, 0xfe, 0x62]))).toBe("a\uFFFD\uFFFDb");
    expect(excerpt("a\0b\x1b[31mc\x7fd\x9be")).toBe("a\uFFFDb\uFFFD[31mc\uFFFDd\uFFFDe");
    expect(excerpt("line\r\nline\rline")).toBe("line\nline\nline");
    expect(excerpt("pay \u202Eevil\u202C")).toBe("pay \uFFFDevil\uFFFD");
  });

  it("is bounded and harmless whatever was answered", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), fc.string(), (answer, body) => {
        const text = excerptOf(answer, body);
        expect(bytes(text)).toBeLessThanOrEqual(1024);
        expect(text).not.toMatch(/(?![\n\t])\p{Cc}/u);
        expect(text.isWellFormed()).toBe(true);
      }),
    );
  });

  it("doesn't hold the licence key, should the receiver send it back", () => {
    const key = "KEYT-AAAA-BBBB-CCCC-DDDD";
    const body = JSON.stringify({ data: { id: "egr_1", license_key: { id: "lic_1", key } } });
    expect(excerpt(`you sent ${body}, key ${key}`, body)).toBe(
      `you sent ${body.replace(key, "[key]")}, key [key]`,
    );
    const atTheEnd = excerpt(`${"x".repeat(1015)}${key}`, body);
    expect(atTheEnd).toBe(`${"x".repeat(1015)}[key]`);
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-01T12:00:00Z");

  it.each([
    ["30", 30_000],
    [" 0 ", 0],
    ["Sun, 01 Nov 2026 12:02:00 GMT", 120_000],
    ["Sunday, 01-Nov-26 12:02:00 GMT", 120_000],
    ["Sun, 01 Nov 2026 11:00:00 GMT", 0],
    ["86401", DAY],
    ["99999999999999999999999", DAY],
    ["Fri, 01 Jan 2100 00:00:00 GMT", DAY],
    [["7", "9"], 7000],
  ])("of %s is read", (header, ms) => {
    expect(readRetryAfter(header, now)).toBe(ms);
  });

  it.each([undefined, "", "soon", "1e3", "Infinity", "0x10", "NaN"])("of %s says nothing", (header) => {
    expect(readRetryAfter(header, now)).toBeNull();
  });
});

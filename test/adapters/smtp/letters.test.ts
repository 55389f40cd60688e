import { describe, expect, test } from "vitest";
import type { RevocationReason } from "../../../src/domain/access.ts";
import type { Language } from "../../../src/domain/contact.ts";
import type { MailId } from "../../../src/domain/ids.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { LicenseLetter } from "../../../src/ports.ts";
import { ADDRESS, aLetter, aPostOffice, DELIVERED, KEY, MASKED } from "./support.ts";

const UNTIL = Date.UTC(2027, 0, 31, 18, 30);
const LANGUAGES: readonly (Language | null)[] = ["th", "en", null];
const REASONS: Record<RevocationReason, { th: string; en: string }> = {
  subscription_on_hold: { th: "การชำระเงินครั้งล่าสุดยังไม่สำเร็จ", en: "last payment didn’t go through" },
  subscription_cancelled: { th: "การสมัครใช้งานถูกยกเลิก", en: "Your subscription was canceled" },
  subscription_expired: { th: "ครบระยะเวลาใช้งานของรหัสนี้แล้ว", en: "was valid for is over" },
  plan_changed: { th: "มีการเปลี่ยนแพ็กเกจ", en: "Your plan was changed" },
  refund: { th: "มีการคืนเงิน", en: "was returned" },
  manual: { th: "ผู้ขายได้ยุติสิทธิ์", en: "The seller ended this license" },
  license_key_disabled: { th: "รหัสนี้ถูกปิดใช้งาน", en: "was turned off" },
  platform_external: { th: "บริการที่เชื่อมต่อไว้", en: "by the service that it’s connected to" },
};

interface Case {
  readonly name: string;
  readonly news: LicenseLetter["news"];
  readonly th: readonly string[];
  readonly en: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: "a key",
    news: DELIVERED,
    th: ["รหัสใช้งานของคุณ", "วางในช่องสำหรับใส่รหัสในแอป"],
    en: ["Your license key", "paste it where the app asks for it"],
  },
  {
    name: "a key with an end",
    news: { ...DELIVERED, until: UNTIL },
    th: ["รหัสใช้งานของคุณ", "1 กุมภาพันธ์ 2570 เวลา 01:30 น. (เวลาไทย)"],
    en: ["Your license key", "31 January 2027, 18:30 UTC"],
  },
  {
    name: "a key in place of another",
    news: { ...DELIVERED, formerMasked: "*****-Q8RT" },
    th: ["รหัสใช้งานใหม่ของคุณ", "แทนรหัสเดิมที่ลงท้ายด้วย Q8RT ซึ่งใช้ไม่ได้แล้ว"],
    en: ["Your new license key", "replaces your former one ending in Q8RT, which no longer works"],
  },
  {
    name: "a key that works again",
    news: { kind: "restored", masked: MASKED, until: UNTIL },
    th: ["รหัสใช้งานกลับมาใช้ได้แล้ว", "ลงท้ายด้วย 6J1N"],
    en: ["Your license key works again", "ending in 6J1N works again"],
  },
  ...(Object.keys(REASONS) as RevocationReason[]).map((reason): Case => {
    const paused = reason === "subscription_on_hold";
    return {
      name: `a key that works no more: ${reason}`,
      news: { kind: "revoked", masked: MASKED, reason },
      th: [paused ? "รหัสใช้งานถูกพักไว้ชั่วคราว" : "รหัสใช้งานสิ้นสุดแล้ว", REASONS[reason].th],
      en: [paused ? "Your license key is paused" : "Your license key has ended", REASONS[reason].en],
    };
  }),
];

describe.each(CASES)("$name", ({ news, th, en }) => {
  test.each(LANGUAGES)("in %s", async (language) => {
    const { deliver } = await aPostOffice();
    const mail = await deliver(aLetter({ news, language }));

    const expected = [...(language === "en" ? [] : th), ...(language === "th" ? [] : en)];
    const subjects = [
      ...(language === "en" ? [] : th.slice(0, 1)),
      ...(language === "th" ? [] : en.slice(0, 1)),
    ];
    expect(mail.subject).toBe(`Somtam Notes Pro: ${subjects.join(" / ")}`);
    expectInOrder(
      mail.text,
      expected.slice(language === null ? 1 : 0).filter((part) => !subjects.includes(part)),
    );
    for (const part of expected.filter((one) => !subjects.includes(one)))
      expect(wordsOf(mail.html)).toContain(part);
    if (language === "en") expect(mail.text + mail.html + mail.subject).not.toMatch(/\p{Script=Thai}/u);

    const times = news.kind === "delivered" ? 1 : 0;
    expect(occurrences(mail.text, KEY)).toBe(times);
    expect(occurrences(mail.html ?? "", KEY)).toBe(times);
    // The key stands alone on its line, to be copied.
    if (times === 1) expect(mail.text.split("\n")).toContain(KEY);
  });
});

test("says the language of each part to those who read it aloud", async () => {
  const { deliver } = await aPostOffice();
  expect((await deliver(aLetter({ language: "th" }))).html).toContain('<html lang="th">');
  const english = await deliver(aLetter({ language: "en" }));
  expect(english.html).toContain('<html lang="en">');
  expect(english.headers["content-language"]).toBe("en");
  const both = (await deliver(aLetter({ language: null }))).html ?? "";
  expect([...both.matchAll(/<div lang="(th|en)">/g)].map(([, language]) => language)).toEqual(["th", "en"]);
});

test("is addressed, and leaves robots alone", async () => {
  const { deliver } = await aPostOffice();
  const mail = await deliver(aLetter());
  expect(mail.to).toEqual([ADDRESS]);
  expect(mail.from).toContain("licenses@example.com");
  expect(mail.headers.to).toBe(ADDRESS);
  expect(mail.headers["auto-submitted"]).toBe("auto-generated");
  expect(mail.headers["x-auto-response-suppress"]).toBe("All");
});

test("a copy of a letter has the same Message-ID, another letter another one", async () => {
  const { deliver } = await aPostOffice();
  const first = await deliver(aLetter());
  const copy = await deliver(aLetter());
  const other = await deliver(aLetter({ id: "eg_1_revoked" as MailId }));
  expect(first.messageId).toBe("<lk_1_delivered@example.com>");
  expect(copy.messageId).toBe(first.messageId);
  expect(other.messageId).toBe("<eg_1_revoked@example.com>");
});

test("fetches nothing and follows nobody", async () => {
  const { deliver } = await aPostOffice();
  const { html } = await deliver(aLetter({ language: null, news: { ...DELIVERED, until: UNTIL } }));
  expect(html).not.toMatch(/<img|<link|<script|<a |https?:|url\(|src=/i);
});

test("the owner's words can't become headers or HTML", async () => {
  const { deliver } = await aPostOffice();
  const productName = 'Tea "&" <b>Time</b>\r\nBcc: eve@example.com\r\n\r\n<script>x</script>\u202e';
  const mail = await deliver(aLetter({ productName }));
  expect(mail.to).toEqual([ADDRESS]);
  expect(mail.headers.bcc).toBeUndefined();
  expect(mail.subject).toBe('Tea "&" <b>Time</b> Bcc: eve@example.com <script>x</script>: Your license key');
  expect(mail.html).toContain("Tea &quot;&amp;&quot; &lt;b&gt;Time&lt;/b&gt; Bcc:");
  expect(mail.html).not.toMatch(/<b>|<script/);
  expect(mail.html).not.toContain("\u202e");
});

test("a key of odd characters comes out as it is", async () => {
  const { deliver } = await aPostOffice();
  const key = new Secret("a<b>&'\"=3D.");
  const mail = await deliver(aLetter({ news: { ...DELIVERED, key } }));
  expect(mail.text.split("\n")).toContain("a<b>&'\"=3D.");
  expect(mail.html).toContain("a&lt;b&gt;&amp;&#39;&quot;=3D.");
});

function expectInOrder(text: string, parts: readonly string[]): void {
  const places = parts.map((part) => text.indexOf(part));
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((left, right) => left - right));
}

function wordsOf(html: string | null): string {
  return (html ?? "").replace(/<[^>]*>/g, " ");
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

import type { RevocationReason } from "../../../domain/access.ts";
import type { Phrases, Reason } from "./phrases.ts";

const ASK_THE_SELLER = "หากมีข้อสงสัย กรุณาติดต่อผู้ขาย";

const reasons: Record<RevocationReason, Reason> = {
  subscription_on_hold: {
    why: "การสมัครใช้งานของคุณถูกหยุดไว้ชั่วคราว หรือการชำระเงินครั้งล่าสุดยังไม่สำเร็จ",
    next: "เรายังเก็บรหัสของคุณไว้ให้ เมื่อชำระเงินสำเร็จหรือกลับมาใช้งานต่อ รหัสเดิมจะใช้ได้อีกครั้งทันที ตรวจสอบได้ในแอป Google Play ที่เมนู “การชำระเงินและการสมัครใช้บริการ”",
  },
  subscription_cancelled: {
    why: "การสมัครใช้งานถูกยกเลิก และครบระยะเวลาที่ชำระเงินไว้แล้ว",
    next: "คุณกลับมาสมัครใหม่ในแอปได้ทุกเมื่อ แล้วเราจะส่งรหัสใหม่ให้",
  },
  subscription_expired: {
    why: "ครบระยะเวลาใช้งานของรหัสนี้แล้ว",
    next: "หากต้องการใช้งานต่อ สามารถซื้อได้ในแอป แล้วเราจะส่งรหัสใหม่ให้",
  },
  plan_changed: {
    why: "มีการเปลี่ยนแพ็กเกจ และรหัสนี้เป็นของแพ็กเกจเดิม",
    next: "หากแพ็กเกจใหม่มีรหัสใช้งาน เราจะส่งให้ในอีเมลอีกฉบับ",
  },
  refund: {
    why: "มีการคืนเงินสำหรับรายการซื้อนี้",
    next: "ดูรายละเอียดได้ในประวัติการสั่งซื้อบน Google Play หากคุณไม่ทราบเรื่องนี้มาก่อน กรุณาติดต่อผู้ขาย",
  },
  manual: { why: "ผู้ขายได้ยุติสิทธิ์การใช้งานนี้", next: ASK_THE_SELLER },
  license_key_disabled: { why: "รหัสนี้ถูกปิดใช้งานในระบบสิทธิ์การใช้งาน", next: ASK_THE_SELLER },
  platform_external: { why: "บริการที่เชื่อมต่อไว้ได้ยุติสิทธิ์การใช้งานนี้", next: ASK_THE_SELLER },
};

// Thai people read the year of the Buddhist era, which this locale writes, and their own clock.
const zone = { timeZone: "Asia/Bangkok" } as const;
const day = new Intl.DateTimeFormat("th-TH", { day: "numeric", month: "long", year: "numeric", ...zone });
const time = new Intl.DateTimeFormat("th-TH", {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  ...zone,
});

export const thai: Phrases = {
  language: "th",
  subject: {
    delivered: "รหัสใช้งานของคุณ",
    replaced: "รหัสใช้งานใหม่ของคุณ",
    restored: "รหัสใช้งานกลับมาใช้ได้แล้ว",
    paused: "รหัสใช้งานถูกพักไว้ชั่วคราว",
    ended: "รหัสใช้งานสิ้นสุดแล้ว",
  },
  heading: {
    delivered: "รหัสใช้งานของคุณพร้อมแล้ว",
    replaced: "รหัสใช้งานใหม่ของคุณพร้อมแล้ว",
    restored: "รหัสใช้งานกลับมาใช้ได้แล้ว",
    paused: "รหัสใช้งานถูกพักไว้ชั่วคราว",
    ended: "รหัสใช้งานสิ้นสุดแล้ว",
  },
  keyLabel: "รหัสใช้งาน (License key)",
  untilLabel: "ใช้ได้ถึง",
  delivered: (product) => `ใช้รหัสนี้เพื่อเปิดใช้งาน ${product}`,
  replaced: (product, ending) => `นี่คือรหัสสำหรับใช้งาน ${product} แทนรหัสเดิมที่ลงท้ายด้วย ${ending} ซึ่งใช้ไม่ได้แล้ว`,
  howTo: {
    below: "คัดลอกรหัส แล้ววางในช่องสำหรับใส่รหัสในแอป",
    above: "คัดลอกรหัสด้านบน แล้ววางในช่องสำหรับใส่รหัสในแอป",
  },
  keepIt: "กรุณาเก็บอีเมลฉบับนี้ไว้ และอย่าเปิดเผยรหัสแก่ผู้อื่น",
  renewal: "หากมีการต่ออายุ วันที่นี้จะเลื่อนออกไปและใช้รหัสเดิมต่อได้",
  restored: (product, ending) => `รหัสสำหรับใช้งาน ${product} ที่ลงท้ายด้วย ${ending} กลับมาใช้ได้แล้ว`,
  nothingToDo: "เป็นรหัสเดิม คุณไม่ต้องทำอะไรเพิ่มเติม",
  paused: (product, ending) => `รหัสสำหรับใช้งาน ${product} ที่ลงท้ายด้วย ${ending} ยังใช้ไม่ได้ในขณะนี้`,
  ended: (product, ending) => `รหัสสำหรับใช้งาน ${product} ที่ลงท้ายด้วย ${ending} ใช้ไม่ได้แล้ว`,
  reasons,
  automatic: "อีเมลฉบับนี้ส่งโดยอัตโนมัติถึงเจ้าของสิทธิ์การใช้งาน",
  moment: (at) => `${day.format(at)} เวลา ${time.format(at)} น. (เวลาไทย)`,
};

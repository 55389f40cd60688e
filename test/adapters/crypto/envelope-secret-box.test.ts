import { beforeEach, describe, expect, it } from "vitest";
import {
  createEnvelopeSecretBox,
  type KeyWrapper,
} from "../../../src/adapters/crypto/envelope-secret-box.ts";
import { AppError } from "../../../src/domain/errors.ts";
import { DAY } from "../../../src/domain/instant.ts";
import { Secret } from "../../../src/domain/secret.ts";

/** Wraps by turning every bit over; counts. */
class Wrapper implements KeyWrapper {
  wraps = 0;
  unwraps = 0;
  down = false;

  async wrap(key: Buffer): Promise<Buffer> {
    this.wraps += 1;
    return this.turned(key);
  }

  async unwrap(wrapped: Buffer): Promise<Buffer> {
    this.unwraps += 1;
    return this.turned(wrapped);
  }

  private turned(bytes: Buffer): Buffer {
    if (this.down) throw new AppError("store_unavailable", "as told", { retryable: true });
    return Buffer.from(bytes.map((byte) => byte ^ 0xff));
  }
}

let wrapper: Wrapper;
let now = 0;
const clock = { now: () => now };
const aBox = () => createEnvelopeSecretBox(wrapper, clock);
const KEY = new Secret("KEYT-0000-1111-2222");

beforeEach(() => {
  wrapper = new Wrapper();
  now = Date.UTC(2026, 10, 22);
});

describe("sealing under wrapped data keys", () => {
  it("opens what it sealed, here and in another process", async () => {
    const sealed = await aBox().seal(KEY, "slt_1");
    expect(sealed).toMatch(/^k1\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(sealed).not.toContain(Buffer.from("KEYT").toString("base64url"));
    expect((await aBox().open(sealed, "slt_1")).reveal()).toBe(KEY.reveal());
  });

  it("asks the wrapper once for many texts, also at once", async () => {
    const [one, other] = [aBox(), aBox()];
    const sealed = await Promise.all(Array.from({ length: 50 }, (_, n) => one.seal(KEY, `slt_${n}`)));
    expect(new Set(sealed).size).toBe(50);
    await Promise.all(sealed.map((text, n) => other.open(text, `slt_${n}`)));
    await Promise.all(sealed.map((text, n) => one.open(text, `slt_${n}`)));
    expect([wrapper.wraps, wrapper.unwraps]).toEqual([1, 1]);
  });

  it("takes a new data key after a day, one for all who need it, and opens the old texts", async () => {
    const box = aBox();
    const old = await box.seal(KEY, "slt_1");
    now += DAY;
    const fresh = await Promise.all([box.seal(KEY, "slt_1"), box.seal(KEY, "slt_2")]);
    expect(wrapper.wraps).toBe(2);
    expect(new Set([old, ...fresh].map((text) => text.split(".")[1])).size).toBe(2);
    expect((await box.open(old, "slt_1")).reveal()).toBe(KEY.reveal());
  });

  it.each([
    ["moved elsewhere", (text: string) => text, "slt_2"],
    [
      "changed at its end",
      (text: string) => `${text.slice(0, -2)}${text.endsWith("AA") ? "BB" : "AA"}`,
      "slt_1",
    ],
    ["cut", (text: string) => text.split(".").slice(0, 3).join("."), "slt_1"],
    ["longer by a part", (text: string) => `${text}.AAAA`, "slt_1"],
    ["without a data key", (text: string) => text.replace(/^k1\.[^.]+/, "k1."), "slt_1"],
    ["of another kind", (text: string) => text.replace(/^k1/, "v1"), "slt_1"],
  ])("refuses one that was %s, and says nothing of what is in it", async (_, change, boundTo) => {
    const sealed = await aBox().seal(KEY, "slt_1");
    const error = await aBox()
      .open(change(sealed), boundTo)
      .catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain("KEYT");
  });

  it("passes on that the wrapper is out of reach, and asks again the next time", async () => {
    const sealed = await aBox().seal(KEY, "slt_1");
    const box = aBox();
    wrapper.down = true;
    await expect(box.open(sealed, "slt_1")).rejects.toMatchObject({
      code: "store_unavailable",
      retryable: true,
    });
    await expect(box.seal(KEY, "slt_1")).rejects.toMatchObject({ retryable: true });
    wrapper.down = false;
    expect((await box.open(sealed, "slt_1")).reveal()).toBe(KEY.reveal());
    expect(await box.seal(KEY, "slt_1")).toMatch(/^k1\./);
  });
});

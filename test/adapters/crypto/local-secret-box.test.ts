import { describe, expect, it } from "vitest";
import { createLocalSecretBox, parseEncryptionKeys } from "../../../src/adapters/crypto/local-secret-box.ts";
import { Secret } from "../../../src/domain/secret.ts";

const PLAIN = "KEYT-AB12-3C4D-5E6F-7G8H-9J0K";
const SLOT = "slt_00000000000000000000000000000001";
const bytes = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const key = (id: string, fill: number) => ({ id, key: new Secret(bytes(fill)) });
const box = createLocalSecretBox([key("2026", 1)]);

describe("the local secret box", () => {
  it.each([
    ["a licence key", PLAIN],
    ["an empty text", ""],
    ["any script", "กุญแจ 🔑 \u0000"],
  ])("opens what it sealed: %s", async (_name, text) => {
    const opened = await box.open(await box.seal(new Secret(text), SLOT), SLOT);
    expect(opened.reveal()).toBe(text);
  });

  it("names version and key in clear, and nothing of the text", async () => {
    const sealed = await box.seal(new Secret(PLAIN), SLOT);
    expect(sealed).toMatch(/^v1\.2026\.[\w-]{16}\.[\w-]+$/);
    expect(Buffer.from(sealed.split(".")[3] ?? "", "base64url").toString("latin1")).not.toContain("KEYT");
  });

  it("seals the same text differently each time", async () => {
    const sealed = await Promise.all(Array.from({ length: 100 }, () => box.seal(new Secret(PLAIN), SLOT)));
    expect(new Set(sealed).size).toBe(100);
  });

  it.each(["", "slt_00000000000000000000000000000002", `${SLOT} `, `.${SLOT}`])(
    "doesn't open a text that was moved to another slot: %j",
    async (other) => {
      const sealed = await box.seal(new Secret(PLAIN), SLOT);
      await expect(box.open(sealed, other)).rejects.toThrow("belongs to something else");
    },
  );

  it("doesn't open a text with any single character changed, added or left out", async () => {
    const sealed = await box.seal(new Secret(PLAIN), SLOT);
    for (const end of [".", ".x", "\n", "="]) await expectShut(`${sealed}${end}`);
    for (let at = 0; at < sealed.length; at += 1) {
      for (const put of ["A", "B", "", ".", "=", "+", `${sealed[at]}A`, `${sealed[at]}\n`]) {
        const changed = sealed.slice(0, at) + put + sealed.slice(at + 1);
        if (changed !== sealed) await expectShut(changed);
      }
    }
  });

  it("doesn't open a text with any single bit of iv, ciphertext or tag flipped", async () => {
    const [version, id, ...parts] = (await box.seal(new Secret(PLAIN), SLOT)).split(".");
    for (const [part, text] of parts.entries()) {
      for (let bit = 0; bit < Buffer.from(text, "base64url").length * 8; bit += 1) {
        const flipped = Buffer.from(text, "base64url");
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        await expectShut([version, id, ...parts.with(part, flipped.toString("base64url"))].join("."));
      }
    }
  });

  it.each(["", "v1", "v1.2026", "v1.2026..", "v2.2026.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA", PLAIN])(
    "doesn't open what is no sealed text: %j",
    (text) => expectShut(text),
  );

  it("authenticates the key id: under the same bytes by another name a text doesn't open", async () => {
    const sealed = await box.seal(new Secret(PLAIN), SLOT);
    const twin = createLocalSecretBox([key("2027", 1)]);
    await expect(twin.open(sealed.replace("v1.2026.", "v1.2027."), SLOT)).rejects.toThrow("was changed");
  });

  it("rotates: the first key seals, the older ones still open", async () => {
    const old = await box.seal(new Secret(PLAIN), SLOT);
    const rotated = createLocalSecretBox([key("2027", 2), key("2026", 1)]);
    expect((await rotated.open(old, SLOT)).reveal()).toBe(PLAIN);
    expect(await rotated.seal(new Secret(PLAIN), SLOT)).toMatch(/^v1\.2027\./);
  });

  it("says which key is missing once an old one was taken away", async () => {
    const old = await box.seal(new Secret(PLAIN), SLOT);
    const without = createLocalSecretBox([key("2027", 2)]);
    await expect(without.open(old, SLOT)).rejects.toThrow('no encryption key "2026" is set');
  });

  it("isn't made without a key, or with one that is unusable", () => {
    expect(() => createLocalSecretBox([])).toThrow("no encryption key");
    expect(() => createLocalSecretBox([key("a", 1), key("a", 2)])).toThrow("key 2 of 2: its id is taken");
    expect(() => createLocalSecretBox([{ id: "a", key: new Secret("short") }])).toThrow("key 1 of 1");
  });

  async function expectShut(text: string): Promise<void> {
    const error = await box.open(text, SLOT).then(
      () => "opened",
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain(PLAIN);
  }
});

describe("LICENSE_ENCRYPTION_KEYS", () => {
  it("is a comma list of id and base64, in order", async () => {
    const keys = parseEncryptionKeys(` new:${bytes(2)} ,\n2026:${bytes(1)}`);
    expect(keys.map(({ id }) => id)).toEqual(["new", "2026"]);
    const sealed = await box.seal(new Secret(PLAIN), SLOT);
    expect((await createLocalSecretBox(keys).open(sealed, SLOT)).reveal()).toBe(PLAIN);
  });

  const good = `a:${bytes(7)}`;
  it.each([
    ["", "key 1 of 1"],
    [`${good},`, "key 2 of 2"],
    [`${good},${bytes(8)}`, "key 2 of 2"],
    [`${good},a:${bytes(8)}`, "key 2 of 2"],
    [`a.b:${bytes(8)},${good}`, "key 1 of 2"],
    [`:${bytes(8)}`, "key 1 of 1"],
    [`b:${Buffer.alloc(31, 8).toString("base64")}`, "key 1 of 1"],
    [`b:${Buffer.alloc(33, 8).toString("base64")}`, "key 1 of 1"],
    [`b:${Buffer.alloc(32, 8).toString("hex")}`, "key 1 of 1"],
    [`b:${bytes(8).replace("=", "")}`, "key 1 of 1"],
    [`b:${bytes(8)}:x`, "key 1 of 1"],
  ])("is refused by position, telling nothing of a key (%#)", (text, position) => {
    let message = "";
    try {
      parseEncryptionKeys(text);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain(position);
    expect(message).not.toContain(bytes(8).slice(0, 12));
    expect(message).not.toContain(Buffer.alloc(31, 8).toString("hex").slice(0, 12));
  });
});

import { describe, expect, it } from "vitest";
import { createLocalSecretBox } from "../../../src/adapters/crypto/local-secret-box.ts";
import { alsoUnsealed, unsealedBox } from "../../../src/adapters/crypto/unsealed-box.ts";
import { endpointId } from "../../../src/domain/ids.ts";
import { Secret } from "../../../src/domain/secret.ts";

const ENDPOINT = endpointId("0".repeat(32));
const sealing = alsoUnsealed(
  createLocalSecretBox([{ id: "k1", key: new Secret(Buffer.alloc(32, 7).toString("base64")) }]),
);

describe("a shop without encryption keys", () => {
  it("keeps the secrets of its endpoints", async () => {
    const kept = await unsealedBox.seal(new Secret("whsec_one"), ENDPOINT);
    expect((await unsealedBox.open(kept, ENDPOINT)).reveal()).toBe("whsec_one");
  });

  it("can open what was sealed only with a key", async () => {
    const sealed = await sealing.seal(new Secret("whsec_one"), ENDPOINT);
    await expect(unsealedBox.open(sealed, ENDPOINT)).rejects.toThrow("LICENSE_ENCRYPTION_KEYS");
  });
});

describe("once there is a key", () => {
  it("all is sealed, and what was kept before opens as well", async () => {
    const kept = await unsealedBox.seal(new Secret("whsec_old"), ENDPOINT);
    const sealed = await sealing.seal(new Secret("whsec_new"), ENDPOINT);
    expect(sealed).not.toContain(Buffer.from("whsec_new").toString("base64url"));
    const opened = [await sealing.open(kept, ENDPOINT), await sealing.open(sealed, ENDPOINT)];
    expect(opened.map((secret) => secret.reveal())).toEqual(["whsec_old", "whsec_new"]);
  });

  it("an unsealed text in a licence key's place is refused: whoever writes it there is no one of ours", async () => {
    const planted = await unsealedBox.seal(new Secret("PLANTED-KEY"), "slt_1");
    await expect(sealing.open(planted, "slt_1")).rejects.toThrow();
  });
});

import { describe, expect, it } from "vitest";
import { createEnvelopeSecretBox } from "../../../src/adapters/crypto/envelope-secret-box.ts";
import { createLocalSecretBox } from "../../../src/adapters/crypto/local-secret-box.ts";
import { combineSecretBoxes } from "../../../src/adapters/crypto/secret-boxes.ts";
import { unsealedBox } from "../../../src/adapters/crypto/unsealed-box.ts";
import { endpointId } from "../../../src/domain/ids.ts";
import { Secret } from "../../../src/domain/secret.ts";

const KEY = new Secret("KEYT-0000-1111-2222");
const local = createLocalSecretBox([{ id: "k1", key: new Secret(Buffer.alloc(32, 7).toString("base64")) }]);
const same = async (bytes: Buffer) => bytes;
const kms = createEnvelopeSecretBox({ wrap: same, unwrap: same }, { now: () => 0 });

describe("an owner who moves from keys of their own to Cloud KMS, or back", () => {
  const before = combineSecretBoxes({ local, kms, sealing: "local" });
  const after = combineSecretBoxes({ local, kms, sealing: "kms" });

  it("can open everything at every step", async () => {
    for (const sealed of [await before.seal(KEY, "slt_1"), await after.seal(KEY, "slt_1")]) {
      for (const box of [before, after])
        expect((await box.open(sealed, "slt_1")).reveal()).toBe(KEY.reveal());
    }
  });

  it("seals with the one that was chosen", async () => {
    expect(await before.seal(KEY, "slt_1")).toMatch(/^v1\.k1\./);
    expect(await after.seal(KEY, "slt_1")).toMatch(/^k1\./);
  });

  it("is told what is missing where a step was left out", async () => {
    const [byLocal, byKms] = [await before.seal(KEY, "slt_1"), await after.seal(KEY, "slt_1")];
    const onlyKms = combineSecretBoxes({ local: null, kms, sealing: "kms" });
    await expect(onlyKms.open(byLocal, "slt_1")).rejects.toThrow("LICENSE_ENCRYPTION_KEYS is not set");
    const onlyLocal = combineSecretBoxes({ local, kms: null, sealing: "local" });
    await expect(onlyLocal.open(byKms, "slt_1")).rejects.toThrow("LICENSE_KMS_KEY is not set");
  });
});

it("without any, secrets of endpoints are kept; with one, what was kept still opens", async () => {
  const endpoint = endpointId("0".repeat(32));
  const none = combineSecretBoxes({ local: null, kms: null, sealing: "local" });
  expect(none).toBe(unsealedBox);
  const kept = await none.seal(new Secret("whsec_1"), endpoint);
  const box = combineSecretBoxes({ local: null, kms, sealing: "kms" });
  expect((await box.open(kept, endpoint)).reveal()).toBe("whsec_1");
});

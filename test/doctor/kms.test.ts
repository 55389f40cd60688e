import { expect, test } from "vitest";
import { kms } from "../../src/doctor/checks/kms.ts";
import {
  ACCESS_TOKEN,
  type Answer,
  aContext,
  aStandIn,
  lines,
  NOWHERE,
  refusal,
  rootsAt,
} from "./support.ts";

const KEY = "projects/shop/locations/asia-southeast1/keyRings/playgrant/cryptoKeys/licenses";
const PLACE = "--project=shop --location=asia-southeast1 --keyring=playgrant";
const settings = { PLAYGRANT_STORE: "memory", LICENSE_KMS_KEY: KEY };

/** Wraps by turning each byte round, as long as it is let. */
async function aKms(changes: Record<string, Answer> = {}) {
  const turned = (text: string) => Buffer.from(text, "base64").map((byte) => byte ^ 255);
  const answer = (from: string, to: string) => (body: string) => ({
    body: { [to]: Buffer.from(turned(JSON.parse(body)[from])).toString("base64") },
  });
  const server = await aStandIn({
    [`POST /v1/${KEY}:encrypt`]: answer("plaintext", "ciphertext"),
    [`POST /v1/${KEY}:decrypt`]: answer("ciphertext", "plaintext"),
    ...changes,
  });
  return { ...server, look: () => lines(kms, aContext(settings, { roots: rootsAt(server.url) })) };
}

test("wraps and unwraps, with our credentials", async () => {
  const { look, asked, authorizations } = await aKms();
  expect(await look()).toEqual([`ok: ${KEY} wraps and unwraps`]);
  expect(asked).toEqual([`POST /v1/${KEY}:encrypt`, `POST /v1/${KEY}:decrypt`]);
  expect(authorizations).toEqual([`Bearer ${ACCESS_TOKEN}`, `Bearer ${ACCESS_TOKEN}`]);
});

test("a key that may wrap and not unwrap", async () => {
  const { look } = await aKms({ [`POST /v1/${KEY}:decrypt`]: refusal(403, "PERMISSION_DENIED") });
  expect(await look()).toEqual([
    expect.stringMatching(
      /^failed: Cloud KMS refuses to decrypt \(403\) → .*roles\/cloudkms\.cryptoKeyEncrypterDecrypter/,
    ),
  ]);
});

test.each([400, 404])("no usable key: %s", async (status) => {
  const { look } = await aKms({ [`POST /v1/${KEY}:encrypt`]: refusal(status, "NOT_FOUND") });
  expect(await look()).toEqual([
    `failed: Cloud KMS has no usable key of this name (${status} to encrypt) → gcloud kms keys create licenses ${PLACE} ` +
      "--purpose=encryption, or correct LICENSE_KMS_KEY; its primary version must be enabled",
  ]);
});

test("out of order, and out of reach", async () => {
  const { look } = await aKms({ [`POST /v1/${KEY}:encrypt`]: refusal(503, "UNAVAILABLE") });
  expect(await look()).toEqual([expect.stringMatching(/^failed: Cloud KMS answered 503 to encrypt/)]);
  const nowhere = aContext(settings, { roots: rootsAt(NOWHERE) });
  expect(await lines(kms, nowhere)).toEqual([expect.stringMatching(/^failed: Cloud KMS gives no answer/)]);
});

test("not set: nothing is asked, and nothing is needed", async () => {
  const context = aContext({ PLAYGRANT_STORE: "memory" });
  expect(await lines(kms, context)).toEqual(["skipped: LICENSE_KMS_KEY is not set"]);
  expect(kms.needs?.(context)).toEqual([]);
  expect(kms.needs?.(aContext(settings))).toEqual(["google"]);
});

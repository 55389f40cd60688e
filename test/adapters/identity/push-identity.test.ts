import { beforeAll, expect, test } from "vitest";
import {
  createPushIdentity,
  type PushIdentityOptions,
} from "../../../src/adapters/identity/push-identity.ts";
import { SECOND } from "../../../src/domain/instant.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { NOW } from "../../support/builders.ts";
import { type Issuer, startIssuer, unsigned } from "./issuer.ts";

const AUDIENCE = "https://play.example.com/v1/rtdn";
const ACCOUNT = "rtdn-push@demo.iam.gserviceaccount.com";
const AT = NOW / SECOND;
const CLAIMS = {
  iss: "https://accounts.google.com",
  aud: AUDIENCE,
  azp: "104829571930284756102",
  sub: "104829571930284756102",
  email: ACCOUNT,
  email_verified: true,
  iat: AT,
  exp: AT + 3600,
};
const REFUSED = { code: "unauthenticated" };

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});

function pushOf(options: Partial<PushIdentityOptions> = {}) {
  const identity = createPushIdentity({
    audience: AUDIENCE,
    serviceAccount: ACCOUNT,
    jwksUrl: issuer.jwksUrl,
    clock: { now: () => NOW },
    ...options,
  });
  return { verify: (token: string) => identity.verify(new Secret(token)) };
}

test("a push of our subscription is believed, as often as the token comes", async () => {
  const push = pushOf();
  const token = await issuer.sign(CLAIMS);
  await push.verify(token);
  await push.verify(token);
});

test("Google may write its name in two ways, others in one", async () => {
  await pushOf().verify(await issuer.sign({ ...CLAIMS, iss: "accounts.google.com" }));
  const own = pushOf({ issuer: "http://127.0.0.1:8090/identity" });
  await own.verify(await issuer.sign({ ...CLAIMS, iss: "http://127.0.0.1:8090/identity" }));
  for (const iss of ["https://accounts.google.com", "accounts.google.com"]) {
    await expect(own.verify(await issuer.sign({ ...CLAIMS, iss }))).rejects.toMatchObject(REFUSED);
  }
});

test.each([
  ["another issuer", { iss: "https://evil.example.com" }],
  ["another audience", { aud: "https://other.example.com/v1/rtdn" }],
  ["no audience", { aud: undefined }],
  ["another account", { email: "somebody@evil.iam.gserviceaccount.com" }],
  ["the account in other letters", { email: ACCOUNT.toUpperCase() }],
  ["no account", { email: undefined }],
  ["an account that isn't verified", { email_verified: false }],
  ["an account verified by a word", { email_verified: "true" }],
  ["an account of unknown standing", { email_verified: undefined }],
  ["an end in the past", { exp: AT - 1 }],
  ["no end", { exp: undefined }],
])("a token with %s is refused", async (_, claims) => {
  const push = pushOf();
  const token = await issuer.sign({ ...CLAIMS, ...claims });
  // Also the second time, when its signature is known.
  await expect(push.verify(token)).rejects.toMatchObject(REFUSED);
  await expect(push.verify(token)).rejects.toMatchObject(REFUSED);
});

test("an unsigned token, another's signature and no token at all are refused", async () => {
  const other = await startIssuer();
  for (const token of [unsigned(CLAIMS), await other.sign(CLAIMS), "", "a.b.c"]) {
    await expect(pushOf().verify(token)).rejects.toMatchObject(REFUSED);
  }
});

test.each([{ audience: null }, { serviceAccount: null }, { audience: "" }, { serviceAccount: "" }])(
  "without a push subscription (%j) nobody is believed",
  async (options) => {
    await expect(pushOf(options).verify(await issuer.sign(CLAIMS))).rejects.toMatchObject(REFUSED);
  },
);

test("without Google's keys Pub/Sub is asked to come again", async () => {
  const push = pushOf({ jwksUrl: "http://127.0.0.1:9/" });
  const later = { code: "store_unavailable", retryable: true };
  await expect(push.verify(await issuer.sign(CLAIMS))).rejects.toMatchObject(later);
});

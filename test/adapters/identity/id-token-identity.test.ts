import { inspect } from "node:util";
import { generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startSandbox } from "../../../sandbox/sandbox.ts";
import {
  createIdentity,
  firebaseIssuer,
  type IdentityOptions,
} from "../../../src/adapters/identity/id-token-identity.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/instant.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { NOW } from "../../support/builders.ts";
import { type Issuer, startIssuer, unsigned } from "./issuer.ts";

const { issuer: ISS, audience: AUD } = firebaseIssuer("demo");
const AT = NOW / SECOND;
const CLAIMS = {
  iss: ISS,
  aud: AUD,
  sub: "ann",
  iat: AT,
  exp: AT + 3600,
  email: "ann@example.com",
  email_verified: true,
};
const REFUSED = { code: "unauthenticated", retryable: false };

let issuer: Issuer;
let now: number;
beforeEach(async () => {
  issuer = await startIssuer();
  now = NOW;
});
afterEach(() => {
  vi.useRealTimers();
});

function identityOf(options: Partial<IdentityOptions> = {}) {
  const { jwksUrl } = issuer;
  const identity = createIdentity({
    issuer: ISS,
    audience: AUD,
    jwksUrl,
    emulator: false,
    clock: { now: () => now },
    ...options,
  });
  return { verify: (token: string) => identity.verify(new Secret(token)) };
}

test("a token of ours names the customer and the verified address", async () => {
  expect(await identityOf().verify(await issuer.sign(CLAIMS))).toEqual({
    customerId: "ann",
    email: "ann@example.com",
  });
});

test("ES256 is as good as RS256", async () => {
  issuer = await startIssuer("ES256");
  expect(await identityOf().verify(await issuer.sign(CLAIMS))).toHaveProperty("customerId", "ann");
});

test.each([
  ["not verified", { email_verified: false }],
  ["verified by a word", { email_verified: "true" }],
  ["of unknown standing", { email_verified: undefined }],
  ["missing", { email: undefined }],
  ["empty", { email: "" }],
  ["no text", { email: 7 }],
])("an address that is %s is none", async (_, claims) => {
  const token = await issuer.sign({ ...CLAIMS, ...claims });
  expect(await identityOf().verify(token)).toEqual({ customerId: "ann", email: null });
});

test.each([
  ["another issuer", { iss: "https://securetoken.google.com/other" }],
  ["no issuer", { iss: undefined }],
  ["another audience", { aud: "other" }],
  ["no audience", { aud: undefined }],
  ["an end in the past", { exp: AT - 1 }],
  ["an end that is now", { exp: AT }],
  ["no end", { exp: undefined }],
  ["a start in the future", { nbf: AT + 60 }],
  ["a uid with a slash", { sub: "a/b" }],
  ["an empty uid", { sub: "" }],
  ["no uid", { sub: undefined }],
  ["a uid that Firestore keeps for itself", { sub: "__id__" }],
  ["a uid of dots", { sub: ".." }],
])("a token with %s is refused", async (_, claims) => {
  await expect(identityOf().verify(await issuer.sign({ ...CLAIMS, ...claims }))).rejects.toMatchObject(
    REFUSED,
  );
});

test("a token that somebody else signed is refused", async () => {
  const { privateKey } = await generateKeyPair("RS256");
  for (const kid of ["key-1", "key-9"]) {
    const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: "RS256", kid }).sign(privateKey);
    await expect(identityOf().verify(token)).rejects.toMatchObject(REFUSED);
  }
});

test("a token signed with the public key as a password is refused", async () => {
  const password = new TextEncoder().encode(await (await fetch(issuer.jwksUrl)).text());
  const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256", kid: "key-1" }).sign(password);
  await expect(identityOf().verify(token)).rejects.toMatchObject(REFUSED);
});

test("a token whose payload was changed is refused, also after the true one was seen", async () => {
  const identity = identityOf();
  const token = await issuer.sign(CLAIMS);
  await identity.verify(token);
  const [header, , signature] = token.split(".");
  const forged = Buffer.from(JSON.stringify({ ...CLAIMS, sub: "ben" })).toString("base64url");
  await expect(identity.verify(`${header}.${forged}.${signature}`)).rejects.toMatchObject(REFUSED);
});

test.each(["", "a", "a.b.c", "....", "e30.e30.", "ก.ก.ก"])("%j is no token", async (text) => {
  await expect(identityOf().verify(text)).rejects.toMatchObject(REFUSED);
  await expect(identityOf({ emulator: true }).verify(text)).rejects.toMatchObject(REFUSED);
});

test("an unsigned token is for the emulator only", async () => {
  await expect(identityOf().verify(unsigned(CLAIMS))).rejects.toMatchObject(REFUSED);
  const emulator = identityOf({ emulator: true });
  expect(await emulator.verify(unsigned(CLAIMS))).toEqual({ customerId: "ann", email: "ann@example.com" });
  expect(await emulator.verify(await issuer.sign({ ...CLAIMS, sub: "ben" }))).toHaveProperty(
    "customerId",
    "ben",
  );
});

test.each([{ iss: "x" }, { aud: "x" }, { exp: AT - 1 }, { exp: undefined }, { sub: "a/b" }])(
  "the emulator's tokens are checked as well: %j",
  async (claims) => {
    const emulator = identityOf({ emulator: true });
    await expect(emulator.verify(unsigned({ ...CLAIMS, ...claims }))).rejects.toMatchObject(REFUSED);
  },
);

test("neither the token nor its claims get into an error", async () => {
  const token = await issuer.sign({ ...CLAIMS, aud: "other" });
  const error = await identityOf()
    .verify(token)
    .catch((thrown: unknown) => thrown);
  const said = inspect(error, { depth: 20, showHidden: true });
  expect(said).toContain("aud");
  for (const secret of [token, "ann", ISS]) expect(said).not.toContain(secret);
});

test("a token that held is believed until it ends, not a moment longer", async () => {
  const identity = identityOf();
  const token = await issuer.sign(CLAIMS);
  await identity.verify(token);
  issuer.up = false;
  now = NOW + HOUR - 1;
  expect(await identity.verify(token)).toHaveProperty("customerId", "ann");
  now = NOW + HOUR;
  await expect(identity.verify(token)).rejects.toMatchObject(REFUSED);
});

test("the keys are fetched once, and again when there is a new one", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  const identity = identityOf();
  for (let customer = 0; customer < 5; customer += 1) {
    await identity.verify(await issuer.sign({ ...CLAIMS, sub: `customer-${customer}` }));
  }
  expect(issuer.fetches).toBe(1);
  await issuer.rotate("key-2");
  const token = await issuer.sign(CLAIMS);
  // Anybody can invent key ids: they don't make us fetch more often than twice a minute.
  await expect(identity.verify(token)).rejects.toMatchObject(REFUSED);
  expect(issuer.fetches).toBe(1);
  vi.setSystemTime(NOW + MINUTE);
  expect(await identity.verify(token)).toHaveProperty("customerId", "ann");
  expect(issuer.fetches).toBe(2);
});

test("without the issuer's keys nobody is refused, but asked to come again", async () => {
  issuer.up = false;
  const identity = identityOf();
  const later = { code: "store_unavailable", retryable: true, retryAfterMs: 5000 };
  await expect(identity.verify(await issuer.sign(CLAIMS))).rejects.toMatchObject(later);
  await expect(
    identityOf({ jwksUrl: "http://127.0.0.1:9/" }).verify(await issuer.sign(CLAIMS)),
  ).rejects.toMatchObject(later);
  issuer.up = true;
  expect(await identity.verify(await issuer.sign(CLAIMS))).toHaveProperty("customerId", "ann");
});

test("while the key server is down the last keys serve, for a day", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  const identity = identityOf();
  const endless = { ...CLAIMS, exp: AT + 100 * 86400 };
  await identity.verify(await issuer.sign(endless));
  issuer.up = false;
  const after = (ms: number) => {
    now = NOW + ms;
    vi.setSystemTime(now);
  };
  after(2 * HOUR);
  expect(await identity.verify(await issuer.sign({ ...endless, sub: "ben" }))).toHaveProperty(
    "customerId",
    "ben",
  );
  after(2 * HOUR + DAY);
  await expect(identity.verify(await issuer.sign({ ...endless, sub: "cat" }))).rejects.toMatchObject({
    code: "store_unavailable",
  });
});

test("the sandbox's tokens are accepted as they come", async () => {
  await using sandbox = await disposableSandbox();
  const { identity } = sandbox;
  const ours = identityOf({
    issuer: identity.issuer,
    audience: identity.audience,
    jwksUrl: `${sandbox.url}/identity/jwks.json`,
    clock: { now: () => Date.now() },
  });
  expect(await ours.verify(await identity.token({ uid: "ann", email: "a@b.c" }))).toEqual({
    customerId: "ann",
    email: "a@b.c",
  });
  await expect(ours.verify(await identity.token({ uid: "ann", expiresIn: -1 }))).rejects.toMatchObject(
    REFUSED,
  );
});

async function disposableSandbox() {
  const sandbox = await startSandbox();
  return { ...sandbox, [Symbol.asyncDispose]: () => sandbox.close() };
}

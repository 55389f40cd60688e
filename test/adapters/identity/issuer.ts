import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll } from "vitest";

/** An issuer of tokens with a key server that can be switched off. */
export interface Issuer {
  readonly jwksUrl: string;
  /** How often the keys were fetched. */
  fetches: number;
  up: boolean;
  sign(claims: Record<string, unknown>, header?: { alg?: string; kid?: string }): Promise<string>;
  /** A new key takes the place of the old one. */
  rotate(kid: string): Promise<void>;
}

const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing.splice(0)) close();
});

export async function startIssuer(algorithm = "RS256"): Promise<Issuer> {
  let pair = await generateKeyPair(algorithm, { extractable: true });
  let kid = "key-1";
  const keys = async (): Promise<JWK[]> => [{ ...(await exportJWK(pair.publicKey)), kid, use: "sig" }];
  const server = createServer(async (_, response) => {
    issuer.fetches += 1;
    if (!issuer.up) response.writeHead(503).end();
    else
      response
        .writeHead(200, { "Content-Type": "application/json" })
        .end(JSON.stringify({ keys: await keys() }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const issuer: Issuer = {
    jwksUrl: `http://127.0.0.1:${port}/jwks`,
    fetches: 0,
    up: true,
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid, ...header }).sign(pair.privateKey),
    async rotate(next) {
      pair = await generateKeyPair(algorithm, { extractable: true });
      kid = next;
    },
  };
  return issuer;
}

/** A token that nobody signed. */
export function unsigned(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`;
}

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKmsKeyWrapper } from "../../../src/adapters/crypto/kms-key-wrapper.ts";

const NAME = "projects/shop/locations/global/keyRings/playgrant/cryptoKeys/licenses";
const KEY = Buffer.alloc(32, 9);

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Record<string, string>;
}

let server: Server;
let asked: Asked[];
/** What the server answers instead; `hang`: nothing. */
let trouble: { status: number; body: string } | "hang" | null;

/** Cloud KMS, as far as it matters: what it "encrypts" opens only with the same additional data. */
function answer({ path, body }: Asked): object {
  if (path.endsWith(":encrypt")) return { name: NAME, ciphertext: btoa(JSON.stringify(body)) };
  const sealed = JSON.parse(atob(body.ciphertext ?? "")) as Record<string, string>;
  return sealed.additionalAuthenticatedData === body.additionalAuthenticatedData
    ? { plaintext: sealed.plaintext }
    : {};
}

beforeEach(async () => {
  [asked, trouble] = [[], null];
  server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as Record<string, string>;
    const one = { path: request.url ?? "", authorization: request.headers.authorization, body };
    asked.push(one);
    if (trouble === "hang") return;
    response.statusCode = trouble?.status ?? 200;
    response.end(trouble?.body ?? JSON.stringify(answer(one)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const wrapper = (timeoutMs = 2000) =>
  createKmsKeyWrapper({
    keyName: NAME,
    timeoutMs,
    rootUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: async () => new Headers({ authorization: "Bearer of-the-service" }),
  });

describe("keys wrapped by Cloud KMS", () => {
  it("come back as they were, each by one call under the owner's key", async () => {
    const wrapped = await wrapper().wrap(KEY);
    expect(await wrapper().unwrap(wrapped)).toEqual(KEY);
    expect(asked.map(({ path, authorization }) => [path, authorization])).toEqual([
      [`/v1/${NAME}:encrypt`, "Bearer of-the-service"],
      [`/v1/${NAME}:decrypt`, "Bearer of-the-service"],
    ]);
  });

  it("are bound to what they are for", async () => {
    await wrapper().unwrap(await wrapper().wrap(KEY));
    const [purpose, ...others] = asked.map(({ body }) => body.additionalAuthenticatedData);
    expect([purpose, others]).toEqual([btoa("playgrant data key"), [purpose]]);
  });

  it.each([
    [403, '{"error":{"message":"of bG9uZw=="}}'],
    [429, ""],
    [503, "try later"],
    [200, "no JSON"],
    [200, "{}"],
    [200, '{"plaintext":"not base64!","ciphertext":"not base64!"}'],
  ])("can't be had while it answers %i %j: to be tried again, in our own words", async (status, body) => {
    const wrapped = await wrapper().wrap(KEY);
    trouble = { status, body };
    for (const call of [() => wrapper().wrap(KEY), () => wrapper().unwrap(wrapped)]) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "store_unavailable", retryable: true });
      expect(JSON.stringify([String(error), String((error as Error).cause)])).not.toMatch(
        /bG9uZw|later|base64!/,
      );
    }
  });

  it("are waited for no longer than said", async () => {
    trouble = "hang";
    const began = performance.now();
    await expect(wrapper(200).wrap(KEY)).rejects.toMatchObject({ retryable: true });
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it("can't be had without credentials", async () => {
    const refused = createKmsKeyWrapper({
      keyName: NAME,
      credentials: async () => {
        throw new Error("no default credentials");
      },
    });
    await expect(refused.wrap(KEY)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(asked).toEqual([]);
  });
});

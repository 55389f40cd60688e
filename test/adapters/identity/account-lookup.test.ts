import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createFirebaseAccounts,
  type FirebaseAccountsOptions,
  nobodyKnown,
} from "../../../src/adapters/identity/account-lookup.ts";
import { OutsideError } from "../../../src/domain/errors.ts";
import type { CustomerId } from "../../../src/domain/ids.ts";
import type { AccountLookup } from "../../../src/ports.ts";

const SOMCHAI = "uid-somchai" as CustomerId;
const ADDRESS = "somchai@example.com";
const USER = { localId: SOMCHAI, email: ADDRESS, emailVerified: true };
const KIND = "identitytoolkit#GetAccountInfoResponse";

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Stands in for Google's server: plays the answer, and keeps what was asked. */
async function identityToolkit(answer: Answer): Promise<{ host: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const body: unknown = JSON.parse(await text(request));
    asked.push({ method, url, authorization: headers.authorization, body });
    answer(response, request);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function json(body: unknown, status = 200): Answer {
  return (response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function accountsThat(
  answer: Answer,
  overrides: Partial<FirebaseAccountsOptions> = {},
): Promise<AccountLookup> {
  const { host } = await identityToolkit(answer);
  return createFirebaseAccounts({ projectId: "demo-shop", emulatorHost: host, ...overrides });
}

async function failureOf(asking: Promise<unknown>): Promise<OutsideError> {
  const failure = await asking.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(failure instanceof OutsideError)) throw new Error("not an OutsideError", { cause: failure });
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(ADDRESS);
  return failure;
}

test("asks the emulator as its owner", async () => {
  const { host, asked } = await identityToolkit(json({ kind: KIND, users: [USER] }));
  const accounts = createFirebaseAccounts({ projectId: "demo-shop", emulatorHost: host });
  expect(await accounts.email(SOMCHAI)).toBe(ADDRESS);
  expect(asked).toEqual([
    {
      method: "POST",
      url: "/identitytoolkit.googleapis.com/v1/projects/demo-shop/accounts:lookup",
      authorization: "Bearer owner",
      body: { localId: [SOMCHAI] },
    },
  ]);
});

test("asks Google with the credentials it is given", async () => {
  const { host, asked } = await identityToolkit(json({ kind: KIND, users: [USER] }));
  const urls: string[] = [];
  const credentials = async (url: string) => {
    urls.push(url);
    return new Headers({ authorization: "Bearer ya29.token" });
  };
  const accounts = createFirebaseAccounts({ projectId: "shop", rootUrl: `http://${host}`, credentials });
  expect(await accounts.email(SOMCHAI)).toBe(ADDRESS);
  expect(urls).toEqual([`http://${host}/v1/projects/shop/accounts:lookup`]);
  expect(asked).toMatchObject([
    { url: "/v1/projects/shop/accounts:lookup", authorization: "Bearer ya29.token" },
  ]);
});

describe("no address", () => {
  test.each([
    ["that isn't verified", { users: [{ ...USER, emailVerified: false }] }],
    ["of which nothing says that it is", { users: [{ localId: SOMCHAI, email: ADDRESS }] }],
    ["of a disabled account", { users: [{ ...USER, disabled: true }] }],
    ["of an account without one", { users: [{ localId: SOMCHAI, emailVerified: true }] }],
    ["that is empty", { users: [{ ...USER, email: "" }] }],
    ["of somebody else", { users: [{ ...USER, localId: "uid-malee" }] }],
    ["of nobody", { kind: KIND }],
    ["of nobody at all", { users: [] }],
  ])("%s", async (_name, answer) => {
    expect(await (await accountsThat(json(answer))).email(SOMCHAI)).toBeNull();
  });

  test("where nobody is known", async () => {
    expect(await nobodyKnown.email(SOMCHAI)).toBeNull();
  });
});

describe("a look-up that fails", () => {
  test.each([400, 401, 403, 404])("%i: refused", async (status) => {
    const accounts = await accountsThat(json({ error: { message: ADDRESS } }, status));
    expect(await failureOf(accounts.email(SOMCHAI))).toMatchObject({
      kind: "refused",
      code: "accounts_refused",
    });
  });

  const passing: readonly (readonly [string, Answer])[] = [
    ["429", json({}, 429)],
    ["408", json({}, 408)],
    ["500", json({ error: ADDRESS }, 500)],
    ["503", json({}, 503)],
    ["a redirect", (response) => response.writeHead(307, { location: "/elsewhere" }).end()],
    ["no JSON", (response) => response.end(`<html>${ADDRESS}`)],
    ["another shape", json({ users: [{ ...USER, localId: 7 }] })],
    ["a cut", (response) => response.destroy()],
    [
      "a cut in the answer",
      (response) =>
        void response.writeHead(200, { "content-length": 99 }).write("{", () => response.destroy()),
    ],
  ];
  test.each(passing)("%s: busy", async (_name, answer) => {
    const accounts = await accountsThat(answer);
    expect(await failureOf(accounts.email(SOMCHAI))).toMatchObject({
      kind: "busy",
      code: "accounts_unavailable",
    });
  });

  test("nobody listens: busy", async () => {
    const accounts = createFirebaseAccounts({ projectId: "shop", emulatorHost: "127.0.0.1:1" });
    expect(await failureOf(accounts.email(SOMCHAI))).toMatchObject({ code: "accounts_unavailable" });
  });

  test("no credentials: busy", async () => {
    const credentials = () => Promise.reject(new Error(`no key for ${ADDRESS}`));
    const accounts = createFirebaseAccounts({
      projectId: "shop",
      rootUrl: "http://127.0.0.1:1",
      credentials,
    });
    expect(await failureOf(accounts.email(SOMCHAI))).toMatchObject({ code: "accounts_unavailable" });
  });

  const slow: readonly (readonly [string, Answer, Partial<FirebaseAccountsOptions>])[] = [
    ["no answer", () => undefined, {}],
    ["half an answer", (response) => void response.writeHead(200).write("{"), {}],
    ["no credentials", json({}), { emulatorHost: null, credentials: () => new Promise(() => undefined) }],
  ];
  test.each(slow)("%s in time: busy", async (_name, answer, overrides) => {
    const accounts = await accountsThat(answer, { timeoutMs: 200, ...overrides });
    const begun = performance.now();
    expect(await failureOf(accounts.email(SOMCHAI))).toMatchObject({
      kind: "busy",
      code: "accounts_unavailable",
    });
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

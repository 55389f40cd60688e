import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createListener } from "../../functions/src/api.ts";
import * as service from "../../functions/src/service.ts";

/** The function around the Hono app: the instance may not be left before what its last answer began has ended. */

const work = { busy: Promise.resolve() };
let slow: PromiseWithResolvers<void>;
let server: Server;
let url: string;

beforeEach(async () => {
  slow = Promise.withResolvers();
  work.busy = Promise.resolve();
  vi.spyOn(service, "theService").mockReturnValue({
    app: async () => ({
      fetch: async (request: Request) => {
        if (request.url.endsWith("/slow")) await slow.promise;
        return new Response(await request.text());
      },
    }),
    idle: () => work.busy,
  } as unknown as ReturnType<typeof service.theService>);
  const listener = await createListener();
  server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});

afterEach(() => {
  vi.restoreAllMocks();
  server.close();
});

async function ask(path: string, body = "") {
  const startedAt = performance.now();
  const answer = await fetch(url + path, { method: "POST", body });
  return { text: await answer.text(), ms: performance.now() - startedAt };
}

test("where nothing is left to do, the answer goes out at once", async () => {
  expect(await ask("/", "hello")).toMatchObject({ text: "hello" });
});

test("the last request waits for what was begun", async () => {
  work.busy = sleep(150);
  expect((await ask("/")).ms).toBeGreaterThan(100);
});

test("but not for ever", async () => {
  work.busy = new Promise(() => undefined);
  const { ms } = await ask("/");
  expect(ms).toBeGreaterThan(500);
  expect(ms).toBeLessThan(5000);
});

test("while another request is open, nobody waits: the processor is there anyway", async () => {
  work.busy = new Promise(() => undefined);
  const other = ask("/slow");
  await sleep(50);
  expect((await ask("/")).ms).toBeLessThan(500);
  slow.resolve();
  await other;
});

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerCalls } from "./remote.ts";

/**
 * The owner's systems, in a process of their own: every path is one. `/hanging` takes what it is sent and never answers;
 * the others say 204 at once.
 */

const LONGEST_MS = 30 * 60_000;
/** The ids that came, by path; how many came in all. */
const heard = new Map<string, { readonly ids: Set<string>; times: number }>();
let waiting: { readonly paths: readonly string[]; readonly count: number; resolve(): void }[] = [];

function receive(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? "";
  const inbox = heard.get(path) ?? { ids: new Set(), times: 0 };
  heard.set(path, inbox);
  inbox.ids.add(String(request.headers["webhook-id"]));
  inbox.times += 1;
  request.resume();
  if (path !== "/hanging") request.once("end", () => response.writeHead(204).end());
  for (const each of waiting.filter(isReached)) each.resolve();
  waiting = waiting.filter((each) => !isReached(each));
}

function isReached({ paths, count }: { readonly paths: readonly string[]; readonly count: number }): boolean {
  return paths.every((path) => (heard.get(path)?.ids.size ?? 0) >= count);
}

/** Resolves when each of these has heard of so many events. */
function reach(paths: readonly string[], count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new Error(`only ${paths.map((path) => heard.get(path)?.ids.size ?? 0).join(", ")} came`));
    const timer = setTimeout(late, LONGEST_MS);
    const one = { paths, count, resolve: () => resolve(clearTimeout(timer)) };
    if (isReached(one)) one.resolve();
    else waiting.push(one);
  });
}

const server = createServer(receive);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

const methods = {
  url: (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
  reach,
  /** How often each was asked. */
  times: () => Object.fromEntries([...heard].map(([path, { times }]) => [path, times])),
};
export type ReceiverMethods = typeof methods;

answerCalls(methods);

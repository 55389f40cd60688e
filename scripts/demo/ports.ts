import { createServer } from "node:net";

/** @returns The port wanted where it is free on the loopback interface, else 0: any that is. */
export async function portOrAny(name: string, wanted: number): Promise<number> {
  if (wanted === 0 || (await isFree(wanted))) return wanted;
  console.log(`  Port ${wanted} (${name}) is taken by another program: a free one is used instead.`);
  return 0;
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  return promise;
}

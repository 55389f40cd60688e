import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ReceiverOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Somebody who gets webhooks, on loopback. `answer` need not end. */
export async function startReceiver(
  answer: (response: ServerResponse, received: Received) => void,
  { tls }: ReceiverOptions = {},
) {
  const received: Received[] = [];
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on("request", async (request, response) => {
    const body = (await request.toArray()).join("");
    const one = { path: request.url ?? "", headers: request.headers, body };
    received.push(one);
    answer(response, one);
  });
  const { port, connections, [Symbol.asyncDispose]: close } = await listen(server);
  return {
    url: `${tls === undefined ? "http" : "https"}://localhost:${port}/hook`,
    port,
    received,
    /** How many were ever made to it. */
    connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await close();
    },
  };
}

/** Somebody below HTTP. */
export async function startSocket(onConnection: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createSocketServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  const { port, [Symbol.asyncDispose]: close } = await listen(server);
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await close();
    },
  };
}

/** A free port of loopback, with whoever listens there. */
async function listen(server: Server) {
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

import { connect, type Socket } from "node:net";

/**
 * A light client: bytes made beforehand over kept sockets, and of the answer only status and length are read. It shares
 * two cores with what it measures, so it must cost next to nothing.
 */

export interface Shot {
  readonly path: string;
  readonly bearer: string;
  readonly body: string;
}

export interface Volley {
  readonly ms: number;
  /** Of each request, in ms. */
  readonly latencies: readonly number[];
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Line {
  send(request: Buffer): Promise<Answer>;
  close(): void;
}

function bytesOf({ path, bearer, body }: Shot): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Authorization: Bearer ${bearer}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Fires all shots, `concurrency` at a time, each as soon as one before it is answered. */
export async function fire(port: number, shots: readonly Shot[], concurrency: number): Promise<Volley> {
  const requests = shots.map(bytesOf);
  const lines = await Promise.all(Array.from({ length: concurrency }, () => open(port)));
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let next = 0;
  const work = async (line: Line) => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const sentAt = performance.now();
      const { status } = await line.send(request);
      latencies.push(performance.now() - sentAt);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(lines.map(work));
  const ms = performance.now() - startedAt;
  for (const line of lines) line.close();
  return { ms, latencies, statuses };
}

/** One request on a connection of its own. */
export async function ask(port: number, shot: Shot): Promise<Answer> {
  const line = await open(port);
  const answer = await line.send(bytesOf(shot));
  line.close();
  return answer;
}

async function open(port: number): Promise<Line> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return { send: sender(socket), close: () => socket.destroy() };
}

function sender(socket: Socket): Line["send"] {
  let waiting: PromiseWithResolvers<Answer> | null = null;
  let text = "";
  const fail = (why: string) => () => waiting?.reject(new Error(why));
  socket.setEncoding("latin1");
  socket.on("error", fail("the connection broke")).on("close", fail("the connection was closed"));
  socket.on("data", (chunk) => {
    text += String(chunk);
    const answer = read(text);
    if (answer === null) return;
    text = "";
    waiting?.resolve(answer);
  });
  return (request) => {
    waiting = Promise.withResolvers<Answer>();
    socket.write(request);
    return waiting.promise;
  };
}

/** Null until all of it is there. */
function read(text: string): Answer | null {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const head = text.slice(0, end);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined && status !== 204) throw new Error("an answer without a length");
  const body = text.slice(end + 4);
  return body.length < Number(length ?? 0) ? null : { status, body };
}

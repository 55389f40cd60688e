import { createSocket } from "node:dgram";
import { once } from "node:events";
import ipaddr from "ipaddr.js";

/** What a name resolves to when it is asked for the `ask`th time (from 1), of either kind; null: no answer ever comes. */
export type Zone = (name: string, ask: number) => readonly string[] | null;

const A = 1;
const AAAA = 28;
const NAME_ERROR = 3;

/** A real DNS server on loopback, of one question a message. What has no address doesn't exist. */
export async function startDns(zone: Zone) {
  const asks = new Map<string, number>();
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, end } = readQuestion(query);
    const ask = (asks.get(`${name} ${type}`) ?? 0) + 1;
    asks.set(`${name} ${type}`, ask);
    const addresses = zone(name, ask);
    if (addresses === null) return;
    const records = addresses.map((text) => ipaddr.parse(text)).filter((ip) => typeOf(ip) === type);
    const known = addresses.length > 0;
    socket.send(answer(query.subarray(0, end), known, records.map(encode)), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    server: `127.0.0.1:${socket.address().port}`,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answer(question: Buffer, known: boolean, records: readonly Buffer[]): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | (known ? 0 : NAME_ERROR), 2);
  for (const [index, count] of [1, records.length, 0, 0].entries()) head.writeUInt16BE(count, 4 + 2 * index);
  return Buffer.concat([head, ...records]);
}

/** Of the name asked for (a pointer to it), class IN, to be kept for no time. */
function encode(ip: ipaddr.IPv4 | ipaddr.IPv6): Buffer {
  const bytes = ip.toByteArray();
  return Buffer.from([0xc0, 12, 0, typeOf(ip), 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes]);
}

function typeOf(ip: ipaddr.IPv4 | ipaddr.IPv6): number {
  return ip.kind() === "ipv4" ? A : AAAA;
}

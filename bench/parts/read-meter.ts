import type { EventEmitter } from "node:events";
import { Firestore } from "@google-cloud/firestore";

type Emit = EventEmitter["emit"];
type Send = (this: unknown, method: string, ...rest: unknown[]) => Promise<EventEmitter>;

/**
 * Documents read, as Google bills them: each asked for by name, each that a query brings, and one for a query that brings
 * none. Looks over the client's shoulder: call it before the first Firestore is made.
 *
 * @returns How many were read while something ran.
 */
export function meterReads(): (run: () => Promise<unknown>) => Promise<number> {
  let reads = 0;
  const inside = Firestore.prototype as unknown as { requestStream: Send };
  const { requestStream } = inside;
  inside.requestStream = async function (method, ...rest) {
    const stream = await requestStream.call(this, method, ...rest);
    if (method === "batchGetDocuments") {
      reads += (rest[1] as { documents?: readonly unknown[] }).documents?.length ?? 0;
    } else {
      stream.emit = watched(stream.emit, (count) => {
        reads += count;
      });
    }
    return stream;
  };
  return async (run) => {
    const before = reads;
    await run();
    return reads - before;
  };
}

function watched(emit: Emit, read: (count: number) => void): Emit {
  let brought = 0;
  return function (this: EventEmitter, event, ...args) {
    const document = event === "data" && (args[0] as { document?: unknown } | null)?.document != null;
    if (document) brought += 1;
    if (document) read(1);
    if (event === "end" && brought === 0) read(1);
    return emit.call(this, event, ...args);
  };
}

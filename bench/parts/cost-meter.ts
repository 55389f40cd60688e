import type { EventEmitter } from "node:events";
import { Firestore } from "@google-cloud/firestore";

/** Documents as Google bills them. */
export interface Billed {
  /** Each asked for by name, there or not; each that a query brings; one for a query that brings none. */
  readonly reads: number;
  readonly writes: number;
  readonly deletes: number;
}

type Emit = EventEmitter["emit"];
type Stream = (this: unknown, method: string, ...rest: unknown[]) => Promise<EventEmitter>;
type Send = (this: unknown, method: string, ...rest: unknown[]) => Promise<unknown>;
/** Through these two goes every call of the client; they are not in its types. */
type Insides = { request: Send; requestStream: Stream };

interface Count {
  reads: number;
  writes: number;
  deletes: number;
}

/**
 * Counts what all Firestore clients of this process read and write, over their shoulder. A commit that was refused is not
 * counted.
 *
 * @returns What was used so far.
 */
export function meterBilled(): () => Billed {
  const used: Count = { reads: 0, writes: 0, deletes: 0 };
  const inside = Firestore.prototype as unknown as Insides;
  const { request, requestStream } = inside;
  inside.request = async function (method, ...rest) {
    const answer = await request.call(this, method, ...rest);
    const { writes = [] } = rest[0] as { writes?: readonly object[] };
    for (const write of writes) used["delete" in write ? "deletes" : "writes"] += 1;
    return answer;
  };
  inside.requestStream = async function (method, ...rest) {
    const stream = await requestStream.call(this, method, ...rest);
    if (method === "batchGetDocuments") {
      used.reads += (rest[1] as { documents?: readonly unknown[] }).documents?.length ?? 0;
    } else {
      stream.emit = countingReads(stream.emit, used);
    }
    return stream;
  };
  return () => ({ ...used });
}

function countingReads(emit: Emit, used: Count): Emit {
  let brought = 0;
  return function (this: EventEmitter, event, ...args) {
    if (event === "data" && (args[0] as { document?: unknown } | null)?.document != null) {
      brought += 1;
      used.reads += 1;
    }
    if (event === "end" && brought === 0) used.reads += 1;
    return emit.call(this, event, ...args);
  };
}

import { type DocumentReference, Firestore, WriteBatch } from "@google-cloud/firestore";

/** What the process asked of Firestore, counted where the client hands a call over to gRPC. */
export interface FirestoreUse {
  rpcs: number;
  queries: number;
  documentsRead: number;
  documentsWritten: number;
}

/** One write of a batch, as the service asked for it. */
export interface Op {
  readonly kind: "create" | "set" | "update" | "delete";
  readonly path: string;
  readonly rest: readonly unknown[];
}

export interface FirestoreMeter {
  use(): FirestoreUse;
  reset(): void;
  /** The first batch committed, and the documents asked for before it, while `run` ran. */
  record(run: () => Promise<unknown>): Promise<{ batch: readonly Op[]; documentsRead: number }>;
}

interface GrpcRequest {
  readonly documents?: readonly unknown[];
  readonly writes?: readonly unknown[];
}
type Send = (method: string, ...rest: unknown[]) => unknown;
/** Through these two goes every call of the client; they are not in its types. */
type Insides = { request: Send; requestStream: Send };

const NOTHING: FirestoreUse = { rpcs: 0, queries: 0, documentsRead: 0, documentsWritten: 0 };
const KINDS = ["create", "set", "update", "delete"] as const;

/** Looks over the client's shoulder, in the bench alone: call it before the first Firestore is made. */
export function meterFirestore(): FirestoreMeter {
  const used: FirestoreUse = { ...NOTHING };
  const inside = Firestore.prototype as unknown as Insides;
  const { request, requestStream } = inside;
  inside.request = function (this: Insides, method, ...rest) {
    used.rpcs += 1;
    used.documentsWritten += (rest[0] as GrpcRequest).writes?.length ?? 0;
    return request.call(this, method, ...rest);
  };
  inside.requestStream = function (this: Insides, method, ...rest) {
    used.rpcs += 1;
    if (method !== "batchGetDocuments") used.queries += 1;
    used.documentsRead += (rest[1] as GrpcRequest).documents?.length ?? 0;
    return requestStream.call(this, method, ...rest);
  };
  const reset = () => void Object.assign(used, NOTHING);
  return {
    use: () => ({ ...used }),
    reset,
    async record(run) {
      reset();
      const tape = tapeBatches();
      try {
        const running = run();
        const batch = await tape.first;
        const { documentsRead } = used;
        await running;
        return { batch, documentsRead };
      } finally {
        tape.stop();
      }
    },
  };
}

type Write = (ref: DocumentReference, ...rest: unknown[]) => WriteBatch;

function tapeBatches() {
  const first = Promise.withResolvers<readonly Op[]>();
  const ops = new WeakMap<WriteBatch, Op[]>();
  const methods = WriteBatch.prototype as unknown as Record<Op["kind"], Write> & { commit: () => unknown };
  const before = {
    ...Object.fromEntries(KINDS.map((kind) => [kind, methods[kind]])),
    commit: methods.commit,
  };
  for (const kind of KINDS) {
    const original = methods[kind];
    methods[kind] = function (this: WriteBatch, ref, ...rest) {
      ops.set(this, [...(ops.get(this) ?? []), { kind, path: ref.path, rest }]);
      return original.call(this, ref, ...rest);
    };
  }
  methods.commit = function (this: WriteBatch, ...rest: []) {
    first.resolve(ops.get(this) ?? []);
    return before.commit.call(this, ...rest);
  };
  return { first: first.promise, stop: () => void Object.assign(methods, before) };
}

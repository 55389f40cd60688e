import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Firestore } from "@google-cloud/firestore";
import { indexText, isServed, readIndexFile } from "./indexes.ts";
import { needOf, type StructuredQuery } from "./need.ts";

/**
 * The emulator answers every query, Firestore only those that have an index. As a setup file of tests on the emulator
 * this makes it as strict: a query that firestore.indexes.json doesn't serve fails as it would in production. Where
 * `QUERY_LOG_DIR` names a folder, what was asked is put down there, for `unusedIndexes` to look at after the run.
 */

const FAILED_PRECONDITION = 9;

interface Request {
  readonly structuredQuery?: StructuredQuery;
  readonly structuredAggregationQuery?: {
    readonly structuredQuery: StructuredQuery;
    readonly aggregations: readonly { readonly count?: unknown }[];
  };
  readonly addTarget?: { readonly query?: { readonly structuredQuery: StructuredQuery } };
}

/** Where all that is streamed goes through in Google's client: queries, counts, listeners, reads by name. */
interface Streaming {
  requestStream(method: string, bidirectional: boolean, request: Request, tag: string): Promise<unknown>;
}

const file = readIndexFile();
const seen = new Set<string>();
const logName = `${process.pid}-${randomUUID()}.jsonl`;

/** @throws Error with Firestore's code where no index serves the query, and for what nobody has thought about. */
function check(method: string, request: Request): void {
  const query = queryOf(method, request);
  if (query === null) return;
  const need = needOf(query);
  note(JSON.stringify(need));
  if (isServed(need, file)) return;
  const message = `${FAILED_PRECONDITION} FAILED_PRECONDITION: The query requires an index: ${indexText(need)}`;
  // Whoever hides the message of a failed call must not hide this.
  process.stderr.write(`${message}\n`);
  throw Object.assign(new Error(message), { code: FAILED_PRECONDITION });
}

function queryOf(method: string, request: Request): StructuredQuery | null {
  switch (method) {
    case "batchGetDocuments":
      return null;
    case "runQuery":
      return request.structuredQuery ?? null;
    case "listen":
      return request.addTarget?.query?.structuredQuery ?? null;
    case "runAggregationQuery": {
      const { structuredQuery, aggregations } = request.structuredAggregationQuery ?? {};
      if (structuredQuery !== undefined && aggregations?.every(({ count }) => count !== undefined))
        return structuredQuery;
    }
  }
  throw new Error(`Which index does ${method} need? Nobody has thought about it.`);
}

function note(line: string): void {
  const folder = process.env.QUERY_LOG_DIR;
  if (!folder || seen.has(line)) return;
  seen.add(line);
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, logName), `${line}\n`);
}

const WATCHED = Symbol.for("playgrant.queries-watched");
const client = Firestore.prototype as unknown as Streaming & { [WATCHED]?: true };
if (client[WATCHED] === undefined) {
  client[WATCHED] = true;
  const { requestStream } = client;
  client.requestStream = async function (this: Streaming, method, bidirectional, request, tag) {
    check(method, request);
    return requestStream.call(this, method, bidirectional, request, tag);
  };
}

import { AppError } from "../../domain/errors.ts";

/** gRPC codes, which @google-cloud/firestore 9 gives over gRPC and REST alike. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const FAILED_PRECONDITION = 9;
const ABORTED = 10;

/** A document was not as expected, or somebody else was at it: read again, decide again. */
const CONFLICTS: ReadonlySet<number> = new Set([NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED]);

export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error));
}

export function isAlreadyThere(error: unknown): boolean {
  return codeOf(error) === ALREADY_EXISTS;
}

/** Google's client goes on trying for most of a minute where nothing answers: nobody who asks us waits for that long. */
const LONGEST_WAIT_MS = 15_000;

/**
 * Runs a call to Firestore; its failures become ours. A write that took too long may still be made: everything may happen
 * twice, so the caller comes again.
 *
 * @throws AppError `store_unavailable`, retryable.
 */
export async function guarded<T>(call: () => Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("firestore gave no answer")), LONGEST_WAIT_MS);
  try {
    return await Promise.race([call(), tooLate]);
  } catch (error) {
    throw unavailable(error);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // Firestore's own message may quote the data of a document: only its code goes on.
  const cause =
    error instanceof TypeError || codeOf(error) === -1 ? error : new Error(`firestore code ${codeOf(error)}`);
  return new AppError("store_unavailable", "The database can't be reached. Try again in a moment.", {
    retryable: true,
    cause,
  });
}

function codeOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "number" ? code : -1;
}

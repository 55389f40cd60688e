import type { DocumentReference, DocumentSnapshot, Firestore, WriteBatch } from "@google-cloud/firestore";
import { AppError } from "../../domain/errors.ts";
import { guarded, isAlreadyThere, isConflict } from "./errors.ts";

/** @returns null when a document was not as expected. @throws AppError as {@link guarded}. */
export function writeIfSame<T>(write: () => Promise<T>): Promise<T | null> {
  return guarded(async () => {
    try {
      return await write();
    } catch (error) {
      if (isConflict(error)) return null;
      throw error;
    }
  });
}

/** Creates what stays as it is where it is there already. @throws AppError as {@link guarded}. */
export function unlessThere(create: () => Promise<unknown>): Promise<void> {
  return guarded(async () => {
    try {
      await create();
    } catch (error) {
      if (!isAlreadyThere(error)) throw error;
    }
  });
}

/** Fits a write to what was read: it fails where anybody was faster. */
export function sameAs(snapshot: DocumentSnapshot) {
  return snapshot.updateTime === undefined ? {} : { lastUpdateTime: snapshot.updateTime };
}

/** Writes fields of a document, or the document if there was none. @returns Whether nobody was faster. */
export async function putIfSame(snapshot: DocumentSnapshot, data: object): Promise<boolean> {
  const { ref } = snapshot;
  const written = await writeIfSame(() =>
    snapshot.exists ? ref.update({ ...data }, sameAs(snapshot)) : ref.create(data),
  );
  return written !== null;
}

/** Of few writers, all but one lose at each try: more are not to be expected at a mark or a desk. */
const MAX_TRIES = 12;

/**
 * Reads, decides and writes again until nobody was faster.
 *
 * @param step Null when somebody was.
 * @throws AppError `store_unavailable`, retryable.
 */
export async function untilWon<T>(step: () => Promise<{ readonly value: T } | null>): Promise<T> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const won = await step();
    if (won !== null) return won.value;
  }
  throw new AppError("store_unavailable", "Too many changes at once. Try again in a moment.", {
    retryable: true,
  });
}

interface Change<T> {
  readonly ref: DocumentReference;
  read(snapshot: DocumentSnapshot): T;
  /** Pure; may be called again. The same object: nothing is written. */
  change(value: T): T;
  write(value: T): object;
  /** Adds what belongs into the same commit. */
  also(batch: WriteBatch): void;
}

/** @returns How it stands then. Null: there is none. @throws AppError as {@link untilWon}. */
export function changeDocument<T>(db: Firestore, { ref, ...how }: Change<T>): Promise<T | null> {
  return untilWon(async () => {
    const snapshot = await guarded(() => ref.get());
    if (!snapshot.exists) return { value: null };
    const before = how.read(snapshot);
    const after = how.change(before);
    if (after === before) return { value: before };
    const batch = db.batch();
    batch.update(ref, { ...how.write(after) }, sameAs(snapshot));
    how.also(batch);
    return (await writeIfSame(() => batch.commit())) === null ? null : { value: after };
  });
}

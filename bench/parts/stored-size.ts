import { type DocumentReference, Firestore, Timestamp } from "@google-cloud/firestore";

export interface Stored {
  readonly documents: number;
  readonly bytes: number;
}

/** All that lies in a database, by collection, in bytes as Google counts a document without its index entries. */
export async function storedIn(projectId: string): Promise<Readonly<Record<string, Stored>>> {
  const db = new Firestore({ projectId });
  const found: Record<string, Stored> = {};
  const look = async (parent: Firestore | DocumentReference): Promise<void> => {
    for (const collection of await parent.listCollections()) {
      for (const ref of await collection.listDocuments()) {
        const { documents, bytes } = found[collection.id] ?? { documents: 0, bytes: 0 };
        const snapshot = await ref.get();
        if (snapshot.exists) {
          const size = documentSize(ref.path, snapshot.data() ?? {});
          found[collection.id] = { documents: documents + 1, bytes: bytes + size };
        }
        await look(ref);
      }
    }
  };
  await look(db);
  await db.terminate();
  return found;
}

/** The rules of Firestore's page on storage size: each string a byte more than its UTF-8, 16 for a name, 32 for a document. */
function documentSize(path: string, data: object): number {
  const name = path.split("/").reduce((size, part) => size + textSize(part), 16);
  return name + 32 + mapSize(data);
}

function mapSize(data: object): number {
  return Object.entries(data).reduce((size, [name, value]) => size + textSize(name) + valueSize(value), 0);
}

function textSize(text: string): number {
  return Buffer.byteLength(text) + 1;
}

function valueSize(value: unknown): number {
  if (value === null || typeof value === "boolean") return 1;
  if (typeof value === "string") return textSize(value);
  if (typeof value === "number" || value instanceof Timestamp) return 8;
  if (Array.isArray(value)) return value.reduce((size: number, one) => size + valueSize(one), 0);
  return typeof value === "object" ? mapSize(value) : 0;
}

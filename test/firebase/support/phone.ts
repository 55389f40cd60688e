import { deleteApp, initializeApp } from "firebase/app";
import {
  connectAuthEmulator,
  GoogleAuthProvider,
  getAuth,
  inMemoryPersistence,
  signInWithCredential,
} from "firebase/auth";
import {
  collection,
  connectFirestoreEmulator,
  type DocumentData,
  doc,
  getDoc,
  getFirestore,
  onSnapshot,
  type Unsubscribe,
} from "firebase/firestore";
import type { Firebase } from "./firebase.ts";

/** A customer's phone: the app, with Firebase's client SDK and nothing else of Google's or ours. */
export interface Phone {
  readonly uid: string;
  /** What it signs in with at the API. */
  authorization(): Promise<string>;
  /** Calls the API as the signed-in user. */
  call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }>;
  /** Reads a document once, through the rules. @throws FirebaseError `permission-denied` */
  read(path: string): Promise<DocumentData | undefined>;
  /** Listens to a document. @returns What it is, as it happens, once the first word has come. */
  watch(path: string): Promise<Live<DocumentData | undefined>>;
  /** Listens to a collection, in the same way. */
  watchAll(path: string): Promise<Live<readonly DocumentData[]>>;
  close(): Promise<void>;
}

export interface Live<T> {
  /** The newest word. @throws FirebaseError where the listener was refused. */
  now(): T;
}

/** Installs the app and signs in with Google: the Auth emulator believes what stands in the credential. */
export async function openPhone({ hosts }: Firebase, projectId: string, name: string): Promise<Phone> {
  const app = initializeApp({ projectId, apiKey: "any" }, name);
  const auth = getAuth(app);
  connectAuthEmulator(auth, `http://${hosts.auth}`, { disableWarnings: true });
  await auth.setPersistence(inMemoryPersistence);
  const google = JSON.stringify({ sub: name, email: `${name}@example.com`, email_verified: true });
  const { user } = await signInWithCredential(auth, GoogleAuthProvider.credential(google));
  const db = getFirestore(app);
  const [host = "", port] = hosts.firestore.split(":");
  connectFirestoreEmulator(db, host, Number(port));
  const listeners: Unsubscribe[] = [];
  const authorization = async () => `Bearer ${await user.getIdToken()}`;
  const api = `http://${hosts.functions}/${projectId}/asia-southeast1/api`;
  return {
    uid: user.uid,
    authorization,
    call: async (method, path, body) => {
      const headers = {
        Authorization: await authorization(),
        "Content-Type": "application/json",
      };
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      const response = await fetch(api + path, init);
      return { status: response.status, body: await response.json() };
    },
    read: async (path) => (await getDoc(doc(db, path))).data(),
    watch: (path) =>
      live((next, fail) => {
        listeners.push(onSnapshot(doc(db, path), (snapshot) => next(snapshot.data()), fail));
      }),
    watchAll: (path) =>
      live((next, fail) => {
        const all = collection(db, path);
        listeners.push(onSnapshot(all, ({ docs }) => next(docs.map((each) => each.data())), fail));
      }),
    close: async () => {
      for (const unsubscribe of listeners) unsubscribe();
      await deleteApp(app);
    },
  };
}

async function live<T>(
  listen: (next: (word: T) => void, fail: (error: unknown) => void) => void,
): Promise<Live<T>> {
  const first = Promise.withResolvers<void>();
  let newest: () => T;
  const hear = (word: () => T) => {
    newest = word;
    first.resolve();
  };
  listen(
    (word) => hear(() => word),
    (error) =>
      hear(() => {
        throw error;
      }),
  );
  await first.promise;
  return { now: () => newest() };
}

import { type ChildProcess, fork } from "node:child_process";

/** Calls between the bench and its processes, over Node's own channel: an object there, the same object here. */

// biome-ignore lint/suspicious/noExplicitAny: the one type that every function's arguments fit.
type Methods = { readonly [name: string]: (...args: any[]) => unknown };

type Ask = { readonly id: number; readonly name: string; readonly args: readonly unknown[] };
type Reply = { readonly id: number; readonly value?: unknown; readonly error?: string };

export type Remote<T extends Methods> = {
  readonly [K in keyof T]: (...args: Parameters<T[K]>) => Promise<Awaited<ReturnType<T[K]>>>;
};

export interface Helper<T extends Methods> {
  readonly ask: Remote<T>;
  readonly pid: number;
  /** Ends it as a person would, so that it can write its profile. */
  stop(): Promise<void>;
}

/** In the process that answers. */
export function answerCalls(methods: Methods): void {
  process.on("message", async ({ id, name, args }: Ask) => {
    const reply = (rest: Omit<Reply, "id">) => process.send?.({ id, ...rest });
    try {
      reply({ value: await methods[name]?.(...args) });
    } catch (error) {
      reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ id: 0 });
}

export interface HelperOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
}

/** Starts a file of the bench as a process of its own; its log goes to /dev/null, its complaints to ours. */
export async function startHelper<T extends Methods>(file: URL, options: HelperOptions): Promise<Helper<T>> {
  const child = fork(file, {
    execArgv: [...(options.execArgv ?? [])],
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const { ask, ready } = channel<T>(child);
  await ready;
  const { pid = 0 } = child;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    if (child.connected) child.disconnect();
    await gone;
  };
  return { ask, pid, stop };
}

function channel<T extends Methods>(child: ChildProcess): { ask: Remote<T>; ready: Promise<unknown> } {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  const ready = Promise.withResolvers<unknown>();
  open.set(0, ready);
  child.on("message", ({ id, value, error }: Reply) => {
    const asked = open.get(id);
    open.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(error));
  });
  child.once("exit", (code) => {
    for (const asked of open.values()) asked.reject(new Error(`a process of the bench ended with ${code}`));
  });
  let last = 0;
  const call = (name: string, args: unknown[]) => {
    const asked = Promise.withResolvers<unknown>();
    last += 1;
    open.set(last, asked);
    child.send({ id: last, name, args });
    return asked.promise;
  };
  const ask = new Proxy({} as Remote<T>, {
    get:
      (_target, name) =>
      (...args: unknown[]) =>
        call(String(name), args),
  });
  return { ask, ready: ready.promise };
}

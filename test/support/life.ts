/** What befalls a process at its `at`-th call to the outside or the store, counted from 1. */
export interface Fate {
  readonly at: number;
  /**
   * `dies_before` the call goes out; `dies_after` it was carried out, unheard; `freezes_before` or `freezes_after`: it stands still
   * there until it thaws, and knows nothing of it.
   */
  readonly kind: "dies_before" | "dies_after" | "freezes_before" | "freezes_after";
}

export class ProcessDied extends Error {
  override readonly name = "ProcessDied";
}

/** The life of a process: every call to a guarded port is one of its acts, and its fate may lie in any of them. */
export class Life {
  readonly calls: string[] = [];
  struck = false;
  #fate: Fate | null;
  #thawed = Promise.withResolvers<void>();
  #stopped = Promise.withResolvers<void>();
  #frozen = false;
  #dead = false;

  constructor(fate: Fate | null) {
    this.#fate = fate;
  }

  /** What it is doing now; a thawed process that nothing else befell is alive again. */
  get state(): "alive" | "frozen" | "dead" {
    if (this.#dead) return "dead";
    return this.#frozen ? "frozen" : "alive";
  }

  /** Resolves when it dies or freezes: who waits for it waits in vain from then on. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** Something befalls it `calls` calls from now (1: the next one), in place of what would have. */
  strike(kind: Fate["kind"], calls = 1): void {
    this.#fate = { at: this.calls.length + calls, kind };
  }

  /** Dies now: none of its calls goes out any more. */
  die(): void {
    this.#dead = true;
    this.#stopped.resolve();
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#stopped = Promise.withResolvers();
    this.#thawed.resolve();
  }

  guard<T extends object>(name: string, port: T): T {
    return new Proxy(port, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) =>
          this.#act(
            `${name}.${String(property)}`,
            () => Reflect.apply(value, target, args) as Promise<unknown>,
          );
      },
    });
  }

  async #act(name: string, call: () => Promise<unknown>): Promise<unknown> {
    if (this.#dead) throw new ProcessDied("process died");
    if (this.#frozen) await this.#thawed.promise;
    this.calls.push(name);
    if (this.#fate === null || this.calls.length !== this.#fate.at) return call();
    this.struck = true;
    const { kind } = this.#fate;
    if (kind === "freezes_before") await this.#freeze();
    if (kind === "freezes_before") return call();
    if (kind === "dies_before") this.die();
    else {
      const outcome = await Promise.allSettled([call()]).then(([one]) => one);
      if (kind === "freezes_after") {
        await this.#freeze();
        if (outcome?.status === "rejected") throw outcome.reason;
        return outcome?.value;
      }
      this.die();
    }
    throw new ProcessDied("process died");
  }

  async #freeze(): Promise<void> {
    this.#frozen = true;
    this.#thawed = Promise.withResolvers();
    this.#stopped.resolve();
    await this.#thawed.promise;
  }
}

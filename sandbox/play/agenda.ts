/** What happens next to each subject, soonest first; of equal moments the one that was put first. */
export type Agenda<T> = {
  /** Replaces what was there for the subject; null: nothing is to come. */
  put(subject: T, at: number | null): void;
  nextAt(): number | null;
  /** Takes out the soonest that is due by then. */
  take(until: number): { subject: T; at: number } | null;
};

type Entry<T> = { subject: T; at: number; order: number };

/** A binary heap; an entry that was replaced stays in it and is passed over when its turn comes. */
export function createAgenda<T extends object>(): Agenda<T> {
  const heap: Entry<T>[] = [];
  const current = new Map<T, Entry<T>>();
  let order = 0;

  function first(): Entry<T> | null {
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      if (current.get(top.subject) === top) return top;
      pop(heap);
    }
    return null;
  }

  return {
    put(subject, at) {
      if (at === null) {
        current.delete(subject);
        return;
      }
      const entry = { subject, at, order: order++ };
      current.set(subject, entry);
      push(heap, entry);
    },
    nextAt: () => first()?.at ?? null,
    take(until) {
      const top = first();
      if (top === null || top.at > until) return null;
      pop(heap);
      current.delete(top.subject);
      return top;
    },
  };
}

function before<T>(a: Entry<T> | undefined, b: Entry<T> | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function swap<T>(heap: Entry<T>[], i: number, j: number): void {
  const [a, b] = [heap[i], heap[j]];
  if (a === undefined || b === undefined) return;
  heap[i] = b;
  heap[j] = a;
}

function push<T>(heap: Entry<T>[], entry: Entry<T>): void {
  heap.push(entry);
  for (let i = heap.length - 1; i > 0; ) {
    const parent = (i - 1) >> 1;
    if (before(heap[parent], heap[i])) return;
    swap(heap, i, parent);
    i = parent;
  }
}

function pop<T>(heap: Entry<T>[]): void {
  swap(heap, 0, heap.length - 1);
  heap.pop();
  for (let i = 0; ; ) {
    const left = 2 * i + 1;
    const least = before(heap[left + 1], heap[left]) ? left + 1 : left;
    if (!before(heap[least], heap[i])) return;
    swap(heap, i, least);
    i = least;
  }
}

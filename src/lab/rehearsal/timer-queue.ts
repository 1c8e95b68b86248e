export interface Timer {
  readonly dueMs: number;
  readonly wake: () => void;
}

interface Entry {
  readonly timer: Timer;
  readonly order: number;
}

/** Timers by when they are due, those due together in the order of adding; a binary heap. */
export class TimerQueue {
  readonly #heap: Entry[] = [];
  readonly #dropped = new Set<Timer>();
  #added = 0;

  add(timer: Timer): void {
    this.#heap.push({ timer, order: this.#added++ });
    this.#rise(this.#heap.length - 1);
  }

  /** A dropped timer stays in the heap until it comes up. */
  drop(timer: Timer): void {
    this.#dropped.add(timer);
  }

  /** The next timer, taken out; undefined where there is none. */
  take(): Timer | undefined {
    for (;;) {
      const timer = this.#pop();
      if (timer === undefined || !this.#dropped.delete(timer)) return timer;
    }
  }

  #pop(): Timer | undefined {
    const [first] = this.#heap;
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first.timer;
  }

  #rise(index: number): void {
    let at = index;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(index: number): void {
    let at = index;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < this.#heap.length && this.#isBefore(left, least)) least = left;
      if (right < this.#heap.length && this.#isBefore(right, least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return false;
    return x.timer.dueMs === y.timer.dueMs ? x.order < y.order : x.timer.dueMs < y.timer.dueMs;
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return;
    this.#heap[a] = y;
    this.#heap[b] = x;
  }
}

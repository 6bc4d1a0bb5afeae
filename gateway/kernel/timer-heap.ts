/** One timer of one owner, made once and set again and again: setting and stopping allocate nothing. */
export interface Timer<Owner> {
  readonly owner: Owner
  /** Timers of one moment fire in the order of rule, key, rank. */
  readonly rule: string
  readonly key: string
  readonly rank: number
  /** When it falls due, in the unit of its heap; Infinity while it is not set. */
  due: number
  /** Its place in the heap, -1 while it is not set. */
  place: number
}

export interface TimerHeap<Owner> {
  create(timer: Pick<Timer<Owner>, 'owner' | 'rule' | 'key' | 'rank'>): Timer<Owner>
  /** Sets it, wherever it stood before. Infinity stops it. */
  set(timer: Timer<Owner>, due: number): void
  stop(timer: Timer<Owner>): void
  /** The next one, without taking it. */
  peek(): Timer<Owner> | undefined
  /** When the next one falls due, or Infinity. */
  nextDue(): number
  /** Is there one that is set and of this sort? */
  some(is: (timer: Timer<Owner>) => boolean): boolean
  clear(): void
  size(): number
}

/** A binary heap that knows each timer's place, so that one that is set anew or stopped leaves nothing behind. */
export function createTimerHeap<Owner>(): TimerHeap<Owner> {
  let heap: Timer<Owner>[] = []

  function place(timer: Timer<Owner>, at: number): void {
    heap[at] = timer
    timer.place = at
  }

  function rise(from: number): void {
    const timer = heap[from]!
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(timer, heap[parent]!)) break
      place(heap[parent]!, at)
      at = parent
    }
    place(timer, at)
  }

  function sink(from: number): void {
    const timer = heap[from]!
    const count = heap.length
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, timer)) break
      place(heap[child]!, at)
      at = child
    }
    place(timer, at)
  }

  function stop(timer: Timer<Owner>): void {
    const at = timer.place
    timer.due = Infinity
    if (at < 0) return
    timer.place = -1
    const last = heap.pop()!
    if (last === timer) return
    place(last, at)
    rise(at)
    sink(last.place)
  }

  return {
    create: ({ owner, rule, key, rank }) => ({ owner, rule, key, rank, due: Infinity, place: -1 }),
    set(timer, due) {
      if (due === Infinity) return stop(timer)
      timer.due = due
      if (timer.place < 0) {
        timer.place = heap.length
        heap.push(timer)
      }
      rise(timer.place)
      sink(timer.place)
    },
    stop,
    peek: () => heap[0],
    nextDue: () => (heap.length === 0 ? Infinity : heap[0]!.due),
    some: (is) => heap.some(is),
    clear() {
      for (const timer of heap) {
        timer.place = -1
        timer.due = Infinity
      }
      heap = []
    },
    size: () => heap.length,
  }
}

function before(a: Timer<unknown>, b: Timer<unknown>): boolean {
  if (a.due !== b.due) return a.due < b.due
  return timerOrder(a, b) < 0
}

/** The order of timers that fall due together: rule, key (by code units), rank. */
export function timerOrder(a: Pick<Timer<unknown>, 'rule' | 'key' | 'rank'>, b: Pick<Timer<unknown>, 'rule' | 'key' | 'rank'>): number {
  if (a.rule !== b.rule) return a.rule < b.rule ? -1 : 1
  if (a.key !== b.key) return a.key < b.key ? -1 : 1
  return a.rank - b.rank
}

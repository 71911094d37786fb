/** Lets at most so many units be in use; waiters are served in order. */
export class Semaphore {
  private free: number;
  private readonly waiting: { readonly units: number; readonly go: () => void }[] = [];

  constructor(private readonly capacity: number) {
    this.free = capacity;
  }

  /** Waits for units; more than the whole capacity counts as all of it, so that nothing waits for ever. */
  async acquire(units = 1): Promise<() => void> {
    const wanted = Math.min(units, this.capacity);
    if (this.waiting.length > 0 || this.free < wanted) {
      await new Promise<void>((go) => this.waiting.push({ units: wanted, go }));
    } else this.free -= wanted;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.free += wanted;
      this.serve();
    };
  }

  async with<T>(action: () => Promise<T>, units = 1): Promise<T> {
    const release = await this.acquire(units);
    try {
      return await action();
    } finally {
      release();
    }
  }

  private serve(): void {
    for (let next = this.waiting[0]; next && next.units <= this.free; next = this.waiting[0]) {
      this.waiting.shift();
      this.free -= next.units;
      next.go();
    }
  }
}

/** Buffers for reading, bounded in bytes together and used again, since fresh pages cost more than the copy into them. */
export class BufferPool {
  private readonly bytes: Semaphore;
  private idle: Buffer[] = [];
  private used = 0;

  constructor(
    capacityBytes: number,
    /** Size of the buffers that are kept. */
    private readonly keptBytes: number,
  ) {
    this.bytes = new Semaphore(capacityBytes);
  }

  /** Waits for a buffer of at least `size` bytes; its content is whatever was there before. */
  async acquire(size: number): Promise<{ readonly buffer: Buffer; readonly release: () => void }> {
    const kept = size > this.keptBytes / 4 && size <= this.keptBytes;
    const free = await this.bytes.acquire(kept ? this.keptBytes : size);
    const buffer =
      (kept ? this.idle.pop() : undefined) ?? Buffer.allocUnsafeSlow(kept ? this.keptBytes : size);
    this.used++;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      if (kept) this.idle.push(buffer);
      // Between transfers the memory is needed for reading back.
      if (--this.used === 0) this.idle = [];
      free();
    };
    return { buffer, release };
  }
}

/** Runs an action for each item, at most `limit` at a time; after the first failure none is begun, all begun are awaited, and it is thrown. */
export async function forEachLimit<T>(
  items: readonly T[],
  limit: number,
  action: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length && failures.length === 0; at = next++) {
      try {
        await action(items[at] as T, at);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
}

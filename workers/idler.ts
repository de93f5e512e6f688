/** Waits between a loop's turns, holding one timer and one waker however many turns there are; `stop` ends the wait at once and for good. */
export class Idler {
  private wake: (() => void) | undefined;
  private isStopped = false;

  constructor(private readonly sleep: (done: () => void) => () => void) {}

  get stopped(): boolean {
    return this.isStopped;
  }

  turn(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.sleep(() => {
        this.wake = undefined;
        resolve();
      });
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }

  stop(): void {
    this.isStopped = true;
    this.wake?.();
    this.wake = undefined;
  }
}

/** An idler that waits by the wall clock. */
export function idlerOf(ms: number): Idler {
  return new Idler((done) => {
    const timer = setTimeout(done, ms);
    return () => {
      clearTimeout(timer);
    };
  });
}

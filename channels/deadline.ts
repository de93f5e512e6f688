/**
 * A signal that aborts when its time is up (TimeoutError) or when the caller's signal does. Held by its own
 * timer until `end()`: `AbortSignal.any` with `AbortSignal.timeout` loses the timeout when memory is collected
 * while the call is under way (nodejs/node#57736), and a call to a channel would then hang.
 */
export class Deadline {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly caller: AbortSignal,
    ms: number,
  ) {
    if (caller.aborted) this.giveUp();
    else caller.addEventListener('abort', this.giveUp, { once: true });
    this.moveTo(ms);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** From now on it has `ms` milliseconds. */
  moveTo(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.controller.abort(new DOMException('no answer in time', 'TimeoutError'));
    }, ms);
  }

  end(): void {
    clearTimeout(this.timer);
    this.caller.removeEventListener('abort', this.giveUp);
  }

  private readonly giveUp = (): void => {
    this.controller.abort(this.caller.reason);
  };
}
